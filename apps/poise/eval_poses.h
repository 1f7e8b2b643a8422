#pragma once
// Poses measured against an annotated set: all of `poise eval`, and what `poise quantize` says of its file's accuracy.

#include <optional>
#include <string>

#include "console.h"
#include "poise/formats/boxes.h"
#include "poise/formats/coco_ground_truth.h"
#include "poise/formats/pose_set.h"
#include "poise/infer/estimator.h"
#include "poise/metrics/coco_eval.h"
#include "poise/metrics/pck.h"
#include "poise/metrics/person_pairs.h"

namespace poise::app {

struct EvalSetOptions {
  std::string annotations;     // COCO's
  std::string images;          // the folder that its file names start from
  std::string boxes = "gt";    // the truth's own, or a file of detections
  std::string metric = "oks";  // or pck
};

/// The truth, and the boxes that the network is given.
struct EvalSet {
  EvalSetOptions options;
  CocoTruth truth;
  BoxesFile boxes;
  std::optional<PoseSet> people;  // the truth again, as PCK wants it

  /// "ground truth"; "detections, boxes.json".
  std::string box_source() const;
};
/// Errors: of reading; no such folder of pictures.
Result<EvalSet> read_eval_set(const EvalSetOptions& options);

/// What the run found, and how fast.
struct FoundPoses {
  PoseSet set;
  Json results = Json::array();  // COCO's, as a file would hold them
  std::size_t boxes = 0, suppressed = 0, empty_pictures = 0, bad_boxes = 0;
  double seconds = 0;           // all of it
  double estimate_seconds = 0;  // crop, network and decoding alone
};

struct FindPosesOptions {
  std::optional<float> threshold = {};  // of the boxes' scores; nothing: all
  float nms = 0.9F;                     // Simple Baselines' OKS_THRE
};

/// Poses of all boxes of the set. Errors: OKS is wanted, and the truth's joints are not the network's; no picture has a
/// box; of reading a picture; stopped by Ctrl-C.
Result<FoundPoses> find_poses(const EvalSet& set, Estimator& estimator, const FindPosesOptions& options,
                              Console& console);

struct OksMeasured {
  CocoEvaluation evaluation;
  std::string protocol;  // in words
};
/// COCO's AP, cocoapi's rules. Errors: those of evaluate_coco.
Result<OksMeasured> measure_oks(const FoundPoses& found, const CocoTruth& truth, const Skeleton& skeleton);

struct PckMeasured {
  PersonPairs pairs;  // with the truth's notes
  PckResult result;
};
/// The set must have been read for PCK. Errors: those of pair_persons and measure_pck.
Result<PckMeasured> measure_pck_of(const FoundPoses& found, const EvalSet& set, const PckOptions& options);

}  // namespace poise::app
