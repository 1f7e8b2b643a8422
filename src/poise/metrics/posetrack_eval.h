#pragma once
// PoseTrack's two measures of people followed through videos: average precision of each joint, and CLEAR MOT of each
// joint. Source: poseval (github.com/leonid-pishchulin/poseval, poseval/{eval_helpers,evaluateAP,evaluateTracking}.py),
// with py-motmetrics 1.4 beneath. What is odd there can be switched off, one by one.
// Functions are thread-safe.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/posetrack.h"

namespace poise {

/// What poseval does that a reader of the papers would not expect; true: as there.
struct PosetrackQuirks {
  bool last_frame = true;        // the last frame of each sequence is not tracked in
  bool unlabelled = true;        // a frame of nobody is passed over, what is found there too, even if it was labelled
  bool empty_side = true;        // one side empty: one miss and one false positive a joint, however many there are
  bool absent_joint = true;      // a joint that is neither labelled nor found anywhere has AP 0, and counts in the mean
  bool summed_distances = true;  // MOTP's sum has each pair within reach, whether matched or not, and matches again
};
/// "last-frame", "unlabelled-frames", "empty-side", "absent-joint", "summed-distances": in this order.
std::vector<std::pair<const char*, bool PosetrackQuirks::*>> posetrack_quirks();

struct PosetrackOptions {
  PosetrackQuirks quirks;
  double threshold = 0.5;  // of a joint's distance over the head size, .6 times the diagonal of the head box
};

/// Percent; one a joint in the order of posetrack_joints(), then the mean of those that are numbers. NaN: undefined.
using PosetrackRow = std::array<double, kPosetrackJoints + 1>;

struct PosetrackJointCounts {
  std::int64_t objects = 0;
  std::int64_t misses = 0;
  std::int64_t switches = 0;
  std::int64_t false_positives = 0;
  std::int64_t detections = 0;  // matches and switches
  double distance_sum = 0;
};

struct PosetrackFigures {
  std::string name;  // of the sequence; "all"
  std::int64_t frames = 0;
  std::int64_t persons = 0;  // true ones, over all frames
  std::int64_t poses = 0;    // predicted ones
  PosetrackRow ap{};
  PosetrackRow ap_precision{};  // at the lowest score
  PosetrackRow ap_recall{};
  bool tracked = false;  // what follows is there: everybody has an id
  std::array<PosetrackJointCounts, kPosetrackJoints> counts{};
  PosetrackRow mota{};
  PosetrackRow motp{};
  PosetrackRow precision{};
  PosetrackRow recall{};
};

struct PosetrackEvaluation {
  std::vector<PosetrackFigures> sequences;
  PosetrackFigures all;
  std::vector<std::string> notes;  // what was left out, to be said aloud
};

struct PosetrackPair {
  PosetrackSequence truth, predictions;
};

/// Errors: kMalformed (as many frames are wanted on both sides; an id twice in a frame; a true person without a head
/// box), naming the sequence and the frame; kTooLarge (over 1024 persons in a frame).
Result<PosetrackEvaluation> measure_posetrack(const std::vector<PosetrackPair>& sequences,
                                              const PosetrackOptions& options = {});

/// Two files, or two folders of files of the same names. Errors also: kNotFound (a truth without predictions, no truth
/// at all), those of read_posetrack; messages name the file.
Result<PosetrackEvaluation> evaluate_posetrack(const std::filesystem::path& truth,
                                               const std::filesystem::path& predictions,
                                               const PosetrackOptions& options = {});

/// The groups in which papers give their figures: Head (head_top, head_bottom, nose), Shou, Elb, Wri, Hip, Knee, Ankl,
/// each the mean of its joints, then Total.
std::vector<std::pair<const char*, double>> posetrack_groups(const PosetrackRow& row);

}  // namespace poise
