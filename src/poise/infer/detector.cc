#include "poise/infer/detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

#include "poise/base/counted.h"
#include "poise/card/picture_input.h"
#include "poise/codec/detection.h"
#include "poise/crop/letterbox.h"
#include "poise/geometry/box.h"
#include "poise/graph/graph.h"
#include "poise/infer/picture_network.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

constexpr int kCocoClasses = 80;  // whose first is the person

/// "outputs boxes, scores".
std::string outputs_of(const Graph& graph) {
  std::string names;
  for (const ValueId id : graph.outputs) names += (names.empty() ? "" : ", ") + graph.values.at(id).name;
  return (graph.outputs.size() == 1 ? "output " : "outputs ") + names;
}

/// Whether the network says what the card's family says, of the classes that the card names; from shapes alone, so that
/// it is known before the first picture.
Status check_outputs(const Graph& graph, const DetectionFamily& family, const DetectorCard& card) {
  const Size size = card.input.size;
  POISE_TRY(const auto infos, infer_shapes(graph, std::array{Shape{1, 3, size.height, size.width}}));
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs) {
    Shape shape = infos.at(id).shape;
    if (!shape.empty() && shape[0] == -1) shape[0] = 1;                           // open: of one picture
    std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{0});  // as many as the picture shows
    outputs.emplace_back(std::move(shape), infos.at(id).type);
  }
  const auto told = family.classes(outputs, card.head);
  if (!told.ok()) return told.error().prefixed(outputs_of(graph));
  const int classes = *told;
  const auto named = static_cast<int>(card.classes.size());
  if (classes == 0) return {};  // they are numbered in the answer
  if (named > 0 && named != classes) {
    return invalid_argument("the network tells " + counted(classes, "class", "classes") + " apart, its card names " +
                            std::to_string(named) +
                            ": correct \"classes\" in MODEL.card.json, or the .names of a darknet network");
  }
  if (!card.person_is_said && classes != 1 && classes != kCocoClasses) {
    return invalid_argument(outputs_of(graph) + ", read as " + card.family + ", tells " +
                            counted(classes, "class", "classes") +
                            " apart, and nothing says which is the person: say \"classes\" or \"person\" in "
                            "MODEL.card.json, or name the family that it has");
  }
  if (card.person < classes) return {};
  return invalid_argument("the network tells " + counted(classes, "class", "classes") +
                          " apart, and its card says that " + "class " + std::to_string(card.person) +
                          ", counted from 0, is the person: correct \"person\" in MODEL.card.json");
}

bool is_finite(const Detection& d) {
  return std::isfinite(d.box.x) && std::isfinite(d.box.y) && std::isfinite(d.box.width) &&
         std::isfinite(d.box.height) && std::isfinite(d.score);
}

/// The same in the picture's pixels.
std::optional<TurnedBox> upright_in_image(const std::array<Point, 2>& body, const Placement& placement, Size image) {
  const auto in_image = [&](Point p) {
    const Box at = image_box({p.x, p.y, 0, 0}, placement, image);
    return Point{at.x, at.y};
  };
  return upright_square(in_image(body[0]), in_image(body[1]));
}

}  // namespace

std::optional<TurnedBox> upright_square(Point hips, Point edge) {
  const float dx = edge.x - hips.x, dy = edge.y - hips.y;
  const float side = 2 * std::hypot(dx, dy);
  if (!(side > 0) || !std::isfinite(side)) return std::nullopt;
  constexpr float kDegrees = 180 / std::numbers::pi_v<float>;
  return TurnedBox{{hips.x - side / 2, hips.y - side / 2, side, side}, std::atan2(dx, -dy) * kDegrees};
}

struct Detector::Model {
  DetectorCard card;
  const DetectionFamily* family = nullptr;
  std::string hash;
  Precision precision = Precision::kFloat32;
};

