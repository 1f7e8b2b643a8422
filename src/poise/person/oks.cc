#include "poise/person/oks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "poise/base/check.h"

namespace poise {

float oks(const std::vector<Keypoint>& a, float area_a, const std::vector<Keypoint>& b, float area_b,
          const Skeleton& skeleton) {
  POISE_CHECK(a.size() == skeleton.joints.size() && b.size() == skeleton.joints.size());
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();  // np.spacing(1)
  const double area = (double{area_a} + area_b) / 2 + kEpsilon;
  double sum = 0;
  int joints = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double sigma = skeleton.joints[i].sigma;
    if (!(sigma > 0)) continue;
    ++joints;
    const double dx = double{a[i].point.x} - b[i].point.x;
    const double dy = double{a[i].point.y} - b[i].point.y;
    const double e = (dx * dx + dy * dy) / (4 * sigma * sigma) / area / 2;
    if (e >= 0) sum += std::exp(-e);  // a point that is not finite is like no other
  }
  return joints == 0 ? 0.0F : static_cast<float>(sum / joints);
}

std::vector<int> oks_nms(std::span<const Pose> poses, std::span<const float> areas, const Skeleton& skeleton,
                         float threshold) {
  POISE_CHECK(poses.size() == areas.size());
  std::vector<int> order(poses.size());
  std::iota(order.begin(), order.end(), 0);
  const auto score = [&](int i) {  // NaN would break the order: it goes last
    const float value = poses[static_cast<std::size_t>(i)].score;
    return std::isnan(value) ? -std::numeric_limits<float>::infinity() : value;
  };
  std::stable_sort(order.begin(), order.end(), [&](int i, int j) { return score(i) > score(j); });

  std::vector<int> kept;
  for (const int candidate : order) {
    const auto c = static_cast<std::size_t>(candidate);
    const bool repeats = std::any_of(kept.begin(), kept.end(), [&](int better) {
      const auto k = static_cast<std::size_t>(better);
      return oks(poses[k].keypoints, areas[k], poses[c].keypoints, areas[c], skeleton) > threshold;
    });
    if (!repeats) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace poise
