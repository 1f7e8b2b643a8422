#include "poise/lift/meeting.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/median.h"
#include "poise/lift/triangulate.h"

namespace poise {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

bool is_seen(const Keypoint& joint, float min_score) {
  return joint.score >= min_score && std::isfinite(joint.point.x) && std::isfinite(joint.point.y);
}

/// The median over shared joints of how far two cameras' sightings are from one point's.
double misfit(std::span<const Camera> cameras, const SeenPose& a, const SeenPose& b, const MeetingOptions& options) {
  std::vector<double> errors;
  for (std::size_t j = 0; j < a.pose->keypoints.size(); ++j) {
    const Keypoint &first = a.pose->keypoints[j], &second = b.pose->keypoints[j];
    if (!is_seen(first, options.min_score) || !is_seen(second, options.min_score)) continue;
    const Sighting both[] = {{a.camera, {first.point.x, first.point.y}}, {b.camera, {second.point.x, second.point.y}}};
    const auto point = triangulate(cameras, both, {2, kNever});
    errors.push_back(point ? point->error : kNever);
  }
  if (static_cast<int>(errors.size()) < options.min_joints) return kNever;
  return upper_median(errors);
}

}  // namespace

std::vector<std::vector<std::size_t>> meet(std::span<const Camera> cameras, std::span<const SeenPose> seen,
                                           const MeetingOptions& options) {
  struct Pair {
    double misfit;
    std::size_t a, b;
  };
  const std::size_t n = seen.size();
  std::vector<double> all(n * n, kNever);
  std::vector<Pair> pairs;
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = a + 1; b < n; ++b) {
      if (seen[a].camera == seen[b].camera) continue;
      const double error = misfit(cameras, seen[a], seen[b], options);
      all[a * n + b] = all[b * n + a] = error;
      if (error <= options.max_error) pairs.push_back({error, a, b});
    }
  }
  std::ranges::stable_sort(pairs, {}, &Pair::misfit);
  std::vector<std::vector<std::size_t>> groups(n);
  std::vector<std::size_t> group_of(n);
  for (std::size_t i = 0; i < n; ++i) groups[group_of[i] = i] = {i};
  const auto fit = [&](std::size_t a, std::size_t b) {
    for (const std::size_t i : groups[a]) {
      for (const std::size_t j : groups[b]) {
        if (seen[i].camera == seen[j].camera || all[i * n + j] > 2 * options.max_error) return false;
      }
    }
    return true;
  };
  for (const Pair& pair : pairs) {  // the surest first
    const std::size_t a = group_of[pair.a], b = group_of[pair.b];
    if (a == b || !fit(a, b)) continue;
    for (const std::size_t i : groups[b]) group_of[i] = a;
    groups[a].insert(groups[a].end(), groups[b].begin(), groups[b].end());
    groups[b].clear();
  }
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  std::ranges::stable_sort(groups, std::ranges::greater{}, [](const auto& group) { return group.size(); });
  return groups;
}

}  // namespace poise
