#pragma once
// Why poses are wrong: the error classes of Ronchi and Perona, Benchmarking and Error Diagnosis in Multi-Instance Pose
// Estimation, ICCV 2017.

#include <array>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/metrics/coco_eval.h"

namespace poise {

enum class JointError { kGood, kJitter, kInversion, kSwap, kMiss };
inline constexpr std::size_t kJointErrors = 5;
const char* name_of(JointError error);  // "good", "jitter", ...

struct ErrorClassOptions {
  double match = .1;   // OKS from which a detection is that person (their coco-analyze, Params.oksLocThrs)
  double jitter = .5;  // joint similarity below which a joint is not merely inexact
  double good = .85;
  std::vector<int> mirror;  // of each joint its mirrored one, or itself; empty: none is mirrored
};

struct ErrorClasses {
  std::vector<std::array<std::size_t, kJointErrors>> joints;  // labelled joints of matched persons, by class
  std::array<std::size_t, kJointErrors> total{};
  std::size_t matched = 0;           // persons with a detection
  std::size_t background = 0;        // detections of nobody (false positives)
  std::size_t duplicates = 0;        // detections of persons that a better one has taken
  std::size_t missed = 0;            // persons without a detection (false negatives)
  std::size_t score = 0;             // persons whose best detection, by OKS, has not the highest score of theirs
  std::vector<double> image_errors;  // one an image: its share of joints that are not good, missed persons wholly so;
                                     // -1 where nobody is to be found
};

/// Detections in falling score take the free person of highest OKS, `match` at least; what overlaps only an ignored
/// truth is left out. ks of a joint is exp(-d^2 / (2 area (2 sigma)^2)) with the person's area. good: ks >= .85 to its
/// own true joint; jitter: >= .5; else what it is most alike to decides, where that is >= .5: inversion, the mirrored
/// joint of the same person; swap, the same or mirrored joint of another; else miss. Pure. Options as evaluate_coco
/// took them.
ErrorClasses classify_errors(const CocoTruth& truth, const CocoResults& results, const CocoMatches& matches,
                             const CocoEvalOptions& evaluation, const ErrorClassOptions& options = {});

/// {errors_good, errors_jitter, ..., errors_background, errors_duplicates, errors_missed_persons, errors_score}:
/// counts.
Json to_json(const ErrorClasses& classes);

/// By names: left_x and right_x are each other's mirror.
std::vector<int> mirror_of(const std::vector<std::string>& joint_names);

}  // namespace poise
