// Biovision's motion files of people in space: y up, centimetres, a person at rest looks along z, arms to the sides. A
// joint with several bones turns as fits them best, one with a single bone by the shortest turn: what twist a bone has
// about itself, points do not tell. As in the plane (bvh.cc) each joint has position channels too, with which places
// are exact; readers that leave them out see the same directions over bones of median length.

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "poise/base/median.h"
#include "poise/formats/bvh_tree.h"
#include "poise/formats/world_writers.h"

namespace poise {
namespace {

constexpr double kCentimetres = 100;
constexpr double kNeverSeen = 1;  // a bone of which nothing is known
constexpr double kDegrees = 180 / std::numbers::pi;

Point3 at_rest(const BvhNode& node) { return {node.rest.x, node.rest.y, 0}; }

std::optional<Point3> place_of(const DerivedJoint& joint, const WorldPose& pose) {
  Point3 sum;
  for (const auto& [index, weight] : joint) {
    const Point3 point = pose.keypoints[static_cast<std::size_t>(index)].point;
    if (!is_finite(point)) return std::nullopt;
    sum = sum + static_cast<double>(weight) * point;
  }
  return sum;
}

/// Turns about z, then x, then y, as the channels name them; nearest to the angles before.
Point3 angles_of(const Matrix3& turn, Point3 before) {
  const double x = std::asin(std::clamp(turn(2, 1), -1.0, 1.0));
  const double z = std::atan2(-turn(0, 1), turn(1, 1)), y = std::atan2(-turn(2, 0), turn(2, 2));
  const auto near = [](double angle, double to) { return to + std::remainder(angle - to, 2 * std::numbers::pi); };
  return {x, near(y, before.y), near(z, before.z)};
}

class Motion {
 public:
  Motion(const BvhTree& tree, const WorldPoseSet& set, const WorldTrack& track) : nodes_(tree.nodes()) {
    const Matrix3 y_up = y_up_from(set.up);
    for (const WorldTrack::Moment& moment : track.moments) {
      auto& places = seen_.emplace_back(nodes_.size());
      for (std::size_t n = 0; n < nodes_.size() && moment.pose != nullptr; ++n) {
        if (const auto place = place_of(nodes_[n].joint, *moment.pose)) places[n] = kCentimetres * (y_up * *place);
      }
    }
    for (std::size_t n = 0; n < nodes_.size(); ++n) offsets_.push_back(median_length(n) * at_rest(nodes_[n]));
    offsets_.front() = {};
  }

  std::string text(double frames_per_second) {
    const auto offset = [this](std::size_t n) { return triple(offsets_[n]); };
    std::string text = bvh_hierarchy(nodes_, "hips", offset) + bvh_motion_head(seen_.size(), frames_per_second);
    offset_now_ = offsets_;
    turn_now_.assign(nodes_.size(), {});
    angles_now_.assign(nodes_.size(), {});
    for (const auto& places : seen_) text += line(places);
    return text;
  }

 private:
  using Places = std::vector<std::optional<Point3>>;

  double median_length(std::size_t n) const {
    std::vector<double> lengths;
    for (const Places& places : seen_) {
      if (nodes_[n].parent == kNoParent) break;
      const auto& parent = places[static_cast<std::size_t>(nodes_[n].parent)];
      if (places[n] && parent) lengths.push_back(distance(*places[n], *parent));
    }
    return lengths.empty() ? kNeverSeen : upper_median(lengths);
  }

  static std::string triple(Point3 p) { return bvh_number(p.x) + " " + bvh_number(p.y) + " " + bvh_number(p.z); }

  /// In the world, from what is seen of the bones that start at node n, which stands at `place`.
  std::optional<Matrix3> turn_of(std::size_t n, const Places& seen, Point3 place, const Matrix3& base) const {
    Matrix3 products{{0, 0, 0, 0, 0, 0, 0, 0, 0}};  // sum of seen rest^T
    std::optional<Matrix3> shortest;
    for (const int child : nodes_[n].children) {
      const auto& to = seen[static_cast<std::size_t>(child)];
      if (!seen[n] || !to || distance(*to, place) == 0) continue;
      const Point3 bone = (1 / distance(*to, place)) * (*to - place);
      const Point3 rest = at_rest(nodes_[static_cast<std::size_t>(child)]);
      if (!shortest) shortest = shortest_turn(base * rest, bone) * base;
      products = Matrix3::from_columns(products.column(0) + rest.x * bone, products.column(1) + rest.y * bone,
                                       products.column(2));
    }
    constexpr double kOneLine = 0.05;  // bones along one line leave the turn about it open
    const Svd3 parts = svd(products);
    if (parts.s[1] > kOneLine * parts.s[0]) return nearest_rotation(products);
    return shortest;
  }

  /// The channels of one frame, in the order in which write_node names the joints.
  std::string line(const Places& seen) {
    std::vector<Point3> place(nodes_.size());
    std::vector<Matrix3> turn(nodes_.size());
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      const bool root = nodes_[n].parent == kNoParent;
      const auto parent = static_cast<std::size_t>(std::max(nodes_[n].parent, 0));
      const Point3 origin = root ? Point3{} : place[parent];
      const Matrix3 base = root ? Matrix3{} : turn[parent];
      place[n] = seen[n] ? *seen[n] : origin + base * offset_now_[n];
      offset_now_[n] = transposed(base) * (place[n] - origin);
      if (const auto seen_turn = turn_of(n, seen, place[n], base)) turn_now_[n] = transposed(base) * *seen_turn;
      turn[n] = base * turn_now_[n];
      angles_now_[n] = angles_of(turn_now_[n], angles_now_[n]);
    }
    std::string text;
    append(0, text);
    text.back() = '\n';
    return text;
  }

  void append(std::size_t n, std::string& text) const {
    const Point3 angles = kDegrees * angles_now_[n];
    text += triple(offset_now_[n]) + " " + bvh_number(angles.z) + " " + bvh_number(angles.x) + " " +
            bvh_number(angles.y) + " ";
    for (const int child : nodes_[n].children) append(static_cast<std::size_t>(child), text);
  }

  const std::vector<BvhNode>& nodes_;
  std::vector<Places> seen_;
  std::vector<Point3> offsets_;     // of the tree at rest
  std::vector<Point3> offset_now_;  // as last seen, in the parent's frame
  std::vector<Matrix3> turn_now_;   // against the parent
  std::vector<Point3> angles_now_;  // radians about x, y and z
};

}  // namespace

Result<std::string> world_bvh(const WorldPoseSet& set, const WorldTrack& track) {
  POISE_TRY(const BvhTree tree, BvhTree::of(set.skeleton));
  return Motion(tree, set, track).text(track.frames_per_second);
}

}  // namespace poise
