#include "poise/formats/derived_joints.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace poise {
namespace {

DerivedJoint middle(std::string_view left, std::string_view right, const Skeleton& skeleton) {
  const auto a = skeleton.index_of(left);
  const auto b = skeleton.index_of(right);
  if (!a || !b) return {};
  return {{*a, 0.5F}, {*b, 0.5F}};
}

/// The first of these names that the skeleton has.
DerivedJoint one_of(std::initializer_list<std::string_view> names, const Skeleton& skeleton) {
  for (const std::string_view name : names) {
    if (const auto joint = skeleton.index_of(name)) return {{*joint, 1.0F}};
  }
  return {};
}

DerivedJoint or_else(DerivedJoint first, DerivedJoint second) { return first.empty() ? std::move(second) : first; }

}  // namespace

DerivedJoint derive_joint(std::string_view name, const Skeleton& skeleton) {
  if (const auto same = skeleton.index_of(name)) return {{*same, 1.0F}};
  const DerivedJoint shoulders = middle("left_shoulder", "right_shoulder", skeleton);
  if (name == "mid_hip") return or_else(one_of({"pelvis"}, skeleton), middle("left_hip", "right_hip", skeleton));
  if (name == "neck") return or_else(one_of({"thorax", "head_bottom"}, skeleton), shoulders);
  if (name == "head_bottom") return or_else(one_of({"upper_neck", "neck"}, skeleton), shoulders);
  if (name != "head_top") return {};
  const auto nose = skeleton.index_of("nose");
  DerivedJoint neck = derive_joint("head_bottom", skeleton);
  if (!nose || neck.empty()) return {};
  for (auto& [joint, weight] : neck) weight = -weight;
  neck.emplace_back(*nose, 2.0F);
  return neck;
}

std::optional<Keypoint> place_of(const DerivedJoint& joint, const std::vector<Keypoint>& keypoints, float min_score) {
  if (joint.empty()) return std::nullopt;
  Keypoint result{{0, 0}, keypoints[static_cast<std::size_t>(joint.front().first)].score};
  for (const auto& [source, weight] : joint) {
    const Keypoint& one = keypoints[static_cast<std::size_t>(source)];
    if (!(one.score >= min_score) || !std::isfinite(one.point.x) || !std::isfinite(one.point.y)) return std::nullopt;
    result.point.x += weight * one.point.x;
    result.point.y += weight * one.point.y;
    result.score = std::min(result.score, one.score);
  }
  return result;
}

}  // namespace poise
