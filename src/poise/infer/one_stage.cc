#include "poise/infer/one_stage.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "poise/card/check_card.h"
#include "poise/card/picture_input.h"
#include "poise/crop/letterbox.h"
#include "poise/geometry/box.h"
#include "poise/infer/picture_network.h"

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

Result<OneStage> OneStage::create(NetworkFile model, const OneStageOptions& options,
                                  const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  auto size = picture_input(model.graph, "a pose network");
  if (!size.ok()) return named(size.error());
  if (const Status one = takes_one_picture(model.graph); !one.ok()) return named(one.error());
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
  OneStage network(std::move(shared), std::make_unique<PictureNetwork>(std::move(made->runner), made->threads));
  // What it says of nothing shows whether its outputs are what the card says, before the first picture.
  const Image grey = grey_picture();
  const auto said = network.run(grey.view());
  if (!said.ok()) return named(said.error());
  return network;
}

OneStage::OneStage(std::shared_ptr<const Model> model, std::unique_ptr<PictureNetwork> network)
    : model_(std::move(model)), network_(std::move(network)), counts_(std::make_shared<PeopleCounts>()) {}
OneStage::OneStage(OneStage&&) noexcept = default;
OneStage& OneStage::operator=(OneStage&&) noexcept = default;
OneStage::~OneStage() = default;

Result<std::vector<FoundPerson>> OneStage::run(const ImageView& image) {
  const OneStageCard& card = model_->card;
  POISE_TRY(const std::vector<Tensor>* outputs, network_->run(image, card.letterbox, card.input));
  return card.codec->decode(model_->answer, *outputs, card.threshold);
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
int OneStage::threads() const { return network_->threads(); }

PeopleLeftOut OneStage::left_out() const { return counts_->so_far(); }

std::vector<std::string> OneStage::notes() const {
  return notes_of(left_out(), "the network", "person", "people", model_->card.max_detections);
}

std::optional<OneStage> OneStage::sibling(int threads) const {
  auto network = network_->sibling(threads);
  if (network == nullptr) return std::nullopt;
  OneStage other(model_, std::move(network));
  other.counts_ = counts_;
  return other;
}

}  // namespace poise
