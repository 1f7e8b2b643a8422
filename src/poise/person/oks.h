#pragma once
// How alike two poses are, and non-maximum suppression by it: object keypoint similarity. Pure.

#include <span>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

/// Object keypoint similarity of two predictions, in [0, 1]: e_i = d_i^2 / (2 sigma_i)^2 / ((area_a + area_b)/2 + eps)
/// / 2, mean of exp(-e_i). Source: Simple Baselines lib/nms/nms.py, oks_iou. Areas in square pixels.
float oks(const std::vector<Keypoint>& a, float area_a, const std::vector<Keypoint>& b, float area_b,
          const Skeleton& skeleton);

/// Greedy: keep the best, drop what is more alike than `threshold` (lib/nms/nms.py, oks_nms, threshold 0.9).
/// areas[i] belongs to poses[i] (Simple Baselines takes the padded box). Returns kept indices, best first.
std::vector<int> oks_nms(std::span<const Pose> poses, std::span<const float> areas, const Skeleton& skeleton,
                         float threshold = 0.9F);

}  // namespace poise
