#include "poise/metrics/pck.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace poise {
namespace {

constexpr double kScBias = 0.6;  // Simple Baselines lib/dataset/mpii.py, evaluate: SC_BIAS
constexpr double kUnlabelled = -1;
constexpr double kWrong = std::numeric_limits<double>::infinity();

double distance(Point a, Point b) {
  const double dx = double{a.x} - b.x;
  const double dy = double{a.y} - b.y;
  return std::sqrt(dx * dx + dy * dy);
}

std::optional<Point> labelled(const Annotation& truth, std::optional<int> joint) {
  if (!joint) return std::nullopt;
  const auto& one = truth.keypoints[static_cast<std::size_t>(*joint)];
  if (one.visibility == Visibility::kAbsent) return std::nullopt;
  return one.point;
}

double between(const Annotation& truth, std::optional<int> a, std::optional<int> b) {
  const auto from = labelled(truth, a);
  const auto to = labelled(truth, b);
  return from && to ? distance(*from, *to) : 0;
}

/// 0 where it cannot be told.
double reference_of(const PersonPair& pair, const Skeleton& skeleton, PckReference reference) {
  const double w = pair.truth.box.width;
  const double h = pair.truth.box.height;
  switch (reference) {
    case PckReference::kTorso:
      return between(pair.truth, skeleton.index_of("left_shoulder"), skeleton.index_of("right_hip"));
    case PckReference::kBoxLongerSide:
      return std::max(w, h);
    case PckReference::kBoxDiagonal:
      return std::sqrt(w * w + h * h);
    case PckReference::kHead: {
      const auto neck = skeleton.index_of("neck");
      return between(pair.truth, neck ? neck : skeleton.index_of("upper_neck"), skeleton.index_of("head_top"));
    }
    case PckReference::kHeadBox:
      break;
  }
  if (!pair.head_box) return 0;
  const double hw = pair.head_box->width;
  const double hh = pair.head_box->height;
  return std::sqrt(hw * hw + hh * hh) * kScBias;
}

/// The distances over the reference, one a shared joint: kUnlabelled, kWrong, or a share.
std::vector<double> shares(const PersonPair& pair, const std::vector<SharedJoint>& joints, double reference) {
  std::vector<double> result;
  result.reserve(joints.size());
  for (const SharedJoint& joint : joints) {
    const auto truth = labelled(pair.truth, static_cast<int>(joint.truth));
    if (!truth) {
      result.push_back(kUnlabelled);
      continue;
    }
    const double share = pair.pose ? distance(*truth, pair.pose->keypoints[joint.pose].point) / reference : kWrong;
    result.push_back(std::isfinite(share) ? share : kWrong);
  }
  return result;
}

double trapezoids(const std::vector<double>& curve) {
  double sum = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) sum += (curve[i - 1] + curve[i]) / 2;
  return curve.size() < 2 ? -1 : sum / static_cast<double>(curve.size() - 1);
}

/// Right and labelled ones of each joint, at any threshold.
class Tally {
 public:
  explicit Tally(std::size_t joints) : shares_(joints) {}

  void add(const std::vector<double>& person) {
    for (std::size_t j = 0; j < person.size(); ++j) {
      if (person[j] != kUnlabelled) shares_[j].push_back(person[j]);
    }
  }
  std::size_t labelled(std::size_t joint) const { return shares_[joint].size(); }
  std::size_t right(std::size_t joint, double threshold) const {
    std::size_t count = 0;
    for (const double share : shares_[joint]) count += share <= threshold ? 1 : 0;
    return count;
  }
  double rate(std::size_t joint, double threshold) const {
    const std::size_t all = labelled(joint);
    return all == 0 ? -1 : static_cast<double>(right(joint, threshold)) / static_cast<double>(all);
  }

 private:
  std::vector<std::vector<double>> shares_;
};

struct Part {
  const char* name;
  std::array<const char*, 3> joints;
};
constexpr std::array<Part, 7> kParts = {{{"ankle", {"left_ankle", "right_ankle", ""}},
                                         {"knee", {"left_knee", "right_knee", ""}},
                                         {"hip", {"left_hip", "right_hip", ""}},
                                         {"wrist", {"left_wrist", "right_wrist", ""}},
                                         {"elbow", {"left_elbow", "right_elbow", ""}},
                                         {"shoulder", {"left_shoulder", "right_shoulder", ""}},
                                         {"head", {"neck", "upper_neck", "head_top"}}}};

std::vector<PartRate> parts_of(const std::vector<PartRate>& joints) {
  std::vector<PartRate> parts;
  for (const Part& part : kParts) {
    PartRate one{part.name, 0, 0, 0};
    std::size_t members = 0;
    for (const PartRate& joint : joints) {
      bool member = false;
      for (const char* name : part.joints) member = member || joint.name == name;
      if (!member || joint.counted == 0) continue;
      one.rate += joint.rate;
      one.auc += joint.auc;
      one.counted += joint.counted;
      ++members;
    }
    if (members == 0) continue;
    one.rate /= static_cast<double>(members);
    one.auc /= static_cast<double>(members);
    parts.push_back(one);
  }
  return parts;
}

