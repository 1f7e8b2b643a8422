#include "poise/infer/detector.h"

#include <algorithm>
#include <array>

#include "poise/graph/graph.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

/// The part of the box inside the picture, empty where there is none.
Box inside(const Box& box, Size image) {
  const float left = std::clamp(box.x, 0.0F, static_cast<float>(image.width));
  const float top = std::clamp(box.y, 0.0F, static_cast<float>(image.height));
  const float right = std::clamp(box.x + box.width, left, static_cast<float>(image.width));
  const float bottom = std::clamp(box.y + box.height, top, static_cast<float>(image.height));
  return {left, top, right - left, bottom - top};
}

/// Whether the network says what the card's family says, of the classes that the card names; from shapes alone, so that
/// it is known before the first picture.
Status check_outputs(const Graph& graph, const DetectionFamily& family, const DetectorCard& card) {
  const Size size = card.letterbox.size;
  POISE_TRY(const auto infos, infer_shapes(graph, std::array{Shape{1, 3, size.height, size.width}}));
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs) outputs.emplace_back(infos.at(id).shape);
  POISE_TRY(const int classes, family.classes(outputs, card.head));
  const auto named = static_cast<int>(card.classes.size());
  if (named > 0 && named != classes) {
    return invalid_argument("the network tells " + std::to_string(classes) + " classes apart, its card names " +
                            std::to_string(named) +
                            ": correct \"classes\" in MODEL.card.json, or the .names of a darknet network");
  }
  if (card.person < classes) return {};
  return invalid_argument("the network tells " + std::to_string(classes) + " classes apart, and its card says that " +
                          "class " + std::to_string(card.person) +
                          ", counted from 0, is the person: correct \"person\" in MODEL.card.json");
}

}  // namespace

struct Detector::State {
  DetectorCard card;
  const DetectionFamily* family = nullptr;
  std::string hash;
  std::unique_ptr<Runner> network;
  int threads = 1;
  Precision precision = Precision::kFloat32;
  Tensor input;  // kept from call to call, as all below: steady work asks for no memory
  std::vector<Tensor> outputs;
};

Result<Detector> Detector::create(NetworkFile model, const DetectorOptions& options,
                                  const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  auto size = picture_input(model.graph, "a detector");
  if (!size.ok()) return named(size.error());
  const std::int64_t batch = model.graph.values.at(model.graph.inputs[0]).shape[0];
  if (batch > 1) return named(unsupported("the network takes " + std::to_string(batch) + " pictures at a time, not 1"));
  auto layers = gather_detector_card(file, model.metadata, model.hash, options.card, *size);
  if (!layers.ok()) return layers.error();
  auto card = detector_card_from_json(*layers, *size);
  if (!card.ok()) return named(card.error());
  const DetectionFamily* family = find_detection_family(card->family);
  const Status fits = check_outputs(model.graph, *family, *card);
  if (!fits.ok()) return named(fits.error());
  auto made = make_runner(std::move(model.graph), options.run, card->precision);
  if (!made.ok()) return named(made.error());
  auto state = std::make_unique<State>();
  state->card = std::move(*card);
  state->card.head.threshold = options.threshold.value_or(state->card.head.threshold);
  state->card.nms = options.nms.value_or(state->card.nms);
  state->family = family;
  state->hash = std::move(model.hash);
  state->network = std::move(made->runner);
  state->threads = made->threads;
  state->precision = made->precision;
  return Detector(std::move(state));
}

Result<Detector> Detector::load(const std::filesystem::path& model, const DetectorOptions& options) {
  POISE_TRY(NetworkFile read, read_network(model));
  return create(std::move(read), options, model);
}

Detector::Detector(std::unique_ptr<State> state) : state_(std::move(state)) {}
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;
Detector::~Detector() = default;

Result<std::vector<PersonBox>> Detector::detect(const ImageView& image) {
  State& s = *state_;
  if (image.empty()) return invalid_argument("the image is empty");
  const Size size = s.card.letterbox.size;
  if (s.input.count() == 0) s.input = Tensor(Shape{1, 3, size.height, size.width});
  write_letterbox(image, s.card.letterbox, s.card.normalisation, s.input.floats());
  const TensorView view(s.input);
  POISE_RETURN_IF_ERROR(s.network->run(std::span(&view, 1), s.outputs));
  std::vector<Detection> found;
  POISE_RETURN_IF_ERROR(s.family->decode(s.outputs, s.card.head, found));
  std::erase_if(found, [&](const Detection& detection) { return detection.label != s.card.person; });
  const Placement placement = place(image.size(), s.card.letterbox);
  std::vector<PersonBox> persons;
  for (const Detection& detection : suppress(std::move(found), s.card.nms, s.card.max_detections)) {
    const Box box = inside(image_box(detection.box, placement, image.size()), image.size());
    if (box.width > 0 && box.height > 0) persons.push_back({box, std::min(detection.score, 1.0F)});
  }
  return persons;
}

std::vector<PersonBox> Detector::operator()(const Image& image) { return detect(image.view()).value(); }

const DetectorCard& Detector::card() const { return state_->card; }
void Detector::set_threshold(float threshold) { state_->card.head.threshold = threshold; }
const std::string& Detector::model_hash() const { return state_->hash; }
Precision Detector::precision() const { return state_->precision; }
int Detector::threads() const { return state_->threads; }

std::optional<Detector> Detector::sibling(int threads) const {
  auto network = state_->network->sibling(threads);
  if (network == nullptr) return std::nullopt;
  auto state = std::make_unique<State>();
  state->card = state_->card;
  state->family = state_->family;
  state->hash = state_->hash;
  state->network = std::move(network);
  state->threads = threads > 0 ? threads : state_->threads;
  state->precision = state_->precision;
  return Detector(std::move(state));
}

}  // namespace poise
