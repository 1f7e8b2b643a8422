#include "poise/infer/one_stage.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "poise/base/counted.h"
#include "poise/card/check_card.h"
#include "poise/card/picture_input.h"
#include "poise/crop/letterbox.h"
#include "poise/geometry/box.h"

namespace poise {
namespace {

bool is_finite(const FoundPerson& person) {
  const Box& box = person.found.box;
  bool finite = std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) && std::isfinite(box.height) &&
                std::isfinite(person.found.score);
  for (const Keypoint& joint : person.keypoints) {
    finite = finite && std::isfinite(joint.point.x) && std::isfinite(joint.point.y) && std::isfinite(joint.score);
  }
  return finite;
}

/// The answer's outputs alone, in its order; what else the network gives need not be computed.
void keep_answer(Graph& graph, OneStageAnswer& answer) {
  std::vector<ValueId> kept;
  for (std::size_t& index : answer.outputs) kept.push_back(graph.outputs.at(index));
  graph.outputs = std::move(kept);
}

}  // namespace

struct OneStage::Model {
  OneStageCard card;
  OneStageAnswer answer;
  std::string hash;
  Precision precision = Precision::kFloat32;
  std::string backend;
};

struct OneStage::Counts {
  std::atomic<std::size_t> other_class = 0, not_finite = 0, outside = 0, full_pictures = 0;
};

struct OneStage::State {
  State(std::unique_ptr<Runner> runner, int compute_threads) : network(std::move(runner)), threads(compute_threads) {}

  std::unique_ptr<Runner> network;
  int threads;
  Tensor input;  // kept from call to call, as below: steady work asks for no memory
  std::vector<Tensor> outputs;
};

Result<OneStage> OneStage::create(NetworkFile model, const OneStageOptions& options,
                                  const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  auto size = picture_input(model.graph, "a pose network");
  if (!size.ok()) return named(size.error());
  const std::int64_t batch = model.graph.values.at(model.graph.inputs[0]).shape[0];
  if (batch > 1) return named(unsupported("the network takes " + std::to_string(batch) + " pictures at a time, not 1"));
  auto card = one_stage_card_from_json(options.card, *size);
  if (!card.ok()) return named(card.error());
  auto answer = find_answer(model.graph, *card);
  if (!answer.ok()) return named(answer.error());
  keep_answer(model.graph, *answer);
  auto made = make_runner(std::move(model.graph), options.run, card->precision);
  if (!made.ok()) return named(made.error());
  card->threshold = options.threshold.value_or(card->threshold);
  card->nms = options.nms.value_or(card->nms);
  auto shared = std::make_shared<const Model>(
      Model{std::move(*card), std::move(*answer), std::move(model.hash), made->precision, std::move(made->backend)});
  OneStage network(std::move(shared), std::make_unique<State>(std::move(made->runner), made->threads));
  // What it says of nothing shows whether its outputs are what the card says, before the first picture.
  constexpr int kSide = 16;
  constexpr std::uint8_t kGrey = 114;
  Image grey(kSide, kSide);
  std::fill_n(grey.data(), std::size_t{3} * kSide * kSide, kGrey);
  const auto said = network.run(grey.view());
  if (!said.ok()) return named(said.error());
  return network;
}

OneStage::OneStage(std::shared_ptr<const Model> model, std::unique_ptr<State> state)
    : model_(std::move(model)), state_(std::move(state)), counts_(std::make_shared<Counts>()) {}
OneStage::OneStage(OneStage&&) noexcept = default;
OneStage& OneStage::operator=(OneStage&&) noexcept = default;
OneStage::~OneStage() = default;

Result<std::vector<FoundPerson>> OneStage::run(const ImageView& image) {
  const OneStageCard& card = model_->card;
  State& s = *state_;
  const Size size = card.input.size;
  if (s.input.count() == 0) s.input = Tensor(Shape{1, 3, size.height, size.width});
  write_letterbox(image, card.letterbox, card.input, s.input.floats());
  const TensorView view(s.input);
  POISE_RETURN_IF_ERROR(s.network->run(std::span(&view, 1), s.outputs));
  return card.codec->decode(model_->answer, s.outputs, card.threshold);
}

Result<std::vector<Pose>> OneStage::find(const ImageView& image) {
  const OneStageCard& card = model_->card;
  if (image.empty()) return invalid_argument("the image is empty");
  POISE_TRY(std::vector<FoundPerson> found, run(image));
  if (card.person) {
    counts_->other_class += std::erase_if(found, [&](const FoundPerson& f) { return f.found.label != *card.person; });
  }
  counts_->not_finite += std::erase_if(found, [](const FoundPerson& f) { return !is_finite(f); });
  const float overlap = card.codec->repeats_people(model_->answer) ? card.nms : 1.0F;
  found = suppress(std::move(found), overlap, card.max_detections);
  if (static_cast<int>(found.size()) == card.max_detections) ++counts_->full_pictures;
  const Placement placement = place(image.size(), card.input.size, card.letterbox);
  std::vector<Pose> poses;
  for (FoundPerson& person : found) {
    Pose pose;
    pose.box = inside(image_box(person.found.box, placement, image.size()), image.size());
    if (!(pose.box.width > 0 && pose.box.height > 0)) {
      ++counts_->outside;
      continue;
    }
    pose.keypoints = std::move(person.keypoints);
    for (Keypoint& joint : pose.keypoints) {
      if (joint.score == 0 && joint.point == Point{}) continue;  // nobody found it
      const Box at = image_box({joint.point.x, joint.point.y, 0, 0}, placement, image.size());
      joint.point = {at.x, at.y};
    }
    pose.box_score = pose.score = std::clamp(person.found.score, 0.0F, 1.0F);
    if (card.reported.name != card.skeleton.name) pose = derive(pose, card.reported);
    poses.push_back(std::move(pose));
  }
  return poses;
}

const OneStageCard& OneStage::card() const { return model_->card; }
const Skeleton& OneStage::skeleton() const { return model_->card.reported; }
const std::string& OneStage::model_hash() const { return model_->hash; }
Precision OneStage::precision() const { return model_->precision; }
const std::string& OneStage::backend() const { return model_->backend; }
int OneStage::threads() const { return state_->threads; }

OneStageLeftOut OneStage::left_out() const {
  return {counts_->other_class, counts_->not_finite, counts_->outside, counts_->full_pictures};
}

std::vector<std::string> OneStage::notes() const {
  const OneStageLeftOut out = left_out();
  std::vector<std::string> lines;
  if (out.not_finite > 0) {
    lines.push_back(counted(out.not_finite, "person", "people") + " of the network left out: no finite numbers");
  }
  if (out.outside > 0) {
    lines.push_back(counted(out.outside, "person", "people") +
                    " of the network left out: nothing of them lies in the picture");
  }
  if (out.full_pictures > 0) {
    lines.push_back("in " + counted(out.full_pictures, "picture") + " the network found " +
                    counted(model_->card.max_detections, "person", "people") +
                    ", which is its limit (\"max_detections\" of its card): there may be more");
  }
  return lines;
}

std::optional<OneStage> OneStage::sibling(int threads) const {
  auto network = state_->network->sibling(threads);
  if (network == nullptr) return std::nullopt;
  OneStage other(model_, std::make_unique<State>(std::move(network), threads > 0 ? threads : state_->threads));
  other.counts_ = counts_;
  return other;
}

}  // namespace poise
