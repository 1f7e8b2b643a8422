#include "poise/metrics/mpjpe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "poise/base/assignment.h"
#include "poise/base/counted.h"

namespace poise {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Indices in truth and prediction of what is called the same.
Result<std::vector<std::pair<std::size_t, std::size_t>>> common_joints(const WorldPoseSet& truth,
                                                                       const WorldPoseSet& predicted,
                                                                       std::vector<std::string>& notes) {
  std::vector<std::pair<std::size_t, std::size_t>> common;
  const std::size_t count = truth.skeleton.joints.size(), other = predicted.skeleton.joints.size();
  if (!truth.named || !predicted.named) {
    if (count != other) {
      return invalid_argument("the truth has " + counted(count, "joint") + ", the prediction " + std::to_string(other) +
                              ", and they have no names to meet by: give the same joints in the same order");
    }
    for (std::size_t i = 0; i < count; ++i) common.emplace_back(i, i);
    return common;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = predicted.skeleton.index_of(truth.skeleton.joints[i].name);
    if (at) common.emplace_back(i, static_cast<std::size_t>(*at));
  }
  if (common.empty()) return invalid_argument("truth and prediction have no joint of the same name");
  if (common.size() < std::max(count, other)) {
    notes.push_back(counted(common.size(), "joint is", "joints are") + " in both: of " + std::to_string(count) +
                    " of the truth and " + std::to_string(other) + " predicted");
  }
  return common;
}

/// The mean distance of joints that both know; infinite where there is none.
double apart(const WorldPair& pair) {
  double sum = 0;
  int count = 0;
  for (std::size_t j = 0; j < pair.truth.size(); ++j) {
    if (!is_finite(pair.truth[j]) || !is_finite(pair.predicted[j])) continue;
    sum += distance(pair.truth[j], pair.predicted[j]);
    ++count;
  }
  return count == 0 ? std::numeric_limits<double>::infinity() : sum / count;
}

void pair_frame(const WorldFrame& truth, const WorldFrame* predicted,
                const std::vector<std::pair<std::size_t, std::size_t>>& common, WorldPairs& pairs) {
  const std::size_t rows = truth.poses.size(), columns = predicted == nullptr ? 0 : predicted->poses.size();
  std::vector<WorldPair> all(rows * columns);
  std::vector<double> cost(rows * columns);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& [t, p] : common) {
      all[i].truth.push_back(truth.poses[i / columns].keypoints[t].point);
      all[i].predicted.push_back(predicted->poses[i % columns].keypoints[p].point);
    }
    cost[i] = apart(all[i]);
  }
  const std::vector<int> chosen = assign(cost, static_cast<int>(rows), static_cast<int>(columns));
  std::size_t found = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (chosen[row] < 0) {
      ++pairs.missed;
      continue;
    }
    ++found;
    pairs.pairs.push_back(std::move(all[row * columns + static_cast<std::size_t>(chosen[row])]));
  }
  pairs.extra += columns - found;
}

struct Sum {
  double total = 0;
  std::size_t count = 0;
  void add(double value) { total += value, ++count; }
  double mean() const { return count == 0 ? -1 : total / static_cast<double>(count); }
};

/// What one person adds: the joints that truth and prediction know.
struct Known {
  std::vector<std::size_t> joints;
  std::vector<Point3> truth, predicted;
  std::size_t lost = 0;  // of the truth alone
};

Known known_of(const WorldPair& pair, Point3 truth_origin, Point3 predicted_origin) {
  Known known;
  for (std::size_t j = 0; j < pair.truth.size(); ++j) {
    if (!is_finite(pair.truth[j])) continue;
    if (!is_finite(pair.predicted[j])) {
      ++known.lost;
      continue;
    }
    known.joints.push_back(j);
    known.truth.push_back(pair.truth[j] - truth_origin);
    known.predicted.push_back(pair.predicted[j] - predicted_origin);
  }
  return known;
}

double best_scale(const Known& known) {
  double both = 0, own = 0;
  for (std::size_t i = 0; i < known.joints.size(); ++i) {
    both += dot(known.truth[i], known.predicted[i]);
    own += dot(known.predicted[i], known.predicted[i]);
  }
  return own > 0 ? both / own : 1;
}

}  // namespace

double pck3d_curve_threshold(int i) { return 0.15 * i / (kPck3dCurve - 1); }

Result<WorldPairs> pair_world_poses(const WorldPoseSet& truth, const WorldPoseSet& predicted) {
  WorldPairs pairs;
  POISE_TRY(const auto common, common_joints(truth, predicted, pairs.notes));
  for (const auto& [t, p] : common) pairs.joints.push_back(truth.skeleton.joints[t].name);
  std::map<std::int64_t, const WorldFrame*> by_number;
  for (const WorldFrame& frame : predicted.frames) by_number[frame.index] = &frame;
  std::size_t met = 0;
  for (const WorldFrame& frame : truth.frames) {
    const auto found = by_number.find(frame.index);
    met += found != by_number.end() ? 1 : 0;
    pair_frame(frame, found == by_number.end() ? nullptr : found->second, common, pairs);
  }
  if (met == 0) return invalid_argument("truth and prediction have no frame of the same number");
  if (met < truth.frames.size()) {
    pairs.notes.push_back(counted(truth.frames.size() - met, "frame") + " of the truth without a prediction");
  }
  return pairs;
}

Result<MpjpeResult> measure_mpjpe(const WorldPairs& pairs, const MpjpeOptions& options) {
  if (options.root && *options.root >= pairs.joints.size()) {
    return invalid_argument("the root is joint " + std::to_string(*options.root) + " of " +
                            std::to_string(pairs.joints.size()));
  }
  MpjpeResult result;
  Sum plain, aligned, scaled;
  std::vector<Sum> joints(pairs.joints.size());
  std::size_t right = 0;
  std::vector<std::size_t> right_at(kPck3dCurve, 0);
  for (const WorldPair& pair : pairs.pairs) {
    Point3 truth_origin, predicted_origin;
    if (options.root) {
      truth_origin = pair.truth[*options.root];
      predicted_origin = pair.predicted[*options.root];
      if (!is_finite(truth_origin) || !is_finite(predicted_origin)) {
        ++result.without_root;
        continue;
      }
    }
    ++result.poses;
    const Known known = known_of(pair, truth_origin, predicted_origin);
    result.found += known.joints.size();
    result.not_found += known.lost;
    const Similarity3 similarity = fit_similarity(known.predicted, known.truth);
    const double scale = best_scale(known);
    for (std::size_t i = 0; i < known.joints.size(); ++i) {
      const double error = distance(known.truth[i], known.predicted[i]);
      plain.add(error);
      joints[known.joints[i]].add(error);
      aligned.add(distance(known.truth[i], similarity(known.predicted[i])));
      scaled.add(distance(known.truth[i], scale * known.predicted[i]));
      right += error < options.threshold ? 1 : 0;
      for (int t = 0; t < kPck3dCurve; ++t) right_at[static_cast<std::size_t>(t)] += error < pck3d_curve_threshold(t);
    }
  }
  result.mpjpe = plain.mean();
  result.p_mpjpe = aligned.mean();
  result.n_mpjpe = scaled.mean();
  for (const Sum& joint : joints) result.joints.push_back(joint.mean());
  if (const auto all = static_cast<double>(result.found + result.not_found); all > 0) {
    result.pck = static_cast<double>(right) / all;
    result.auc = 0;
    for (const std::size_t count : right_at) result.auc += static_cast<double>(count) / all / kPck3dCurve;
  }
  return result;
}

}  // namespace poise