PckResult summarise(const PersonPairs& pairs, const Tally& tally, PckResult result) {
  const std::size_t joints = pairs.joints.size();
  std::size_t used = 0, all = 0, right = 0;
  result.curve.assign(kPckCurve, 0);
  double sum = 0, sum_auc = 0;
  for (std::size_t j = 0; j < joints; ++j) {
    PartRate& one = result.joints.emplace_back(PartRate{pairs.joints[j].name, -1, -1, tally.labelled(j)});
    auto& curve = result.joint_curves.emplace_back();
    if (one.counted == 0) continue;
    one.rate = tally.rate(j, result.options.threshold);
    for (int t = 0; t < kPckCurve; ++t) curve.push_back(tally.rate(j, pck_curve_threshold(t)));
    one.auc = trapezoids(curve);
    for (std::size_t t = 0; t < curve.size(); ++t) result.curve[t] += curve[t];
    sum += one.rate;
    sum_auc += one.auc;
    all += one.counted;
    right += tally.right(j, result.options.threshold);
    ++used;
  }
  result.parts = parts_of(result.joints);
  if (used == 0) {
    result.curve.clear();
    return result;
  }
  for (double& value : result.curve) value /= static_cast<double>(used);
  result.mean = sum / static_cast<double>(used);
  result.auc = sum_auc / static_cast<double>(used);
  result.pooled = static_cast<double>(right) / static_cast<double>(all);
  return result;
}

Result<Tally> tally_of(const PersonPairs& pairs, PckResult& result) {
  Tally tally(pairs.joints.size());
  for (const PersonPair& pair : pairs.persons) {
    const double reference = reference_of(pair, pairs.truth_skeleton, result.options.reference);
    if (!(reference > 0)) {
      ++result.without_reference;
      continue;
    }
    ++result.persons;
    tally.add(shares(pair, pairs.joints, reference));
  }
  if (result.persons > 0 || pairs.persons.empty()) return tally;
  return invalid_argument(std::string("none of the persons has the reference, ") + name_of(result.options.reference) +
                          ": its ends are not labelled, or there are no such boxes");
}

}  // namespace

const char* name_of(PckReference reference) {
  switch (reference) {
    case PckReference::kTorso:
      return "torso (left shoulder to right hip)";
    case PckReference::kBoxLongerSide:
      return "box (its longer side)";
    case PckReference::kBoxDiagonal:
      return "box (its diagonal)";
    case PckReference::kHead:
      return "head (neck to head top)";
    case PckReference::kHeadBox:
      break;
  }
  return "head (0.6 times the head box's diagonal)";
}

double pck_curve_threshold(int i) { return i * 0.01; }  // np.arange(0, .51, .01)

Result<PckResult> measure_pck(const PersonPairs& pairs, const PckOptions& options) {
  PckResult result;
  result.options = options;
  if (!(options.threshold >= 0)) return invalid_argument("the threshold must be 0 or more");
  auto tally = tally_of(pairs, result);
  if (!tally.ok()) return tally.error();
  return summarise(pairs, *tally, std::move(result));
}

Result<PckhResult> measure_pckh(const PersonPairs& pairs, double threshold) {
  PckhResult result;
  result.pck.options = {threshold, PckReference::kHeadBox};
  if (!(threshold >= 0)) return invalid_argument("the threshold must be 0 or more");
  auto tally = tally_of(pairs, result.pck);
  if (!tally.ok()) return tally.error();
  // Weighted by counts, the mean is that of all labelled joints.
  const auto mean_at = [&](double at) {
    std::size_t right = 0, all = 0;
    for (std::size_t j = 0; j < pairs.joints.size(); ++j) {
      if (pairs.joints[j].name == "pelvis" || pairs.joints[j].name == "thorax") continue;
      right += tally->right(j, at);
      all += tally->labelled(j);
    }
    return all == 0 ? -1.0 : static_cast<double>(right) / static_cast<double>(all);
  };
  result.mean = mean_at(threshold);
  result.mean_10 = mean_at(pck_curve_threshold(10));
  result.mean_11 = mean_at(pck_curve_threshold(11));
  result.pck = summarise(pairs, *tally, std::move(result.pck));
  for (PartRate& part : result.pck.parts) {
    if (part.name != "head") continue;
    for (const PartRate& joint : result.pck.joints) {
      if (joint.name == "head_top") part = {"head", joint.rate, joint.auc, joint.counted};
    }
  }
  return result;
}

}  // namespace poise