Result<Detector> Detector::create(NetworkFile model, const DetectorOptions& options,
                                  const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  read_planes(model.graph);
  auto size = picture_input(model.graph, "a detector");
  if (!size.ok()) return named(size.error());
  if (const Status one = takes_one_picture(model.graph); !one.ok()) return named(one.error());
  auto layers = gather_detector_card(file, model.metadata, model.hash, options.card, *size);
  if (!layers.ok()) return layers.error();
  auto card = detector_card_from_json(*layers, *size);
  if (!card.ok()) return named(card.error());
  const DetectionFamily* family = find_detection_family(card->family);
  const Status fits = check_outputs(model.graph, *family, *card);
  if (!fits.ok()) return named(fits.error());
  const std::string names = outputs_of(model.graph);
  auto made = make_runner(std::move(model.graph), options.run, card->precision);
  if (!made.ok()) return named(made.error());
  card->head.threshold = options.threshold.value_or(card->head.threshold);
  card->nms = options.nms.value_or(card->nms);
  auto shared = std::make_shared<const Model>(Model{std::move(*card), family, std::move(model.hash), made->precision});
  Detector detector(std::move(shared), std::make_unique<PictureNetwork>(std::move(made->runner), made->threads));
  // Who wrote a card into the file has seen its answers; a preset, or a card laid beside it, may be another network's.
  if (!model.metadata.contains(kCardKey)) {
    const Status answers = detector.check_answers_to_grey();
    if (!answers.ok()) return named(answers.error().prefixed(names));
  }
  return detector;
}

Status Detector::check_answers_to_grey() {
  const DetectionHead& head = model_->card.head;
  DetectionHead everything = head;
  everything.threshold = std::numeric_limits<float>::lowest();
  const Image grey = grey_picture();
  POISE_TRY(const std::vector<Detection> said, look(grey.view(), everything));
  return check_answers(said, head);
}

Result<Detector> Detector::load(const std::filesystem::path& model, const DetectorOptions& options) {
  POISE_TRY(NetworkFile read, read_network(model));
  return create(std::move(read), options, model);
}

Detector::Detector(std::shared_ptr<const Model> model, std::unique_ptr<PictureNetwork> network)
    : model_(std::move(model)), network_(std::move(network)), counts_(std::make_shared<PeopleCounts>()) {}
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;
Detector::~Detector() = default;

/// What the network says of the picture, as `head` reads it.
Result<std::vector<Detection>> Detector::look(const ImageView& image, const DetectionHead& head) {
  POISE_TRY(const std::vector<Tensor>* outputs, network_->run(image, model_->card.letterbox, model_->card.input));
  std::vector<Detection> found;
  POISE_RETURN_IF_ERROR(model_->family->decode(*outputs, head, found));
  return found;
}

Result<std::vector<PersonBox>> Detector::detect(const ImageView& image) {
  const DetectorCard& card = model_->card;
  if (image.empty()) return invalid_argument("the image is empty");
  POISE_TRY(std::vector<Detection> found, look(image, card.head));
  counts_->other_class += std::erase_if(found, [&](const Detection& d) { return d.label != card.person; });
  counts_->not_finite += std::erase_if(found, [](const Detection& d) { return !is_finite(d); });
  const Placement placement = place(image.size(), card.input.size, card.letterbox);
  const std::vector<Detection> kept = suppress(std::move(found), card.nms, card.max_detections);
  if (static_cast<int>(kept.size()) == card.max_detections) ++counts_->full_pictures;
  std::vector<PersonBox> persons;
  for (const Detection& detection : kept) {
    const Box box = inside(image_box(detection.box, placement, image.size()), image.size());
    if (box.width > 0 && box.height > 0) {
      PersonBox& person = persons.emplace_back(PersonBox{box, std::min(detection.score, 1.0F)});
      if (detection.body) person.upright = upright_in_image(*detection.body, placement, image.size());
    } else {
      ++counts_->outside;
    }
  }
  return persons;
}

std::vector<PersonBox> Detector::operator()(const Image& image) { return detect(image.view()).value(); }

const DetectorCard& Detector::card() const { return model_->card; }
const std::string& Detector::model_hash() const { return model_->hash; }
Precision Detector::precision() const { return model_->precision; }
int Detector::threads() const { return network_->threads(); }

PeopleLeftOut Detector::left_out() const { return counts_->so_far(); }

std::vector<std::string> Detector::notes() const {
  return notes_of(left_out(), "the detector", "box", "boxes", model_->card.max_detections);
}

void Detector::set_threshold(float threshold) {
  auto changed = std::make_shared<Model>(*model_);  // siblings keep theirs
  changed->card.head.threshold = threshold;
  model_ = std::move(changed);
}

std::optional<Detector> Detector::sibling(int threads) const {
  auto network = network_->sibling(threads);
  if (network == nullptr) return std::nullopt;
  Detector other(model_, std::move(network));
  other.counts_ = counts_;
  return other;
}

}  // namespace poise
