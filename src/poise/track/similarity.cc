#include "poise/track/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "poise/base/assignment.h"
#include "poise/base/check.h"

namespace poise {
namespace {

struct Named {
  Similarity similarity;
  std::string_view name;
};
constexpr Named kNames[] = {{Similarity::kBox, "box"},
                            {Similarity::kPose, "pose"},
                            {Similarity::kFlow, "flow"},
                            {Similarity::kMultiFlow, "multi-flow"}};

}  // namespace

std::string_view name_of(Similarity similarity) {
  for (const Named& named : kNames) {
    if (named.similarity == similarity) return named.name;
  }
  return "";
}

std::optional<Similarity> similarity_of(std::string_view name) {
  for (const Named& named : kNames) {
    if (named.name == name) return named.similarity;
  }
  return std::nullopt;
}

float pose_likeness(const Pose& a, const Pose& b, const Skeleton& skeleton, float min_score, int min_joints) {
  POISE_CHECK(a.keypoints.size() == skeleton.joints.size() && b.keypoints.size() == skeleton.joints.size());
  constexpr double kMeanSigma = 0.079;  // of COCO's 17
  const double area = (double{a.box.area()} + b.box.area()) / 2;
  if (!(area > 0)) return 0;
  double sum = 0;
  int joints = 0;
  for (std::size_t i = 0; i < a.keypoints.size(); ++i) {
    const Keypoint& p = a.keypoints[i];
    const Keypoint& q = b.keypoints[i];
    if (!(p.score >= min_score && q.score >= min_score)) continue;
    ++joints;
    const double sigma = skeleton.joints[i].sigma > 0 ? skeleton.joints[i].sigma : kMeanSigma;
    const double dx = double{p.point.x} - q.point.x;
    const double dy = double{p.point.y} - q.point.y;
    const double e = (dx * dx + dy * dy) / (8 * sigma * sigma * area);
    if (e >= 0) sum += std::exp(-e);
  }
  return joints < min_joints ? 0.0F : static_cast<float>(sum / joints);
}

std::vector<int> match_greedily(const std::vector<float>& likeness, int rows, int columns, float threshold) {
  std::vector<int> order(likeness.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int i, int j) {
    return likeness[static_cast<std::size_t>(i)] > likeness[static_cast<std::size_t>(j)];
  });
  std::vector<int> column_of(static_cast<std::size_t>(rows), -1);
  std::vector<bool> taken(static_cast<std::size_t>(columns), false);
  for (const int pair : order) {
    if (!(likeness[static_cast<std::size_t>(pair)] >= threshold)) break;
    const auto row = static_cast<std::size_t>(pair / columns);
    const auto column = static_cast<std::size_t>(pair % columns);
    if (column_of[row] >= 0 || taken[column]) continue;
    column_of[row] = static_cast<int>(column);
    taken[column] = true;
  }
  return column_of;
}

std::vector<int> match_best_sum(const std::vector<float>& likeness, int rows, int columns, float threshold) {
  std::vector<double> cost(likeness.size());
  for (std::size_t i = 0; i < likeness.size(); ++i) {
    const bool allowed = likeness[i] >= threshold;
    cost[i] = allowed ? -double{likeness[i]} : std::numeric_limits<double>::infinity();
  }
  return assign(cost, rows, columns);
}

}  // namespace poise
