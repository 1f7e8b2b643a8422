#pragma once
// How alike two poses of a video are, for linking them: the measures of Simple Baselines' ablation (section 3.3).

#include <optional>
#include <string_view>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

enum class Similarity {
  kBox,        // S_bbox: overlap of the boxes
  kPose,       // S_pose: OKS of the poses as they were
  kFlow,       // S_flow: OKS of the poses carried from the frame before by optical flow
  kMultiFlow,  // S_multi-flow: the best of those carried from several frames before
};
/// "box", "pose", "flow", "multi-flow".
std::string_view name_of(Similarity similarity);
std::optional<Similarity> similarity_of(std::string_view name);

/// OKS over the joints that score at least `min_score` in both, relative to the mean of the areas of the poses' boxes,
/// in [0, 1]; 0 where fewer than `min_joints` are in both. Joints without a sigma of their own have COCO's mean, .079.
/// Poses have the same skeleton's joints. Pure.
float pose_likeness(const Pose& a, const Pose& b, const Skeleton& skeleton, float min_score, int min_joints = 2);

/// Greedy: the most alike pair first, then the next of what is left, down to `threshold`. `likeness` is (rows, columns)
/// row-major; the result has the column of each row, or -1. Pure.
std::vector<int> match_greedily(const std::vector<float>& likeness, int rows, int columns, float threshold);
/// The matching whose likeness adds up to the most, of pairs at or over `threshold`. Pure.
std::vector<int> match_best_sum(const std::vector<float>& likeness, int rows, int columns, float threshold);

}  // namespace poise
