// Biovision's motion files of people seen in two dimensions: all moves in the plane of the picture, x to the right and
// y up, in pixels; bones turn about z alone. A bone that points at the camera looks shorter, so each joint has position
// channels too, which stand for its offset (as Blender reads them): with them places are exact, without them, in
// readers that know none, directions are, over bones of each person's median length.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <optional>

#include "poise/formats/derived_joints.h"
#include "poise/formats/output_formats.h"

namespace poise {
namespace {

constexpr const char* kRoot = "mid_hip";
/// What the file is called within: the format has no other place to say it.
constexpr const char* kRootName = "hips_2d_image_plane";
constexpr int kNone = -1;
constexpr double kNeverSeen = 1;  // pixels: a bone of which nothing is known
constexpr double kDegrees = 180 / std::numbers::pi;

struct Vector {
  double x = 0, y = 0;
};
Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y}; }
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y}; }
Vector operator*(double s, Vector a) { return {s * a.x, s * a.y}; }
double length(Vector a) { return std::hypot(a.x, a.y); }
double direction(Vector a) { return std::atan2(a.y, a.x); }
Vector turned(Vector a, double angle) {
  return {std::cos(angle) * a.x - std::sin(angle) * a.y, std::sin(angle) * a.x + std::cos(angle) * a.y};
}

/// At rest a person stands before the camera, arms to the sides: their left is to the right. Parents come first; the
/// first child in this order is the one a joint turns towards.
struct Bone {
  const char* joint;
  std::array<const char*, 2> parents;  // the first that is there
  Vector rest;
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

struct Node {
  std::string name;
  DerivedJoint joint;
  int parent = kNone;
  Vector rest;  // of unit length
  std::vector<int> children;
};

/// The tree of a skeleton's joints, parents before children.
class Tree {
 public:
  /// Errors: kUnsupported, where the skeleton has no hips or no shoulders.
  static Result<Tree> of(const Skeleton& skeleton) {
    Tree tree;
    const DerivedJoint hips = derive_joint(kRoot, skeleton);
    const DerivedJoint neck = derive_joint("neck", skeleton);
    if (hips.empty() || neck.empty()) {
      return Error{ErrorCode::kUnsupported,
                   "bvh wants hips and shoulders, which the skeleton " + skeleton.name + " has not"};
    }
    tree.add(kRoot, hips, kNone, {0, 1});
    for (const Bone& bone : kBones) {
      const bool made = std::string_view(bone.joint) == "neck";
      if (!made && !skeleton.index_of(bone.joint)) continue;
      const int parent = tree.first_of(bone.parents);
      if (parent != kNone) tree.add(bone.joint, derive_joint(bone.joint, skeleton), parent, bone.rest);
    }
    tree.add_others(skeleton);
    return tree;
  }

  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  int find(std::string_view name) const {
    const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.name == name; });
    return found == nodes_.end() ? kNone : static_cast<int>(found - nodes_.begin());
  }
  int first_of(const std::array<const char*, 2>& names) const {
    const int first = find(names[0]);
    return first != kNone ? first : find(names[1]);
  }
  void add(const std::string& name, DerivedJoint joint, int parent, Vector rest) {
    if (parent != kNone) nodes_[static_cast<std::size_t>(parent)].children.push_back(static_cast<int>(nodes_.size()));
    nodes_.push_back({name, std::move(joint), parent, rest, {}});
  }
  /// Whether the tree has the skeleton's joint, by itself or as what neck or hips are.
  int holder(int joint) const {
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      const DerivedJoint& parts = nodes_[n].joint;
      if (parts.size() == 1 && parts.front().first == joint) return static_cast<int>(n);
    }
    return kNone;
  }
  /// Joints that only the skeleton knows hang where its limbs hang them; what no limb leads to is left out.
  void add_others(const Skeleton& skeleton) {
    for (bool grown = true; grown;) {
      grown = false;
      for (const Limb& limb : skeleton.limbs) {
        for (const auto& [from, to] : {std::pair{limb.from, limb.to}, {limb.to, limb.from}}) {
          if (holder(from) == kNone || holder(to) != kNone) continue;
          add(skeleton.joints[static_cast<std::size_t>(to)].name, {{to, 1.0F}}, holder(from), {0, 1});
          grown = true;
        }
      }
    }
  }

  std::vector<Node> nodes_;
};

std::string number(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.6f", value);
  return text.data();
}

std::string triple(Vector v) { return number(v.x) + " " + number(v.y) + " 0.000000"; }

/// A name without what ends a word.
std::string word(std::string name) {
  for (char& c : name) {
    if (c <= ' ' || c == '{' || c == '}') c = '_';
  }
  return name;
}

