#pragma once
// Joints that a format wants and a skeleton has not, made of those that it has. Not for users.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

/// A weighted sum of joints; the weights sum to 1. Empty: it cannot be made.
using DerivedJoint = std::vector<std::pair<int, float>>;

/// The joint of that name; else mid_hip: pelvis, or the middle of the hips; neck: thorax, head_bottom, or the middle of
/// the shoulders; head_bottom: upper_neck, neck, or the middle of the shoulders; head_top: as far beyond the nose as
/// the neck is before it.
DerivedJoint derive_joint(std::string_view name, const Skeleton& skeleton);
/// Its place, with the smallest score of its sources; nothing where one is under min_score, or no point.
std::optional<Keypoint> place_of(const DerivedJoint& joint, const std::vector<Keypoint>& keypoints, float min_score);

}  // namespace poise
