#pragma once
// A person's joints measured in torsos, so that near and far people, and small and large pictures, are treated alike.
// Internal to gesture.

#include <deque>
#include <optional>
#include <vector>

#include "poise/gesture/gesture_rules.h"
#include "poise/person/pose.h"

namespace poise {

/// Joints by which somebody is measured; -1: the skeleton has none of that name.
struct BodyJoints {
  int left_shoulder = -1, right_shoulder = -1, left_hip = -1, right_hip = -1, nose = -1;
  /// Errors: kUnsupported where there are no shoulders.
  static Result<BodyJoints> of(const Skeleton& skeleton);
};

/// The pose's torso in pixels: from the middle of the shoulders to that of the hips or, where those are not seen, what
/// it is likely to be after the shoulders and the head. Nothing where that cannot be said. Pure.
std::optional<float> torso_of(const Pose& pose, const BodyJoints& joints, float min_score);

/// One person, frame after frame.
class Body {
 public:
  Body(BodyJoints joints, float min_score) : joints_(joints), min_score_(min_score) {}

  void see(const Pose& pose, double seconds);
  /// Somebody else comes.
  void forget();
  /// Of the newest frame; nothing where a joint is not seen, or too little is known of what came before.
  std::optional<float> measure(const PoseCondition& condition) const;

 private:
  struct Moment {
    double seconds = 0;
    std::vector<Keypoint> keypoints;
  };
  std::optional<Point> point(const Moment& moment, BodyPoint which) const;
  std::optional<float> speed(const PoseCondition& condition) const;

  BodyJoints joints_;
  float min_score_;
  float torso_ = 0;  // pixels, slowly following; 0: not known yet
  double measured_ = 0;
  std::deque<Moment> moments_;
};

}  // namespace poise
