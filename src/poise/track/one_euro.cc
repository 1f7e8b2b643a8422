#include "poise/track/one_euro.h"

#include <cmath>
#include <numbers>

namespace poise {
namespace {

/// The share of the new value in an exponential mean of this cut-off.
double share(double cutoff, double dt) {
  const double tau = 1 / (2 * std::numbers::pi * cutoff);
  return 1 / (1 + tau / dt);
}

}  // namespace

double OneEuro::filtered(Axis& axis, double value, double dt, double size) const {
  const double speed = (value - axis.value) / dt;
  axis.speed += share(options_.derivative_cutoff, dt) * (speed - axis.speed);
  const double cutoff = options_.min_cutoff + options_.beta * std::abs(axis.speed) / size;
  axis.value += share(cutoff, dt) * (value - axis.value);
  return axis.value;
}

void OneEuro::smooth(Person& person, Pose& pose, double seconds) const {
  const double size = std::sqrt(std::max(1.0, double{pose.box.width} * pose.box.height));
  constexpr double kNew = 0.1;  // boxes jump: their size goes into it slowly
  person.size = person.size > 0 ? person.size + kNew * (size - person.size) : size;
  person.seen = seconds;
  person.joints.resize(pose.keypoints.size());
  for (std::size_t i = 0; i < pose.keypoints.size(); ++i) {
    Keypoint& keypoint = pose.keypoints[i];
    Joint& joint = person.joints[i];
    const bool seen = keypoint.score >= options_.min_joint_score && std::isfinite(keypoint.point.x) &&
                      std::isfinite(keypoint.point.y);
    if (!seen) continue;
    const double dt = seconds - joint.seen;
    if (!joint.known || dt > options_.forget) {
      joint = {{keypoint.point.x, 0}, {keypoint.point.y, 0}, seconds, true};
      continue;
    }
    if (!(dt > 0)) continue;
    keypoint.point = {static_cast<float>(filtered(joint.x, keypoint.point.x, dt, person.size)),
                      static_cast<float>(filtered(joint.y, keypoint.point.y, dt, person.size))};
    joint.seen = seconds;
  }
}

void OneEuro::smooth(std::vector<Pose>& poses, double seconds) {
  for (Pose& pose : poses) {
    if (pose.track_id) smooth(people_[*pose.track_id], pose, seconds);
  }
  std::erase_if(people_, [&](const auto& entry) { return seconds - entry.second.seen > options_.forget; });
}

}  // namespace poise
