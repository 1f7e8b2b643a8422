#pragma once
// Poses measured against an annotated set: its pictures through a PoseFinder, and what the answers are worth.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "poise/formats/boxes.h"
#include "poise/formats/coco_ground_truth.h"
#include "poise/formats/pose_set.h"
#include "poise/infer/picture_notes.h"
#include "poise/infer/pose_finder.h"
#include "poise/metrics/coco_eval.h"
#include "poise/metrics/oks_sigmas.h"
#include "poise/metrics/pck.h"
#include "poise/metrics/person_pairs.h"

namespace poise {

enum class PoseMetric {
  kOks,  // COCO's AP and AR; the truth's joints must be the network's, in its order
  kPck,  // share of joints near enough; joints matched by name
};

struct EvalSetOptions {
  std::string annotations;   // COCO's
  std::string images;        // the folder that its file names start from
  std::string boxes = "gt";  // the truth's own, or a file of detections; empty: the finder's own people
  PoseMetric metric = PoseMetric::kOks;
  std::string sigmas = {};  // of OKS, as parse_sigmas() has them; empty: those that fit the truth
  PckOptions pck = {};      // of PCK
};

/// The truth, and the boxes that the finder is given. One thread at a time a finder; the rest is thread-safe.
struct EvalSet {
  EvalSetOptions options;
  CocoTruth truth;
  std::optional<BoxesFile> boxes;   // nothing: it looks by itself
  std::optional<PoseSet> people;    // the truth again, as PCK wants it
  std::optional<OksSigmas> sigmas;  // given ones
};
/// Errors: of reading; sigmas that are none, or not as many as the truth has joints; no such folder of pictures.
Result<EvalSet> read_eval_set(const EvalSetOptions& options);

/// What the run found, and how fast. Seconds are wall time; those of the estimator are added up over the pipeline's
/// streams and divided by their number.
struct FoundPoses {
  Skeleton skeleton;
  std::string box_source;           // "ground truth"; "detections, boxes.json"; "poise-person", "whole image"
  std::vector<FrameResult> frames;  // of pictures with boxes; named as the truth names them, with its image ids
  std::size_t boxes = 0, suppressed = 0, empty_pictures = 0, bad_boxes = 0;
  std::int64_t category_id = 1;     // the truth's number for people
  std::size_t boxes_elsewhere = 0;  // of pictures that the annotations do not list: not looked at
  PictureNotes notes;               // of another size than the annotations say, read with a note
  double seconds = 0;               // all of it
  double estimate_seconds = 0;      // crop, network and decoding alone

  double persons_per_second() const;
  double persons_per_second_estimate() const;
};

struct FindPosesOptions {
  std::optional<float> threshold = {};  // of the scores of boxes from a file; nothing: all
  /// After each picture; false ends the run with an error. Empty: never.
  std::function<bool(std::size_t done, std::size_t total, const std::string& picture)> progress = {};
};

/// Poses of all the set's pictures: in its boxes, true ones too thinned out by the finder's rule for doubles, as the
/// authors' evaluation does; without boxes, of whom the finder finds. Errors: boxes for a finder that needs none; the
/// truth's joints or their sigmas do not fit the metric, or nobody has what PCK's threshold is relative to, or pictures
/// are not in the folder (image/picture_folder.h has the rule), all before any work; no picture has a box; of reading a
/// picture, naming it; stopped.
Result<FoundPoses> find_poses(const EvalSet& set, PoseFinder& finder, const FindPosesOptions& options = {});

/// The poses as COCO's results file holds them.
Json coco_results_json(const FoundPoses& found);

struct OksMeasured {
  CocoEvaluation evaluation;
  std::string protocol;  // in words
};
/// COCO's AP, cocoapi's rules. `given`: the set's sigmas. Errors: those of evaluate_coco; joints without sigmas.
Result<OksMeasured> measure_oks(const FoundPoses& found, const CocoTruth& truth,
                                const std::optional<OksSigmas>& given = {});

struct PckMeasured {
  PersonPairs pairs;  // with the truth's notes
  PckResult result;
};
/// As the set's options say. The set must have been read for PCK. Errors: those of pair_persons and measure_pck.
Result<PckMeasured> measure_pck_of(const FoundPoses& found, const EvalSet& set);

/// Everything of one run.
struct PoseReport {
  EvalSetOptions set;
  std::string model;  // what outputs call the pose network
  std::string model_hash, backend;
  Precision precision = Precision::kFloat32;
  float padding = 1;
  bool flip_test = false;
  bool finds_everyone = false;  // the network, without boxes: a pose's score is its own
  DoublesOptions doubles;
  FoundPoses found = {};
  std::optional<OksMeasured> oks = {};  // by the set's metric, this or the next
  std::optional<PckMeasured> pck = {};
};
/// find_poses() and the set's metric. Errors: those of both.
Result<PoseReport> evaluate_poses(const EvalSet& set, PoseFinder& finder, const std::string& model,
                                  const FindPosesOptions& options = {});
/// Flat: what was run, how fast, and the figures under their own names, AP or PCK_mean for one.
Json to_json(const PoseReport& report);

}  // namespace poise
