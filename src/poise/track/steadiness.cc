#include "poise/track/steadiness.h"

#include <algorithm>
#include <cmath>

namespace poise {

void Steadiness::measure(const Joint& joint, double size) {
  const auto second = [&](auto member) {
    const Point a = joint.ago(2).*member, b = joint.ago(1).*member, c = joint.ago(0).*member;
    return std::hypot(double{a.x} - 2 * double{b.x} + c.x, double{a.y} - 2 * double{b.y} + c.y) / size;
  };
  if (joint.frames >= 3) {
    before_.sum += second(&Sample::before);
    after_.sum += second(&Sample::after);
    ++before_.count;
    ++after_.count;
  }
  if (joint.frames < joint.last.size()) return;
  // Speed is taken from frames on both sides, not from the one in the middle, whose noise is in the distance, too.
  const Sample& first = joint.ago(2 * kReach);
  const Sample& middle = joint.ago(kReach);
  const Sample& last = joint.ago(0);
  constexpr double kFrames = 2 * kReach;
  const double vx = (double{last.before.x} - first.before.x) / kFrames / size;
  const double vy = (double{last.before.y} - first.before.y) / kFrames / size;
  const double dx = (double{middle.before.x} - middle.after.x) / size;
  const double dy = (double{middle.before.y} - middle.after.y) / size;
  behind_ += dx * vx + dy * vy;
  travelled_ += vx * vx + vy * vy;
}

void Steadiness::add(const std::vector<Pose>& before, const std::vector<Pose>& after) {
  std::map<int, std::vector<Joint>> people;
  for (const Pose& found : before) {
    if (!found.track_id) continue;
    const auto smoothed =
        std::find_if(after.begin(), after.end(), [&](const Pose& pose) { return pose.track_id == found.track_id; });
    if (smoothed == after.end() || smoothed->keypoints.size() != found.keypoints.size()) continue;
    std::vector<Joint> joints(found.keypoints.size());
    const auto past = people_.find(*found.track_id);
    if (past != people_.end() && past->second.size() == joints.size()) joints = std::move(past->second);
    const double size = std::sqrt(std::max(1.0, double{found.box.width} * found.box.height));
    for (std::size_t i = 0; i < joints.size(); ++i) {
      const Keypoint& a = found.keypoints[i];
      const Keypoint& b = smoothed->keypoints[i];
      const bool seen = a.score >= min_score_ && b.score >= min_score_ && std::isfinite(a.point.x + a.point.y) &&
                        std::isfinite(b.point.x + b.point.y);
      if (!seen) {
        joints[i] = {};
        continue;
      }
      joints[i].last[joints[i].frames % joints[i].last.size()] = {a.point, b.point};
      ++joints[i].frames;
      measure(joints[i], size);
    }
    people[*found.track_id] = std::move(joints);
  }
  people_ = std::move(people);
}

}  // namespace poise
