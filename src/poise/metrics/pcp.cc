#include "poise/metrics/pcp.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace poise {
namespace {

struct Stick {
  const char* name;
  const char* part;
  // An end is the mean of its joints; "" where it is one alone.
  std::array<const char*, 2> from, to;
};
constexpr std::array<Stick, 10> kSticks = {
    {{"right_lower_leg", "lower_legs", {"right_ankle", ""}, {"right_knee", ""}},
     {"right_upper_leg", "upper_legs", {"right_knee", ""}, {"right_hip", ""}},
     {"left_upper_leg", "upper_legs", {"left_hip", ""}, {"left_knee", ""}},
     {"left_lower_leg", "lower_legs", {"left_knee", ""}, {"left_ankle", ""}},
     {"right_lower_arm", "lower_arms", {"right_wrist", ""}, {"right_elbow", ""}},
     {"right_upper_arm", "upper_arms", {"right_elbow", ""}, {"right_shoulder", ""}},
     {"left_upper_arm", "upper_arms", {"left_shoulder", ""}, {"left_elbow", ""}},
     {"left_lower_arm", "lower_arms", {"left_elbow", ""}, {"left_wrist", ""}},
     {"head", "head", {"neck", ""}, {"head_top", ""}},
     {"torso", "torso", {"left_shoulder", "right_shoulder"}, {"left_hip", "right_hip"}}}};
constexpr std::array<const char*, 6> kParts = {"lower_legs", "upper_legs", "lower_arms", "upper_arms", "head", "torso"};

struct Place {
  double x = 0, y = 0;
};
double distance(Place a, Place b) { return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)); }

using End = std::vector<SharedJoint>;

const SharedJoint* find(const PersonPairs& pairs, const std::string& name) {
  for (const SharedJoint& joint : pairs.joints) {
    if (joint.name == name) return &joint;
  }
  return nullptr;
}

/// Nothing where one of the skeletons lacks a joint of it.
std::optional<End> end_of(const PersonPairs& pairs, const std::array<const char*, 2>& names) {
  End end;
  for (const std::string name : names) {
    if (name.empty()) continue;
    const SharedJoint* joint = find(pairs, name);
    if (joint == nullptr && name == "neck") joint = find(pairs, "upper_neck");
    if (joint == nullptr) return std::nullopt;
    end.push_back(*joint);
  }
  return end;
}

std::optional<Place> true_place(const Annotation& truth, const End& end) {
  Place place;
  for (const SharedJoint& joint : end) {
    const auto& one = truth.keypoints[joint.truth];
    if (one.visibility == Visibility::kAbsent) return std::nullopt;
    place.x += double{one.point.x} / static_cast<double>(end.size());
    place.y += double{one.point.y} / static_cast<double>(end.size());
  }
  return place;
}

/// NaN where a joint was not found.
Place found_place(const Pose& pose, const End& end) {
  Place place;
  for (const SharedJoint& joint : end) {
    place.x += double{pose.keypoints[joint.pose].point.x} / static_cast<double>(end.size());
    place.y += double{pose.keypoints[joint.pose].point.y} / static_cast<double>(end.size());
  }
  return place;
}

/// Of all persons with both ends labelled; what is left out or of no length is counted in `result`.
PartRate rate_of(const Stick& stick, const PersonPairs& pairs, const End& from, const End& to, double threshold,
                 PcpResult& result) {
  PartRate rate{stick.name, -1, -1, 0};
  std::size_t right = 0;
  for (const PersonPair& pair : pairs.persons) {
    const auto a = true_place(pair.truth, from);
    const auto b = true_place(pair.truth, to);
    if (!a || !b) {
      ++result.unlabelled;
      continue;
    }
    ++rate.counted;
    const double length = distance(*a, *b);
    if (!(length > 0)) {
      ++result.zero_length;
      continue;
    }
    if (!pair.pose) continue;
    // Comparisons with NaN are false: what was not found is wrong.
    const double at_a = distance(*a, found_place(*pair.pose, from)) / length;
    const double at_b = distance(*b, found_place(*pair.pose, to)) / length;
    const bool good =
        result.rule == PcpRule::kStrict ? at_a <= threshold && at_b <= threshold : (at_a + at_b) / 2 <= threshold;
    right += good ? 1 : 0;
  }
  if (rate.counted > 0) rate.rate = static_cast<double>(right) / static_cast<double>(rate.counted);
  return rate;
}

/// The mean of the part's sticks; `counted` is 0 where nobody has one.
PartRate part_of(const char* part, const std::vector<PartRate>& sticks) {
  PartRate one{part, 0, -1, 0};
  std::size_t members = 0;
  for (const PartRate& stick : sticks) {
    bool member = false;
    for (const Stick& known : kSticks) member = member || (known.name == stick.name && known.part == one.name);
    if (!member || stick.counted == 0) continue;
    one.rate += stick.rate;
    one.counted += stick.counted;
    ++members;
  }
  if (members > 0) one.rate /= static_cast<double>(members);
  return one;
}

}  // namespace

Result<PcpResult> measure_pcp(const PersonPairs& pairs, PcpRule rule, double threshold) {
  if (!(threshold >= 0)) return invalid_argument("the threshold must be 0 or more");
  PcpResult result;
  result.rule = rule;
  result.threshold = threshold;
  double sum = 0;
  std::size_t used = 0;
  for (const Stick& stick : kSticks) {
    const auto from = end_of(pairs, stick.from);
    const auto to = end_of(pairs, stick.to);
    if (!from || !to) {
      result.left_out.emplace_back(stick.name);
      continue;
    }
    result.sticks.push_back(rate_of(stick, pairs, *from, *to, threshold, result));
    if (result.sticks.back().counted == 0) continue;
    sum += result.sticks.back().rate;
    ++used;
  }
  if (result.sticks.empty()) return invalid_argument("truth and predictions share no stick of PCP");
  for (const char* part : kParts) {
    PartRate one = part_of(part, result.sticks);
    if (one.counted > 0) result.parts.push_back(std::move(one));
  }
  if (used > 0) result.mean = sum / static_cast<double>(used);
  return result;
}

}  // namespace poise
