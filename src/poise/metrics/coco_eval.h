#pragma once
// COCO's average precision and recall, for keypoints (OKS) and boxes (IoU), equal to the reference tools to the last
// digits: cocoapi (pycocotools/cocoeval.py) and xtcocotools (xtcocotools/cocoeval.py), each with its quirks.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/coco_ground_truth.h"
#include "poise/formats/coco_results_reader.h"

namespace poise {

enum class CocoSimilarity { kOks, kBoxIou };

/// cocoapi: a truth without labelled joints (num_keypoints 0) is ignored; a match with the truth of id 0 counts as a
/// false positive (its marker is the id). xtcocotools: "without" is counted from v > 0; its marker is -1, so negative
/// ids are what it mistakes. CrowdPose (xtcocotools' keypoints_crowd): num_keypoints again, and the figures easy,
/// medium, hard.
enum class CocoVariant { kCocoapi, kXtcocotools, kCrowdPose };

struct CocoEvalOptions {
  CocoSimilarity similarity = CocoSimilarity::kOks;
  CocoVariant variant = CocoVariant::kCocoapi;
  std::vector<double> sigmas;  // one a joint, above 0 (OKS only)
  bool area_from_box = false;  // xtcocotools' use_area=False: the truth's area is 0.53 times that of its box
  std::vector<bool>
      only_joints;  // empty: all; else the others count as unlabelled, and a truth left with none is ignored
  int threads = 0;  // 0: as many as there are processors; the figures do not depend on it
};

inline constexpr int kCocoThresholds = 10;  // .5, .55, ... .95
inline constexpr int kCocoRecalls = 101;    // 0, .01, ... 1
enum class CocoArea { kAll, kSmall, kMedium, kLarge };
inline constexpr int kCocoAreas = 4;

/// What became of each detection and truth, for the area ranges all, small, medium, large.
struct CocoMatches {
  // Bit t: at threshold t. One row a detection, of kCocoAreas.
  std::vector<std::uint16_t> matched;       // to a truth, as the variant's marker has it
  std::vector<std::uint16_t> ignored;       // neither right nor wrong
  std::vector<std::int32_t> truth;          // kCocoThresholds a detection, area all: the row matched, or -1
  std::vector<std::int32_t> rank;           // of a detection in its image and category, 0 the best
  std::vector<std::int32_t> order;          // rows by category, then falling score, equal ones as the images' ids rise
  std::vector<std::uint8_t> truth_ignored;  // one a truth; bit a: ignored in area range a
};

/// Precision over recall of one category, area range and number of detections; -1 where there is no truth.
struct CocoCurve {
  double precision[kCocoThresholds][kCocoRecalls];
  double recall[kCocoThresholds];
};

struct CocoEvaluation {
  /// In the order in which people print them. Keypoints: AP AP50 AP75 APm APl AR AR50 AR75 ARm ARl. CrowdPose: AP AP50
  /// AP75 AR AR50 AR75 AP_easy AP_medium AP_hard. Boxes: AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl.
  /// -1 where there is nothing to measure.
  std::vector<std::pair<std::string, double>> figures;
  CocoMatches matches;
  std::size_t truths_counted = 0;  // not ignored, of any size
  std::size_t truths_ignored = 0;  // crowds, and truths without labelled joints
};

/// Rows of results must come from read_coco_results with this truth. Errors: kInvalidArgument, saying what does not fit
/// (number of sigmas, a truth without an area, no crowdIndex). Thread-safe.
Result<CocoEvaluation> evaluate_coco(const CocoTruth& truth, const CocoResults& results,
                                     const CocoEvalOptions& options);

/// The figures again, each image counting `image_weight` times (0: left out): what the tool would say of a data set
/// that holds each image so often. One weight an image of the truth.
std::vector<std::pair<std::string, double>> coco_figures(const CocoTruth& truth, const CocoResults& results,
                                                         const CocoMatches& matches, const CocoEvalOptions& options,
                                                         const std::vector<int>& image_weight);

struct CocoSlice {
  int category = 0;  // index in the truth
  CocoArea area = CocoArea::kAll;
  int max_detections = 20;  // an image; coco_max_detections
};
/// Of one slice of the results. Weights as above.
CocoCurve coco_curve(const CocoTruth& truth, const CocoResults& results, const CocoMatches& matches,
                     const CocoSlice& slice, const std::vector<int>& image_weight);

/// np.linspace(.5, .95, 10)[t].
double coco_threshold(int t);
/// Detections an image that count: 20 for keypoints, 100 for boxes.
int coco_max_detections(CocoSimilarity similarity);

/// OKS of detection row d with truth row g, as cocoapi's computeOks. `only_joints` and `area_from_box` are heeded.
double coco_oks(const CocoTruth& truth, int g, const CocoResults& results, int d, const CocoEvalOptions& options);

}  // namespace poise
