#include "poise/metrics/rescoring.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/check.h"
#include "poise/metrics/numpy_sum.h"
#include "poise/person/oks.h"

namespace poise {

float rescore(const Pose& pose, ScoreMode mode, float visible_threshold) {
  switch (mode) {
    case ScoreMode::kBox:
      return pose.box_score;
    case ScoreMode::kBoxTimesJoints:
      return person_score(pose.keypoints, pose.box_score, visible_threshold);
    case ScoreMode::kBoxPlusJoints:
      break;
  }
  if (pose.keypoints.empty()) return pose.box_score;
  std::vector<float> scores;
  for (const Keypoint& keypoint : pose.keypoints) scores.push_back(keypoint.score);
  // In the reference's own order and precision: persons of whom all is seen would tie or not by a rounding.
  const float mean = numpy_sum(scores.data(), scores.size()) / static_cast<float>(scores.size());
  return pose.box_score + mean + *std::max_element(scores.begin(), scores.end());
}

std::vector<SoftKept> soft_oks_nms(std::span<const Pose> poses, std::span<const float> areas, const Skeleton& skeleton,
                                   float threshold, int max_poses) {
  POISE_CHECK(poses.size() == areas.size() && threshold > 0);
  struct Candidate {
    std::size_t index;
    double score;
  };
  std::vector<Candidate> rest;
  for (std::size_t i = 0; i < poses.size(); ++i) {
    const double score = poses[i].score;  // NaN would break the order: it goes last
    rest.push_back({i, std::isnan(score) ? -std::numeric_limits<double>::infinity() : score});
  }
  std::vector<SoftKept> kept;
  while (!rest.empty() && static_cast<int>(kept.size()) < max_poses) {
    const auto best = std::max_element(rest.begin(), rest.end(),
                                       [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
    const Candidate chosen = *best;
    rest.erase(best);
    kept.push_back({static_cast<int>(chosen.index), static_cast<float>(chosen.score)});
    for (Candidate& other : rest) {
      const double alike = oks(poses[chosen.index].keypoints, areas[chosen.index], poses[other.index].keypoints,
                               areas[other.index], skeleton);
      other.score *= std::exp(-alike * alike / double{threshold});
    }
  }
  return kept;
}

}  // namespace poise
