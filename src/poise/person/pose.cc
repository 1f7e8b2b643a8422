#include "poise/person/pose.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/check.h"

namespace poise {

std::optional<Box> box_of_joints(const std::vector<Keypoint>& joints, float min_score, float enlarge, int min_joints) {
  constexpr float kFar = std::numeric_limits<float>::max();
  float left = kFar, top = kFar, right = -kFar, bottom = -kFar;
  int counted = 0;
  for (const Keypoint& joint : joints) {
    if (!(joint.score >= min_score) || !std::isfinite(joint.point.x) || !std::isfinite(joint.point.y)) continue;
    ++counted;
    left = std::min(left, joint.point.x);
    right = std::max(right, joint.point.x);
    top = std::min(top, joint.point.y);
    bottom = std::max(bottom, joint.point.y);
  }
  if (counted < min_joints) return std::nullopt;
  const float width = right - left;
  const float height = bottom - top;
  return Box{left - enlarge / 2 * width, top - enlarge / 2 * height, width * (1 + enlarge), height * (1 + enlarge)};
}

float person_score(const std::vector<Keypoint>& keypoints, float box_score, float visible_threshold) {
  float sum = 0;
  int visible = 0;
  for (const Keypoint& keypoint : keypoints) {
    if (!(keypoint.score > visible_threshold)) continue;
    sum += keypoint.score;
    ++visible;
  }
  return visible == 0 ? 0.0F : sum / static_cast<float>(visible) * box_score;
}

Pose derive(const Pose& pose, const Skeleton& derived) {
  POISE_CHECK(derived.derivations.size() == derived.joints.size());
  Pose result = pose;
  result.keypoints.clear();
  for (const Derivation& derivation : derived.derivations) {
    POISE_CHECK(!derivation.sources.empty());
    double x = 0;
    double y = 0;
    float score = pose.keypoints.at(static_cast<std::size_t>(derivation.sources.front())).score;
    for (const int source : derivation.sources) {
      const Keypoint& keypoint = pose.keypoints.at(static_cast<std::size_t>(source));
      x += keypoint.point.x;
      y += keypoint.point.y;
      score = std::min(score, keypoint.score);
    }
    const auto count = static_cast<double>(derivation.sources.size());
    result.keypoints.push_back({{static_cast<float>(x / count), static_cast<float>(y / count)}, score});
  }
  return result;
}

}  // namespace poise