/// One person's motion: what was not seen keeps its place beside its parent.
class Motion {
 public:
  Motion(const Tree& tree, const PersonTrack& track, float min_score) : nodes_(tree.nodes()) {
    for (const PersonTrack::Moment& moment : track.moments) {
      std::vector<std::optional<Vector>>& places = seen_.emplace_back(nodes_.size());
      for (std::size_t n = 0; n < nodes_.size() && !moment.keypoints.empty(); ++n) {
        const auto place = place_of(nodes_[n].joint, moment.keypoints, min_score);
        // The picture's y points down.
        if (place) places[n] = Vector{place->point.x, -static_cast<double>(place->point.y)};
      }
    }
    for (std::size_t n = 0; n < nodes_.size(); ++n) offsets_.push_back(median_length(n) * nodes_[n].rest);
    offsets_.front() = {};
  }

  std::string text(double frames_per_second) {
    std::string text = "HIERARCHY\n";
    write_node(0, 0, text);
    text += "MOTION\nFrames: " + std::to_string(seen_.size()) + "\nFrame Time: " + number(1 / frames_per_second) + "\n";
    offset_now_ = offsets_;
    turn_now_.assign(nodes_.size(), 0);
    for (const auto& places : seen_) text += line(places);
    return text;
  }

 private:
  double median_length(std::size_t n) const {
    std::vector<double> lengths;
    for (const auto& places : seen_) {
      if (nodes_[n].parent == kNone) break;
      const auto& parent = places[static_cast<std::size_t>(nodes_[n].parent)];
      if (places[n] && parent) lengths.push_back(length(*places[n] - *parent));
    }
    if (lengths.empty()) return kNeverSeen;
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
    std::nth_element(lengths.begin(), middle, lengths.end());
    return *middle;
  }

  void write_node(std::size_t n, int depth, std::string& text) const {
    const std::string indent(static_cast<std::size_t>(depth), '\t');
    const Node& node = nodes_[n];
    text += indent + (n == 0 ? std::string("ROOT ") + kRootName : "JOINT " + word(node.name)) + "\n" + indent + "{\n";
    text += indent + "\tOFFSET " + triple(offsets_[n]) + "\n";
    text += indent + "\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n";
    for (const int child : node.children) write_node(static_cast<std::size_t>(child), depth + 1, text);
    if (node.children.empty()) {
      text += indent + "\tEnd Site\n" + indent + "\t{\n" + indent + "\t\tOFFSET 0.000000 0.000000 0.000000\n" + indent +
              "\t}\n";
    }
    text += indent + "}\n";
  }

  /// The channels of one frame, in the order in which write_node names the joints.
  std::string line(const std::vector<std::optional<Vector>>& seen) {
    std::vector<Vector> place(nodes_.size());
    std::vector<double> angle(nodes_.size(), 0);
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      const Node& node = nodes_[n];
      const auto parent = static_cast<std::size_t>(std::max(node.parent, 0));
      const Vector origin = node.parent == kNone ? Vector{} : place[parent];
      const double base = node.parent == kNone ? 0 : angle[parent];
      place[n] = seen[n] ? *seen[n] : origin + turned(offset_now_[n], base);
      offset_now_[n] = turned(place[n] - origin, -base);
      if (!node.children.empty()) {
        const auto child = static_cast<std::size_t>(node.children.front());
        if (seen[n] && seen[child]) {
          const double wanted = direction(*seen[child] - *seen[n]) - direction(nodes_[child].rest) - base;
          // The nearest of equal angles, so that nothing spins between two frames.
          turn_now_[n] += std::remainder(wanted - turn_now_[n], 2 * std::numbers::pi);
        }
      }
      angle[n] = base + turn_now_[n];
    }
    std::string text;
    append(0, text);
    text.back() = '\n';
    return text;
  }

  void append(std::size_t n, std::string& text) const {
    text += triple(offset_now_[n]) + " " + number(turn_now_[n] * kDegrees) + " 0.000000 0.000000 ";
    for (const int child : nodes_[n].children) append(static_cast<std::size_t>(child), text);
  }

  const std::vector<Node>& nodes_;
  std::vector<std::vector<std::optional<Vector>>> seen_;
  std::vector<Vector> offsets_;     // of the tree at rest
  std::vector<Vector> offset_now_;  // as last seen, in the parent's frame
  std::vector<double> turn_now_;    // radians, against the parent
};

class BvhFiles final : public PersonSequence {
 public:
  static constexpr const char* kEnding = ".bvh";
  BvhFiles(Tree tree, const SequenceTarget& target, GrowingFile waiting)
      : PersonSequence(target, kEnding, std::move(waiting)), tree_(std::move(tree)) {}

 private:
  std::string of_person(const PersonTrack& track) override {
    return Motion(tree_, track, target().min_score).text(track.frames_per_second);
  }
  Tree tree_;
};

Result<std::unique_ptr<SequenceSink>> open_bvh(const SequenceTarget& target) {
  POISE_TRY(Tree tree, Tree::of(target.skeleton));
  POISE_TRY(GrowingFile waiting, GrowingFile::create(target.stem.string() + BvhFiles::kEnding));
  return std::unique_ptr<SequenceSink>(std::make_unique<BvhFiles>(std::move(tree), target, std::move(waiting)));
}

}  // namespace

OutputFormat bvh_format() {
  return {"bvh", "motion in the plane of the picture, in pixels, a file a person", {}, open_bvh};
}

}  // namespace poise
