#include "poise/infer/box_source.h"

#include "poise/base/counted.h"

namespace poise {

namespace fs = std::filesystem;

Json to_json(const NamedDetector& detector) {
  const DetectorCard& card = detector.detector.card();
  Json json = Json::object();
  json.set("file", detector.name);
  json.set("sha256", detector.detector.model_hash());
  json.set("family", card.family);
  json.set("threshold", card.head.threshold);
  json.set("nms", card.nms);
  return json;
}

Error about_picture(const fs::path& picture, const Error& error) {
  return error.message.starts_with(picture.string()) ? error : error.prefixed(picture.string());
}

void take_persons(std::span<const PersonBox> persons, float threshold, PipelinePicture& picture) {
  picture.boxes.emplace();
  for (std::size_t i = 0; i < persons.size(); ++i) {
    if (persons[i].score < threshold) continue;
    const Status status = check_box(persons[i].box, picture.image.size(), i);
    if (status.ok()) {
      picture.boxes->push_back(persons[i]);
    } else {
      picture.problems.push_back(picture.frame.source + ": " + status.error().message);
    }
  }
}

std::optional<PictureNote> note_on_boxes(const ImageBoxes& boxes, Size picture) {
  if (!boxes.maybe_corners) return std::nullopt;
  std::size_t beyond = boxes.far_beyond;
  for (const PersonBox& person : boxes.persons) beyond += reaches_far_beyond(person.box, picture) ? 1 : 0;
  if (beyond == 0) return std::nullopt;
  return PictureNote{"with boxes far beyond the edges, as if two corners stood where x, y, width, height are wanted",
                     counted(beyond, "box", "boxes")};
}

Result<BoxSource> BoxSource::read(const fs::path& boxes, float threshold, const std::string& name) {
  BoxSource source;
  POISE_TRY(source.boxes_, BoxesFile::read(boxes));
  source.boxes_name_ = name.empty() ? boxes.filename().string() : name;
  source.threshold_ = threshold;
  return source;
}

BoxSource BoxSource::of_network(std::string name) {
  BoxSource source;
  source.network_ = std::move(name);
  return source;
}

std::string BoxSource::name() const {
  if (boxes_) return boxes_name_;
  if (!network_.empty()) return network_;
  return detector_ ? detector_->name : "whole image";
}

Result<PipelinePicture> BoxSource::picture(const fs::path& path, const DecodeOptions& decode) const {
  POISE_TRY(DecodedImage decoded, read_image_file(path, decode));
  PipelinePicture picture;
  picture.image = std::move(decoded.image);
  if (!decoded.note.empty()) picture.notes.push_back({"read with a note: " + decoded.note});
  FrameResult& frame = picture.frame;
  frame.source = path.string();
  frame.exif_orientation = decoded.exif_orientation;
  frame.exif_applied = decoded.exif_applied;
  frame.box_source = name();
  picture.guesses = are_guesses();
  if (is_whole_picture()) picture.boxes = std::vector<PersonBox>{{whole_box(picture.image.size()), 1.0F}};
  if (!boxes_) return picture;
  picture.boxes.emplace();
  const ImageBoxes* found = boxes_->find(path);
  if (found == nullptr && boxes_->is_annotations()) {
    return not_found(path.string() + ": " + boxes_name_ + " does not speak of this picture: is its file_name another?");
  }
  if (found == nullptr) return picture;  // detections name only pictures with people
  frame.image_id = found->image_id;
  if (auto note = note_on_size(picture.image.size(), found->size)) picture.notes.push_back(std::move(*note));
  if (auto note = note_on_boxes(*found, picture.image.size())) picture.notes.push_back(std::move(*note));
  take_persons(found->persons, threshold_, picture);
  return picture;
}

}  // namespace poise
