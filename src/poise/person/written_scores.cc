#include "poise/person/written_scores.h"

#include <algorithm>
#include <cmath>

namespace poise {

void written_scores(std::vector<Pose>& poses) {
  constexpr float kOtherRange = 2;
  for (Pose& pose : poses) {
    const bool other = std::ranges::any_of(
        pose.keypoints, [](const Keypoint& keypoint) { return std::abs(keypoint.score) > kOtherRange; });
    if (other) continue;
    for (Keypoint& keypoint : pose.keypoints) keypoint.score = std::clamp(keypoint.score, 0.0F, 1.0F);
  }
}

}  // namespace poise
