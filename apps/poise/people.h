#pragma once
// Where the people of a picture are: a file says so, a detector looks, or the whole picture is one person's box.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "poise/formats/boxes.h"
#include "poise/image/codec.h"
#include "poise/infer/detector.h"
#include "poise/infer/pipeline.h"

namespace poise::app {

/// The detector that is used where none is named; "none" is none: the whole picture is one person's box.
inline constexpr const char* kDefaultDetector = "poise-person";

struct DetectorFlags {
  std::string detector, preset;
  std::optional<float> threshold, nms;

  /// Adds --detector --detector-preset --detect-threshold --nms to the command, under the heading `group`.
  void add_to(CLI::App& command, const std::string& group);
};

/// A detector with the name outputs give it.
struct NamedDetector {
  std::string name;
  Detector detector;
};
/// The one that flags name, else kDefaultDetector. Errors: kNotFound, those of the readers and of the card.
Result<NamedDetector> open_detector(const DetectorFlags& flags, const RunnerOptions& run);

/// {file, sha256, family, threshold, nms}: what a result's settings say of it.
Json detector_json(const NamedDetector& detector);

/// What is found out of one picture before its poses.
struct PictureFacts {
  int exif_orientation = 1;
  bool exif_applied = false;
  std::optional<std::int64_t> image_id;  // of the boxes file
  bool matched = false;                  // the boxes file speaks of it
  std::vector<std::string> problems;     // boxes left out, one line each
};

class People {
 public:
  /// `boxes`: a file, or empty. Errors: both a file and a detector; those of reading either.
  static Result<People> open(const std::string& boxes, const DetectorFlags& flags, const RunnerOptions& run);

  /// "boxes.json", "fastestdet.onnx", "whole image".
  std::string source() const;
  bool is_whole_image() const { return !boxes_ && !detector_; }
  /// Whether boxes are somebody's guess, so that two of them may be the same person.
  bool are_guesses() const { return detector_ || (boxes_ && !boxes_->is_annotations()); }
  const std::optional<BoxesFile>& boxes() const { return boxes_; }
  Detector* detector() { return detector_ ? &detector_->detector : nullptr; }
  const std::optional<NamedDetector>& named_detector() const { return detector_; }

  /// One picture for the pipeline. Boxes of the file that check_box refuses are left out and named in `facts`; so are
  /// those under --detect-threshold, in silence. Errors: of reading; annotations that do not speak of the picture.
  /// Thread-safe.
  Result<PipelinePicture> picture(const std::filesystem::path& path, const DecodeOptions& decode,
                                  PictureFacts& facts) const;

 private:
  std::string boxes_name_;
  std::optional<BoxesFile> boxes_;
  std::optional<NamedDetector> detector_;
  float threshold_ = -1;  // of the file's scores
};

}  // namespace poise::app
