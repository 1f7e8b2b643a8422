#include "poise/person/parametric_nms.h"

#include <algorithm>
#include <cmath>

#include "poise/base/check.h"

namespace poise {
namespace {

constexpr float kMatchReach = 7;   // pPose_nms.py, PCK_match
constexpr float kMergeReach = 15;  // p_merge_fast

float distance(const Keypoint& a, const Keypoint& b) {
  return std::hypot(a.point.x - b.point.x, a.point.y - b.point.y);
}

float mean_score(const Pose& pose) {
  float sum = 0;
  for (const Keypoint& keypoint : pose.keypoints) sum += keypoint.score;
  return pose.keypoints.empty() ? 0.0F : sum / static_cast<float>(pose.keypoints.size());
}

float best_score(const Pose& pose) {
  float best = 0;
  for (const Keypoint& keypoint : pose.keypoints) best = std::max(best, keypoint.score);
  return best;
}

float reach_of(const Pose& pose, const ParametricNmsOptions& options) {
  return options.reach * std::max(pose.box.width, pose.box.height);
}

/// Whether `other` is the same person as `best`.
bool is_double(const Pose& best, const Pose& other, const ParametricNmsOptions& options) {
  const float reach = std::min(reach_of(best, options), kMatchReach);
  float likeness = 0;
  int matches = 0;
  for (std::size_t j = 0; j < best.keypoints.size(); ++j) {
    const float apart = distance(best.keypoints[j], other.keypoints[j]);
    if (apart <= 1) {
      likeness += std::tanh(best.keypoints[j].score / options.score_width) *
                  std::tanh(other.keypoints[j].score / options.score_width);
    }
    likeness += options.distance_weight * std::exp(-apart / options.distance_width);
    if (apart <= reach) ++matches;
  }
  return likeness > options.alike || matches >= options.matches;
}

/// Joints and their scores become means, weighted by score, over the doubles within reach.
Pose merge(const Pose& best, std::span<const Pose> poses, const std::vector<std::size_t>& doubles,
           const ParametricNmsOptions& options) {
  const float reach = std::min(reach_of(best, options), kMergeReach);
  Pose merged = best;
  for (std::size_t j = 0; j < best.keypoints.size(); ++j) {
    float weight = 0, x = 0, y = 0, score = 0;
    for (const std::size_t i : doubles) {
      const Keypoint& own = poses[i].keypoints[j];
      if (!(distance(best.keypoints[j], own) <= reach) || !(own.score > 0)) continue;
      weight += own.score;
      x += own.score * own.point.x;
      y += own.score * own.point.y;
      score += own.score * own.score;
    }
    if (weight > 0) merged.keypoints[j] = {{x / weight, y / weight}, score / weight};
  }
  return merged;
}

}  // namespace

std::vector<MergedPose> parametric_nms(std::span<const Pose> poses, const ParametricNmsOptions& options) {
  std::vector<std::size_t> rest(poses.size());
  for (std::size_t i = 0; i < rest.size(); ++i) {
    POISE_CHECK(poses[i].keypoints.size() == poses[0].keypoints.size());
    rest[i] = i;
  }
  std::stable_sort(rest.begin(), rest.end(),
                   [&](std::size_t a, std::size_t b) { return mean_score(poses[a]) > mean_score(poses[b]); });
  std::vector<MergedPose> kept;
  while (!rest.empty()) {
    const std::size_t best = rest.front();
    std::vector<std::size_t> doubles{best};
    std::vector<std::size_t> others;
    for (std::size_t k = 1; k < rest.size(); ++k) {
      (is_double(poses[best], poses[rest[k]], options) ? doubles : others).push_back(rest[k]);
    }
    rest = std::move(others);
    if (best_score(poses[best]) < options.min_score) continue;
    Pose merged = merge(poses[best], poses, doubles, options);
    if (best_score(merged) < options.min_score) continue;
    merged.score = mean_score(merged) + poses[best].box_score + 1.25F * best_score(merged);
    kept.push_back({static_cast<int>(best), std::move(merged)});
  }
  return kept;
}

}  // namespace poise
