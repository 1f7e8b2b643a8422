#include "poise/metrics/coco_pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

namespace poise {
namespace {

constexpr std::array kCocoSigmas = {.026, .025, .025, .035, .035, .079, .079, .072, .072,
                                    .062, .062, .107, .107, .087, .087, .089, .089};
/// The mean of COCO's, for all joints of other sets.
constexpr double kOneSigma = 1.066 / 17;
constexpr double kNearness = 0.1;  // of the box's diagonal
constexpr int kFewestShared = 2;   // joints, where there are no boxes

struct Candidate {
  double rank, oks, iou;
  std::size_t truth, result;  // rows
  bool operator<(const Candidate& other) const {
    return std::tuple(-rank, -oks, -iou, truth, result) <
           std::tuple(-other.rank, -other.oks, -other.iou, other.truth, other.result);
  }
};

double iou_of(const std::array<double, 4>& a, const std::array<double, 4>& b) {
  const double width = std::max(0.0, std::min(a[0] + a[2], b[0] + b[2]) - std::max(a[0], b[0]));
  const double height = std::max(0.0, std::min(a[1] + a[3], b[1] + b[3]) - std::max(a[1], b[1]));
  const double both = width * height;
  const double either = a[2] * a[3] + b[2] * b[3] - both;
  return either > 0 ? both / either : 0;
}

class Pairing {
 public:
  Pairing(const CocoTruth& truth, const CocoResults& results, const CocoPairOptions& options)
      : truth_(truth), results_(results), options_(options), joints_(static_cast<std::size_t>(truth.joints)) {}

  CocoPairs run() {
    std::map<std::pair<int, int>, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> groups;
    for (std::size_t row = 0; row < truth_.size(); ++row) {
      if (truth_.crowd[row] != 0) {
        ++pairs_.crowds;
      } else if (!is_labelled(row)) {
        ++pairs_.without_joints;
      } else {
        groups[{truth_.image[row], truth_.category[row]}].first.push_back(row);
      }
    }
    for (std::size_t row = 0; row < results_.size(); ++row) {
      groups[{results_.image[row], results_.category[row]}].second.push_back(row);
    }
    for (auto& [where, rows] : groups) {
      // In the file's order, which decides between equals.
      std::sort(rows.second.begin(), rows.second.end(),
                [&](std::size_t a, std::size_t b) { return results_.index[a] < results_.index[b]; });
      pair(rows.first, rows.second);
    }
    return std::move(pairs_);
  }

 private:
  const double* truth_joint(std::size_t row, std::size_t j) const {
    return truth_.keypoints.data() + 3 * (row * joints_ + j);
  }
  const double* result_joint(std::size_t row, std::size_t j) const {
    return results_.keypoints.data() + 3 * (row * joints_ + j);
  }

  bool is_labelled(std::size_t row) const {
    if (truth_.num_keypoints[row] > 0) return true;
    for (std::size_t j = 0; j < joints_; ++j) {
      if (truth_joint(row, j)[2] > 0) return true;
    }
    return false;
  }

  /// Joints that both have, each with its squared distance.
  std::vector<std::pair<std::size_t, double>> shared(std::size_t truth, std::size_t result) const {
    std::vector<std::pair<std::size_t, double>> joints;
    for (std::size_t j = 0; j < joints_; ++j) {
      const double* a = truth_joint(truth, j);
      const double* b = result_joint(result, j);
      if (!(a[2] > 0) || !(b[2] > 0)) continue;
      joints.emplace_back(j, (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]));
    }
    return joints;
  }

  /// Of boxes and joints.
  void add_boxed(std::size_t truth, std::size_t result, std::vector<Candidate>& candidates) const {
    const double iou = iou_of(truth_.box[truth], results_.box[result]);
    if (iou < options_.min_iou) return;
    const auto joints = shared(truth, result);
    const double area = std::max(truth_.box[truth][2] * truth_.box[truth][3], std::numeric_limits<double>::epsilon());
    double sum = 0;
    for (const auto& [j, square] : joints) {
      const double sigma = joints_ == kCocoSigmas.size() ? kCocoSigmas[j] : kOneSigma;
      sum += std::exp(-square / (2 * area * (2 * sigma) * (2 * sigma)));
    }
    const double oks = joints.empty() ? -1 : sum / static_cast<double>(joints.size());
    candidates.push_back({joints.empty() ? iou : (iou + oks) / 2, oks, iou, truth, result});
  }

  /// Of joints alone.
  void add_bare(std::size_t truth, std::size_t result, std::vector<Candidate>& candidates) const {
    const auto joints = shared(truth, result);
    if (static_cast<int>(joints.size()) < kFewestShared) return;
    double sum = 0;
    for (const auto& [j, square] : joints) sum += std::sqrt(square);
    const double away = sum / static_cast<double>(joints.size());
    const double size = std::hypot(truth_.box[truth][2], truth_.box[truth][3]);
    const double part = away / (kNearness * size);
    const double likeness = size == 0 ? (away == 0 ? 1 : 0) : std::exp(-part * part / 2);
    if (likeness >= options_.min_similarity) candidates.push_back({likeness, likeness, 0, truth, result});
  }

  void pair(const std::vector<std::size_t>& truths, const std::vector<std::size_t>& found) {
    std::vector<Candidate> candidates;
    for (std::size_t t = 0; t < truths.size(); ++t) {
      for (std::size_t f = 0; f < found.size(); ++f) {
        const std::size_t before = candidates.size();
        if (results_.has_boxes) {
          add_boxed(truths[t], found[f], candidates);
        } else {
          add_bare(truths[t], found[f], candidates);
        }
        if (candidates.size() == before) continue;
        candidates.back().truth = t;  // places within the group
        candidates.back().result = f;
      }
    }
    std::sort(candidates.begin(), candidates.end());
    std::vector<bool> truth_taken(truths.size(), false), found_taken(found.size(), false);
    for (const Candidate& one : candidates) {
      if (truth_taken[one.truth] || found_taken[one.result]) continue;
      truth_taken[one.truth] = found_taken[one.result] = true;
      pairs_.pairs.emplace_back(truths[one.truth], found[one.result]);
    }
    for (std::size_t t = 0; t < truths.size(); ++t) {
      if (!truth_taken[t]) pairs_.missed.push_back(truths[t]);
    }
    pairs_.unmatched += static_cast<std::size_t>(std::count(found_taken.begin(), found_taken.end(), false));
  }

  const CocoTruth& truth_;
  const CocoResults& results_;
  const CocoPairOptions& options_;
  std::size_t joints_;
  CocoPairs pairs_;
};

}  // namespace

CocoPairs pair_coco(const CocoTruth& truth, const CocoResults& results, const CocoPairOptions& options) {
  return Pairing(truth, results, options).run();
}

}  // namespace poise
