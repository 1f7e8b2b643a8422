#include "poise/infer/pose_finder.h"

#include "poise/card/picture_input.h"
#include "poise/card/pose_card.h"
#include "poise/models/shipped.h"

namespace poise {
namespace {

Result<NamedDetector> open_detector(const PoseFinderOptions& options) {
  POISE_TRY(OpenModel model, ModelStore(options.models).open(options.detector.string(), kShippedDetector));
  POISE_TRY(Detector detector, Detector::create(std::move(model.onnx), options.detect, model.path));
  return NamedDetector{model.name, std::move(detector)};
}

}  // namespace

Result<PoseNetwork> make_pose_network(NetworkFile model, const PoseNetworkOptions& options,
                                      const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  read_planes(model.graph);
  auto card = gather_pose_card(file, model.metadata, model.graph, options.estimate.card);
  if (!card.ok()) return card.error();
  if (!is_one_stage_card(*card)) {
    POISE_TRY(Estimator estimator, Estimator::create(std::move(model), options.estimate, file));
    return PoseNetwork(std::move(estimator));
  }
  if (options.estimate.flip_test) {
    return named(
        invalid_argument("the network finds everyone in the whole picture: a flip test is of networks that "
                         "look at one person"));
  }
  const OneStageOptions own{options.estimate.run, options.threshold, options.nms, std::move(*card)};
  POISE_TRY(OneStage network, OneStage::create(std::move(model), own, file));
  return PoseNetwork(std::move(network));
}

PoseFinder::PoseFinder(PoseNetwork network, BoxSource people, DoublesOptions doubles)
    : network_(std::move(network)), people_(std::move(people)), doubles_(doubles) {
  if (!doubles_.rule) {
    doubles_.rule = one_stage() == nullptr ? DoublesOptions::Rule::kOks : DoublesOptions::Rule::kNone;
  }
}

Result<PoseFinder> PoseFinder::open(const PoseFinderOptions& options) {
  POISE_TRY(OpenModel model, ModelStore(options.models).open(options.model.string()));
  return open(std::move(model), options);
}

Result<PoseFinder> PoseFinder::open(OpenModel model, const PoseFinderOptions& options) {
  POISE_TRY(PoseNetwork network,
            make_pose_network(std::move(model.onnx), {options.estimate, options.detect.threshold, options.detect.nms},
                              model.path));
  if (std::holds_alternative<OneStage>(network)) {
    if (!options.detector.empty()) {
      return invalid_argument(model.name + " finds everyone itself: leave out option \"detector\"");
    }
    return PoseFinder(std::move(network), BoxSource::of_network(model.name), options.doubles);
  }
  if (options.whole_picture) return PoseFinder(std::move(network), BoxSource(), options.doubles);
  POISE_TRY(NamedDetector detector, open_detector(options));
  return PoseFinder(std::move(network), BoxSource(std::move(detector)), options.doubles);
}

Result<FrameResult> PoseFinder::find(const ImageView& image) {
  if (people_.boxes()) {
    return invalid_argument("boxes from a file belong to pictures by name: give this picture's boxes, or run_pipeline");
  }
  if (image.empty()) return invalid_argument("the image is empty");
  FrameResult frame;
  frame.width = image.width;
  frame.height = image.height;
  frame.box_source = people_.name();
  Estimate estimate;
  if (OneStage* network = one_stage(); network != nullptr) {
    POISE_TRY(estimate.poses, network->find(image));
  } else {
    std::vector<PersonBox> boxes{{whole_box(image.size())}};
    if (Detector* detector = people_.detector(); detector != nullptr) {
      POISE_TRY(boxes, detector->detect(image));
    }
    POISE_TRY(estimate, estimator()->estimate(image, boxes));
  }
  if (people_.are_guesses()) remove_doubles(estimate, crop(), skeleton(), doubles_);
  frame.poses = std::move(estimate.poses);
  return frame;
}

Result<FrameResult> PoseFinder::find(const ImageView& image, std::span<const PersonBox> boxes) {
  if (one_stage() != nullptr) {
    return invalid_argument("the network finds everyone itself, and looks at no boxes: leave them out");
  }
  FrameResult frame;
  frame.width = image.width;
  frame.height = image.height;
  frame.box_source = "given";
  POISE_TRY(Estimate estimate, estimator()->estimate(image, boxes));
  frame.poses = std::move(estimate.poses);
  return frame;
}

FrameResult PoseFinder::operator()(const Image& image) { return find(image.view()).value(); }

const Skeleton& PoseFinder::skeleton() const {
  return std::visit([](const auto& network) -> const Skeleton& { return network.skeleton(); }, network_);
}
const std::string& PoseFinder::model_hash() const {
  return std::visit([](const auto& network) -> const std::string& { return network.model_hash(); }, network_);
}
const std::string& PoseFinder::backend() const {
  return std::visit([](const auto& network) -> const std::string& { return network.backend(); }, network_);
}
Precision PoseFinder::precision() const {
  return std::visit([](const auto& network) { return network.precision(); }, network_);
}
int PoseFinder::threads() const {
  return std::visit([](const auto& network) { return network.threads(); }, network_);
}
Json PoseFinder::card_json() const {
  return std::visit([](const auto& network) { return to_json(network.card()); }, network_);
}
std::optional<CropOptions> PoseFinder::crop() const {
  if (estimator() == nullptr) return std::nullopt;
  return estimator()->card().crop();
}

std::optional<PoseFinder> PoseFinder::sibling(int threads) const {
  if (people_.boxes()) return std::nullopt;
  if (const OneStage* network = one_stage(); network != nullptr) {
    auto own = network->sibling(threads);
    if (!own) return std::nullopt;
    return PoseFinder(std::move(*own), BoxSource::of_network(people_.name()), doubles_);
  }
  auto own = estimator()->sibling(threads);
  if (!own) return std::nullopt;
  if (people_.is_whole_picture()) return PoseFinder(std::move(*own), BoxSource(), doubles_);
  const NamedDetector& named = *people_.named_detector();
  auto detector = named.detector.sibling(threads);
  if (!detector) return std::nullopt;
  return PoseFinder(std::move(*own), BoxSource(NamedDetector{named.name, std::move(*detector)}), doubles_);
}

Provenance provenance_of(const PoseFinder& finder, std::string model) {
  const BoxSource& people = finder.people();
  Json settings = Json::Object{{"backend", finder.backend()},
                               {"precision", std::string(name_of(finder.precision()))},
                               {"flip_test", finder.estimator() != nullptr && finder.estimator()->flip_test()},
                               {"batch", finder.estimator() == nullptr ? 1 : finder.estimator()->batch()},
                               {"boxes", people.name()}};
  if (people.named_detector()) settings.set("detector", to_json(*people.named_detector()));
  settings.set("pose_nms", people.are_guesses() ? name_of(finder.doubles()) : "none");
  const Json card = finder.card_json();
  for (const auto& [name, value] : card.as_object()) {
    if (name != "skeleton" && name != "precision") settings.set(name, value);
  }
  return {std::move(model), finder.model_hash(), std::move(settings)};
}

PipelineCost run_pipeline(std::size_t pictures, PoseFinder& finder, const ReadPicture& read,
                          const std::function<void(std::size_t, Result<PipelineAnswer>)>& take,
                          PipelineOptions options) {
  options.doubles = finder.doubles();
  const auto read_whole = [&](std::size_t i, const AdmitPixels& admit) {
    Result<PipelinePicture> picture = read(i, admit);
    if (picture.ok() && !picture->boxes) picture->boxes = {{whole_box(picture->image.size())}};
    return picture;
  };
  const bool whole_pictures = finder.people().is_whole_picture();
  return run_pipeline(pictures, {finder.people().detector(), finder.estimator(), finder.one_stage()},
                      whole_pictures ? ReadPicture(read_whole) : read, take, options);
}

}  // namespace poise
