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

#include "poise/base/median.h"
#include "poise/formats/bvh_tree.h"
#include "poise/formats/output_formats.h"

namespace poise {
namespace {

/// What the file is called within: the format has no other place to say it.
constexpr const char* kRootName = "hips_2d_image_plane";
constexpr int kNone = kNoParent;
constexpr double kNeverSeen = 1;  // pixels: a bone of which nothing is known
constexpr double kDegrees = 180 / std::numbers::pi;

using Vector = PlaneVector;
Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y}; }
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y}; }
Vector operator*(double s, Vector a) { return {s * a.x, s * a.y}; }
double length(Vector a) { return std::hypot(a.x, a.y); }
double direction(Vector a) { return std::atan2(a.y, a.x); }
Vector turned(Vector a, double angle) {
  return {std::cos(angle) * a.x - std::sin(angle) * a.y, std::sin(angle) * a.x + std::cos(angle) * a.y};
}

std::string triple(Vector v) { return bvh_number(v.x) + " " + bvh_number(v.y) + " 0.000000"; }

/// One person's motion: what was not seen keeps its place beside its parent.
class Motion {
 public:
  Motion(const BvhTree& tree, const PersonTrack& track, float min_score) : nodes_(tree.nodes()) {
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
    const auto offset = [this](std::size_t n) { return triple(offsets_[n]); };
    std::string text = bvh_hierarchy(nodes_, kRootName, offset) + bvh_motion_head(seen_.size(), frames_per_second);
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
    return lengths.empty() ? kNeverSeen : upper_median(lengths);
  }

  /// The channels of one frame, in the order in which write_node names the joints.
  std::string line(const std::vector<std::optional<Vector>>& seen) {
    std::vector<Vector> place(nodes_.size());
    std::vector<double> angle(nodes_.size(), 0);
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      const BvhNode& node = nodes_[n];
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
    text += triple(offset_now_[n]) + " " + bvh_number(turn_now_[n] * kDegrees) + " 0.000000 0.000000 ";
    for (const int child : nodes_[n].children) append(static_cast<std::size_t>(child), text);
  }

  const std::vector<BvhNode>& nodes_;
  std::vector<std::vector<std::optional<Vector>>> seen_;
  std::vector<Vector> offsets_;     // of the tree at rest
  std::vector<Vector> offset_now_;  // as last seen, in the parent's frame
  std::vector<double> turn_now_;    // radians, against the parent
};

class BvhFiles final : public PersonSequence {
 public:
  static constexpr const char* kEnding = ".bvh";
  BvhFiles(BvhTree tree, const SequenceTarget& target, GrowingFile waiting)
      : PersonSequence(target, kEnding, std::move(waiting)), tree_(std::move(tree)) {}

 private:
  std::string of_person(const PersonTrack& track) override {
    return Motion(tree_, track, target().min_score).text(track.frames_per_second);
  }
  BvhTree tree_;
};

Result<std::unique_ptr<SequenceSink>> open_bvh(const SequenceTarget& target) {
  POISE_TRY(BvhTree tree, BvhTree::of(target.skeleton));
  POISE_TRY(GrowingFile waiting, GrowingFile::create(target.stem.string() + BvhFiles::kEnding));
  return std::unique_ptr<SequenceSink>(std::make_unique<BvhFiles>(std::move(tree), target, std::move(waiting)));
}

}  // namespace

OutputFormat bvh_format() {
  return {"bvh", "motion in the plane of the picture, in pixels, a file a person", {}, open_bvh};
}

}  // namespace poise
