#include "poise/infer/pose_finder.h"

#include "poise/models/model_store.h"
#include "poise/models/shipped.h"

namespace poise {
namespace {

Result<NamedDetector> open_detector(const PoseFinderOptions& options) {
  POISE_TRY(OpenModel model, ModelStore(options.models).open(options.detector.string(), kShippedDetector));
  POISE_TRY(Detector detector, Detector::create(std::move(model.onnx), options.detect, model.path));
  return NamedDetector{model.name, std::move(detector)};
}

Result<Estimator> open_estimator(const PoseFinderOptions& options) {
  POISE_TRY(OpenModel model, ModelStore(options.models).open(options.model.string()));
  return Estimator::create(std::move(model.onnx), options.estimate, model.path);
}

}  // namespace

Result<PoseFinder> PoseFinder::open(const PoseFinderOptions& options) {
  POISE_TRY(Estimator estimator, open_estimator(options));
  if (options.whole_picture) return PoseFinder(std::move(estimator), BoxSource(), options.doubles);
  POISE_TRY(NamedDetector detector, open_detector(options));
  return PoseFinder(std::move(estimator), BoxSource(std::move(detector)), options.doubles);
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
  std::vector<PersonBox> boxes{{whole_box(image.size())}};
  if (Detector* detector = people_.detector(); detector != nullptr) {
    POISE_TRY(boxes, detector->detect(image));
  }
  POISE_TRY(Estimate estimate, estimator_.estimate(image, boxes));
  if (people_.are_guesses()) remove_doubles(estimate, estimator_.card().crop(), estimator_.skeleton(), doubles_);
  frame.poses = std::move(estimate.poses);
  return frame;
}

Result<FrameResult> PoseFinder::find(const ImageView& image, std::span<const PersonBox> boxes) {
  FrameResult frame;
  frame.width = image.width;
  frame.height = image.height;
  frame.box_source = "given";
  POISE_TRY(Estimate estimate, estimator_.estimate(image, boxes));
  frame.poses = std::move(estimate.poses);
  return frame;
}

FrameResult PoseFinder::operator()(const Image& image) { return find(image.view()).value(); }

std::optional<PoseFinder> PoseFinder::sibling(int threads) const {
  if (people_.boxes()) return std::nullopt;
  auto estimator = estimator_.sibling(threads);
  if (!estimator) return std::nullopt;
  if (people_.is_whole_picture()) return PoseFinder(std::move(*estimator), BoxSource(), doubles_);
  const NamedDetector& named = *people_.named_detector();
  auto detector = named.detector.sibling(threads);
  if (!detector) return std::nullopt;
  return PoseFinder(std::move(*estimator), BoxSource(NamedDetector{named.name, std::move(*detector)}), doubles_);
}

Provenance provenance_of(const PoseFinder& finder, std::string model) {
  const Estimator& estimator = finder.estimator();
  const BoxSource& people = finder.people();
  Json settings = Json::Object{{"backend", estimator.backend()},
                               {"precision", std::string(name_of(estimator.precision()))},
                               {"flip_test", estimator.flip_test()},
                               {"batch", estimator.batch()},
                               {"boxes", people.name()}};
  if (people.named_detector()) settings.set("detector", to_json(*people.named_detector()));
  settings.set("pose_nms", people.are_guesses() ? name_of(finder.doubles()) : "none");
  const Json card = to_json(estimator.card());
  for (const auto& [name, value] : card.as_object()) {
    if (name != "skeleton" && name != "precision") settings.set(name, value);
  }
  return {std::move(model), estimator.model_hash(), std::move(settings)};
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
  return run_pipeline(pictures, finder.people().detector(), &finder.estimator(),
                      whole_pictures ? ReadPicture(read_whole) : read, take, options);
}

}  // namespace poise
