#include "poise/formats/bvh_tree.h"

#include <algorithm>
#include <cstdio>

namespace poise {
namespace {

constexpr const char* kRoot = "mid_hip";

/// At rest a person stands before the camera, arms to the sides: their left is to the right. Parents come first; the
/// first child in this order is the one a joint turns towards.
struct Bone {
  const char* joint;
  std::array<const char*, 2> parents;  // the first that is there
  PlaneVector rest;
};
constexpr Bone kBones[] = {{"neck", {kRoot, ""}, {0, 1}},
                           {"upper_neck", {"neck", ""}, {0, 1}},
                           {"nose", {"upper_neck", "neck"}, {0, 1}},
                           {"head_top", {"upper_neck", "neck"}, {0, 1}},
                           {"left_eye", {"nose", ""}, {0.6, 0.8}},
                           {"right_eye", {"nose", ""}, {-0.6, 0.8}},
                           {"left_ear", {"left_eye", "nose"}, {1, 0}},
                           {"right_ear", {"right_eye", "nose"}, {-1, 0}},
                           {"left_shoulder", {"neck", ""}, {1, 0}},
                           {"left_elbow", {"left_shoulder", ""}, {1, 0}},
                           {"left_wrist", {"left_elbow", ""}, {1, 0}},
                           {"right_shoulder", {"neck", ""}, {-1, 0}},
                           {"right_elbow", {"right_shoulder", ""}, {-1, 0}},
                           {"right_wrist", {"right_elbow", ""}, {-1, 0}},
                           {"left_hip", {kRoot, ""}, {1, 0}},
                           {"left_knee", {"left_hip", ""}, {0, -1}},
                           {"left_ankle", {"left_knee", ""}, {0, -1}},
                           {"right_hip", {kRoot, ""}, {-1, 0}},
                           {"right_knee", {"right_hip", ""}, {0, -1}},
                           {"right_ankle", {"right_knee", ""}, {0, -1}}};

/// A name without what ends a word.
std::string word(std::string name) {
  for (char& c : name) {
    if (c <= ' ' || c == '{' || c == '}') c = '_';
  }
  return name;
}

}  // namespace

Result<BvhTree> BvhTree::of(const Skeleton& skeleton) {
  BvhTree tree;
  const DerivedJoint hips = derive_joint(kRoot, skeleton);
  const DerivedJoint neck = derive_joint("neck", skeleton);
  if (hips.empty() || neck.empty()) {
    return unsupported("bvh wants hips and shoulders, which the skeleton " + skeleton.name + " has not");
  }
  tree.add(kRoot, hips, kNoParent, {0, 1});
  for (const Bone& bone : kBones) {
    const bool made = std::string_view(bone.joint) == "neck";
    if (!made && !skeleton.index_of(bone.joint)) continue;
    const int parent = tree.first_of(bone.parents);
    if (parent != kNoParent) tree.add(bone.joint, derive_joint(bone.joint, skeleton), parent, bone.rest);
  }
  tree.add_others(skeleton);
  return tree;
}

int BvhTree::find(std::string_view name) const {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const BvhNode& node) { return node.name == name; });
  return found == nodes_.end() ? kNoParent : static_cast<int>(found - nodes_.begin());
}

int BvhTree::first_of(const std::array<const char*, 2>& names) const {
  const int first = find(names[0]);
  return first != kNoParent ? first : find(names[1]);
}

void BvhTree::add(const std::string& name, DerivedJoint joint, int parent, PlaneVector rest) {
  if (parent != kNoParent) nodes_[static_cast<std::size_t>(parent)].children.push_back(static_cast<int>(nodes_.size()));
  nodes_.push_back({name, std::move(joint), parent, rest, {}});
}

/// Whether the tree has the skeleton's joint, by itself or as what neck or hips are.
int BvhTree::holder(int joint) const {
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const DerivedJoint& parts = nodes_[n].joint;
    if (parts.size() == 1 && parts.front().first == joint) return static_cast<int>(n);
  }
  return kNoParent;
}

/// Joints that only the skeleton knows hang where its limbs hang them; what no limb leads to is left out.
void BvhTree::add_others(const Skeleton& skeleton) {
  for (bool grown = true; grown;) {
    grown = false;
    for (const Limb& limb : skeleton.limbs) {
      for (const auto& [from, to] : {std::pair{limb.from, limb.to}, {limb.to, limb.from}}) {
        if (holder(from) == kNoParent || holder(to) != kNoParent) continue;
        add(skeleton.joints[static_cast<std::size_t>(to)].name, {{to, 1.0F}}, holder(from), {0, 1});
        grown = true;
      }
    }
  }
}

std::string bvh_number(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.6f", value);
  return text.data();
}

std::string bvh_hierarchy(const std::vector<BvhNode>& nodes, const std::string& root_name,
                          const std::function<std::string(std::size_t)>& offset) {
  std::string text = "HIERARCHY\n";
  const auto write = [&](const auto& self, std::size_t n, int depth) -> void {
    const std::string indent(static_cast<std::size_t>(depth), '\t');
    text += indent + (n == 0 ? "ROOT " + root_name : "JOINT " + word(nodes[n].name)) + "\n" + indent + "{\n";
    text += indent + "\tOFFSET " + offset(n) + "\n";
    text += indent + "\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n";
    for (const int child : nodes[n].children) self(self, static_cast<std::size_t>(child), depth + 1);
    if (nodes[n].children.empty()) {
      text += indent + "\tEnd Site\n" + indent + "\t{\n" + indent + "\t\tOFFSET 0.000000 0.000000 0.000000\n" + indent +
              "\t}\n";
    }
    text += indent + "}\n";
  };
  write(write, 0, 0);
  return text;
}

std::string bvh_motion_head(std::size_t frames, double frames_per_second) {
  return "MOTION\nFrames: " + std::to_string(frames) + "\nFrame Time: " + bvh_number(1 / frames_per_second) + "\n";
}

}  // namespace poise
