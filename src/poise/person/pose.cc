#include "poise/person/pose.h"

#include <algorithm>

#include "poise/base/check.h"

namespace poise {

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
