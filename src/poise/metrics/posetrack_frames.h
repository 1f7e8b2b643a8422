#pragma once
// One frame of PoseTrack: who is whom among true and predicted people, as poseval's assignGTmulti has it, after what
// its cleanupData and removeIgnoredPoints leave. For posetrack_eval.cc. Pure.

#include <array>
#include <cstdint>
#include <vector>

#include "poise/metrics/posetrack_eval.h"

namespace poise {

struct PosetrackMatch {
  template <typename T>
  using PerJoint = std::array<std::vector<T>, kPosetrackJoints>;

  std::size_t truths = 0;  // persons that count
  std::size_t poses = 0;
  std::array<std::int64_t, kPosetrackJoints> labelled{};  // true joints
  PerJoint<double> scores;                                // of predicted joints
  PerJoint<bool> right;  // within reach of the same joint of the person that the pose was given to
  PerJoint<std::int64_t> truth_ids, pose_ids;  // 0 where there is no id
  PerJoint<double> distances;                  // truth_ids x pose_ids, row-major, over the head size; NaN beyond reach
};

/// Errors: kMalformed (numbers of frames differ, an id twice in a frame), kTooLarge.
Status check_posetrack(const PosetrackPair& pair);
/// Frames that are measured at all.
std::vector<std::size_t> counted_frames(const PosetrackSequence& truth, const PosetrackQuirks& quirks);
/// Errors: kMalformed (a true person without a head box).
Result<PosetrackMatch> match_posetrack(const PosetrackFrame& truth, const PosetrackFrame& predictions,
                                       double threshold);

/// Whether a point lies inside, its border not counted, as GEOS counts crossings (RayCrossingCounter). Polygons of less
/// than three points hold nothing.
bool inside(const PosetrackFrame::Polygon& polygon, double x, double y);

}  // namespace poise
