#include "people.h"

#include "model_store.h"

namespace poise::app {

namespace fs = std::filesystem;

void DetectorFlags::add_to(CLI::App& command, const std::string& group) {
  std::string presets;
  for (const std::string& name : detector_preset_names()) presets += (presets.empty() ? "" : ", ") + name;
  command.add_option("--detector", detector, "what finds the people: ONNX, darknet .weights, or a model's name")
      ->group(group)
      ->type_name("FILE");
  command.add_option("--detector-preset", preset, "how a detector without a card is fed and read: " + presets)
      ->group(group)
      ->type_name("NAME");
  command.add_option("--detect-threshold", threshold, "boxes that score less are left out")
      ->check(CLI::Range(0.0, 1.0))
      ->group(group);
  command.add_option("--nms", nms, "of two boxes that overlap more than this the better stays; 1: both")
      ->check(CLI::Range(0.0, 1.0))
      ->group(group);
}

Result<NamedDetector> open_detector(const DetectorFlags& flags, const RunnerOptions& run) {
  DetectorOptions options;
  options.run = run;
  options.threshold = flags.threshold;
  options.nms = flags.nms;
  options.card.preset = flags.preset;
  POISE_TRY(OpenModel model, flags.detector.empty() ? open_shipped(kDefaultDetector) : open_model(flags.detector));
  POISE_TRY(Detector detector, Detector::create(std::move(model.onnx), options, model.path));
  return NamedDetector{model.name, std::move(detector)};
}

Json detector_json(const NamedDetector& detector) {
  const DetectorCard& card = detector.detector.card();
  Json json = Json::object();
  json.set("file", detector.name);
  json.set("sha256", detector.detector.model_hash());
  json.set("family", card.family);
  json.set("threshold", card.head.threshold);
  json.set("nms", card.nms);
  return json;
}

Result<People> People::open(const std::string& boxes, const DetectorFlags& flags, const RunnerOptions& run) {
  People people;
  if (!boxes.empty()) {
    if (!flags.detector.empty()) return invalid_argument("--boxes says where the people are: leave out --detector");
    if (!flags.preset.empty() || flags.nms)
      return invalid_argument("--boxes: there is no detector to set: leave out --detector-preset and --nms");
    POISE_TRY(people.boxes_, BoxesFile::read(boxes));
    people.boxes_name_ = fs::path(boxes).filename().string();
    people.threshold_ = flags.threshold.value_or(-1.0F);
    return people;
  }
  if (flags.detector == "none") {
    if (!flags.preset.empty() || flags.threshold || flags.nms)
      return invalid_argument("--detector none: there is no detector to set");
    return people;
  }
  if (flags.detector.empty() && !flags.preset.empty())
    return invalid_argument("--detector-preset " + flags.preset + ": name the detector it is for with --detector");
  POISE_TRY(people.detector_, open_detector(flags, run));
  return people;
}

std::string People::source() const {
  if (boxes_) return boxes_name_;
  return detector_ ? detector_->name : "whole image";
}

Result<PipelinePicture> People::picture(const fs::path& path, const DecodeOptions& decode, PictureFacts& facts) const {
  POISE_TRY(DecodedImage decoded, read_image_file(path, decode));
  facts.exif_orientation = decoded.exif_orientation;
  facts.exif_applied = decoded.exif_applied;
  PipelinePicture picture{std::move(decoded.image), {}};
  const Size size = picture.image.size();
  if (is_whole_image()) {
    const Box whole{0, 0, static_cast<float>(size.width), static_cast<float>(size.height)};
    picture.boxes = std::vector<PersonBox>{{whole, 1.0F}};
  }
  if (!boxes_) return picture;
  picture.boxes.emplace();
  const ImageBoxes* found = boxes_->find(path);
  if (found == nullptr && boxes_->is_annotations()) {
    return not_found(path.string() + ": " + boxes_name_ + " does not speak of this picture: is its file_name another?");
  }
  if (found == nullptr) return picture;  // detections name only pictures with people
  facts.matched = true;
  facts.image_id = found->image_id;
  for (std::size_t i = 0; i < found->persons.size(); ++i) {
    if (found->persons[i].score < threshold_) continue;
    const Status status = check_box(found->persons[i].box, size, i);
    if (status.ok()) {
      picture.boxes->push_back(found->persons[i]);
    } else {
      facts.problems.push_back(path.string() + ": " + status.error().message);
    }
  }
  return picture;
}

}  // namespace poise::app
