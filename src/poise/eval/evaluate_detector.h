#pragma once
// How well the people of an annotated set are found. One thread at a time a Detector.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "poise/infer/box_source.h"
#include "poise/infer/pipeline.h"
#include "poise/metrics/coco_eval.h"

namespace poise {

struct EvaluateDetectorOptions {
  std::string annotations;  // COCO's
  std::string images;       // the folder that its file names start from
  /// After each picture; false ends the run with an error. Empty: never.
  std::function<bool(std::size_t done, std::size_t total, const std::string& picture)> progress = {};
};

/// The curve's end: what scores less changes AP by nothing that can be seen.
inline constexpr float kLeastScore = 0.001F;

/// Figures at the detector's own threshold are those of detections above it, at an overlap (IoU) of one half.
struct DetectorReport {
  std::string annotations;    // the options'
  Json detector;              // to_json of the NamedDetector, at its own threshold
  CocoEvaluation evaluation;  // COCO's box AP and AR of the persons, from all detections down to a score of .001
  float threshold = 0;        // the detector's own
  double recall = 0, precision = 0;
  std::size_t right = 0, wrong = 0;
  /// Of persons whose box covers at least a twentieth of the picture, crowds left out: how many, and how many found.
  std::size_t prominent = 0, prominent_found = 0;
  std::size_t empty_pictures = 0, empty_with_somebody = 0;  // pictures of nobody, and those in which somebody is found
  std::size_t pictures = 0;
  std::int64_t category_id = 1;  // the truth's number for people
  PipelineCost cost;
  double seconds = 0;               // all of it
  std::vector<FrameResult> frames;  // poses without joints: box and score of each detection, with the truth's image ids

  double prominent_recall() const;
  double detect_ms_per_picture() const;
};

/// Crowds and sizes are as cocoapi has them. The detector's threshold is lowered meanwhile and put back. Errors: of
/// reading; annotations without a category for people; no picture; stopped.
Result<DetectorReport> evaluate_detector(NamedDetector& detector, const EvaluateDetectorOptions& options);
/// Flat: what was run, how fast, and the figures under their own names.
Json to_json(const DetectorReport& report);

/// The detections as COCO's results file holds them, under the truth's number for people.
Json coco_results_json(const DetectorReport& report);

}  // namespace poise
