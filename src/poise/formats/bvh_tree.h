#pragma once
// The tree of joints that motion files hang a skeleton in, and their words. Internal to formats. Pure.

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "poise/formats/derived_joints.h"

namespace poise {

inline constexpr int kNoParent = -1;

struct PlaneVector {
  double x = 0, y = 0;  // y up
};

struct BvhNode {
  std::string name;
  DerivedJoint joint;
  int parent = kNoParent;
  PlaneVector rest;  // of unit length; at rest all stand in the plane that faces the viewer
  std::vector<int> children;
};

/// The tree of a skeleton's joints from the hips on, parents before children.
class BvhTree {
 public:
  /// Errors: kUnsupported, where the skeleton has no hips or no shoulders.
  static Result<BvhTree> of(const Skeleton& skeleton);

  const std::vector<BvhNode>& nodes() const { return nodes_; }

 private:
  int find(std::string_view name) const;
  int first_of(const std::array<const char*, 2>& names) const;
  void add(const std::string& name, DerivedJoint joint, int parent, PlaneVector rest);
  int holder(int joint) const;
  void add_others(const Skeleton& skeleton);

  std::vector<BvhNode> nodes_;
};

/// Six digits after the point.
std::string bvh_number(double value);
/// The tree as the file begins with it, six channels a joint; `root_name` stands for the root's own name, and
/// `offset(n)` gives a node's place beside its parent, as three numbers.
std::string bvh_hierarchy(const std::vector<BvhNode>& nodes, const std::string& root_name,
                          const std::function<std::string(std::size_t)>& offset);
/// What stands before the frames' lines.
std::string bvh_motion_head(std::size_t frames, double frames_per_second);

}  // namespace poise
