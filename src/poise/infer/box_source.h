#pragma once
// Where the people of pictures are: a file says so, a detector looks, the whole picture is one person's box, or the
// pose network finds them itself.

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "poise/formats/boxes.h"
#include "poise/image/codec.h"
#include "poise/infer/detector.h"
#include "poise/infer/pipeline.h"

namespace poise {

/// A detector with the name that outputs give it.
struct NamedDetector {
  std::string name;  // "poise-person", "yolox.onnx"
  Detector detector;
};
/// {file, sha256, family, threshold, nms}: what a result's settings say of it.
Json to_json(const NamedDetector& detector);

/// The error, with the picture's path before its message where that does not name it.
Error about_picture(const std::filesystem::path& picture, const Error& error);

/// Gives the picture the persons that score no less than `threshold`; boxes that check_box refuses are left out and
/// named in PipelinePicture::problems.
void take_persons(std::span<const PersonBox> persons, float threshold, PipelinePicture& picture);

/// Where all boxes of a file could be two corners, read as x, y, width and height, and some of this picture's reach far
/// beyond it.
std::optional<PictureNote> note_on_boxes(const ImageBoxes& boxes, Size picture);

class BoxSource {
 public:
  /// Each whole picture is one person's box.
  BoxSource() = default;
  /// A detector looks.
  explicit BoxSource(NamedDetector detector) : detector_(std::move(detector)) {}
  /// The pose network, of this name, finds them itself.
  static BoxSource of_network(std::string name);
  /// COCO detections or annotations; boxes that score under `threshold` are left out in silence. Errors: of reading.
  /// `name`: what results call it; empty: the file's.
  static Result<BoxSource> read(const std::filesystem::path& boxes, float threshold = -1.0F,
                                const std::string& name = {});

  /// "boxes.json", "fastestdet.onnx", "whole image", "yolo11n-pose.onnx".
  std::string name() const;
  bool is_whole_picture() const { return !boxes_ && !detector_ && network_.empty(); }
  /// Whether boxes are somebody's guess, so that two of them may be the same person.
  bool are_guesses() const { return detector_ || !network_.empty() || (boxes_ && !boxes_->is_annotations()); }
  const std::optional<BoxesFile>& boxes() const { return boxes_; }
  Detector* detector() { return detector_ ? &detector_->detector : nullptr; }
  const std::optional<NamedDetector>& named_detector() const { return detector_; }
  /// How pictures are to be turned where nobody says otherwise: annotations, and boxes that say so, are of the pixels
  /// as stored.
  Exif exif() const { return boxes_ && !boxes_->exif_applied() ? Exif::kIgnore : Exif::kApply; }

  /// Reads one picture and says who is where, for run_pipeline. Boxes of the file that check_box refuses are left out
  /// and named in PipelinePicture::problems. Errors: of reading; annotations that do not speak of the picture.
  /// Thread-safe.
  Result<PipelinePicture> picture(const std::filesystem::path& path, const DecodeOptions& decode) const;

 private:
  std::string boxes_name_, network_;
  std::optional<BoxesFile> boxes_;
  std::optional<NamedDetector> detector_;
  float threshold_ = -1;  // of the file's scores
};

}  // namespace poise
