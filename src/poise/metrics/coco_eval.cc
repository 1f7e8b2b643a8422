#include "poise/metrics/coco_eval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <limits>
#include <numeric>
#include <thread>

#include "poise/base/check.h"
#include "poise/base/counted.h"
#include "poise/base/thread_pool.h"
#include "poise/metrics/numpy_sum.h"

namespace poise {
namespace {

constexpr double kBoxPart = 0.53;  // xtcocotools/cocoeval.py, computeOks: a person's part of the box
// pycocotools/cocoeval.py, Params: areaRng.
constexpr std::array<std::array<double, 2>, kCocoAreas> kAreaRange = {
    {{0, 1e10}, {0, 1024}, {1024, 9216}, {9216, 1e10}}};

/// Truths and detections of one category in one image.
struct Group {
  std::size_t truth_begin = 0, truth_end = 0;  // in the grouped order of truths
  std::size_t begin = 0, end = 0;              // rows of the results
};

double truth_area(const CocoTruth& truth, std::size_t g, const CocoEvalOptions& options) {
  return options.area_from_box ? truth.box[g][2] * truth.box[g][3] * kBoxPart : truth.area[g];
}

/// One truth made ready for OKS with many detections.
class OksTruth {
 public:
  void set(const CocoTruth& truth, std::size_t g, const CocoEvalOptions& options,
           const std::vector<double>& variances) {
    const auto joints = static_cast<std::size_t>(truth.joints);
    const double* row = truth.keypoints.data() + 3 * joints * g;
    joint_.clear();
    x_.clear();
    y_.clear();
    variance_.clear();
    for (std::size_t j = 0; j < joints; ++j) {
      if (!(row[3 * j + 2] > 0) || (!options.only_joints.empty() && !options.only_joints[j])) continue;
      joint_.push_back(j);
      x_.push_back(row[3 * j]);
      y_.push_back(row[3 * j + 1]);
      variance_.push_back(variances[j]);
    }
    labelled_ = joint_.size();
    if (labelled_ == 0) variance_ = variances;
    area_ = truth_area(truth, g, options) + std::numeric_limits<double>::epsilon();  // np.spacing(1)
    const auto& box = truth.box[g];
    low_x_ = box[0] - box[2];
    high_x_ = box[0] + box[2] * 2;
    low_y_ = box[1] - box[3];
    high_y_ = box[1] + box[3] * 2;
    similarity_.resize(std::max(joints, variances.size()));
  }
  std::size_t labelled() const { return labelled_; }

  /// x, y: all joints of the detection. The order of operations is computeOks's own.
  double operator()(const double* x, const double* y) {
    const std::size_t count = variance_.size();
    if (labelled_ > 0) {
      for (std::size_t i = 0; i < count; ++i) {
        const double dx = x[joint_[i]] - x_[i];
        const double dy = y[joint_[i]] - y_[i];
        similarity_[i] = (dx * dx + dy * dy) / variance_[i] / area_ / 2;
      }
    } else {  // how far from twice the truth's box
      for (std::size_t i = 0; i < count; ++i) {
        const double dx = std::max(0.0, low_x_ - x[i]) + std::max(0.0, x[i] - high_x_);
        const double dy = std::max(0.0, low_y_ - y[i]) + std::max(0.0, y[i] - high_y_);
        similarity_[i] = (dx * dx + dy * dy) / variance_[i] / area_ / 2;
      }
    }
    for (std::size_t i = 0; i < count; ++i) similarity_[i] = std::exp(-similarity_[i]);
    return numpy_sum(similarity_.data(), count) / static_cast<double>(count);
  }

 private:
  std::vector<std::size_t> joint_;
  std::vector<double> x_, y_, variance_, similarity_;
  std::size_t labelled_ = 0;
  double area_ = 0, low_x_ = 0, high_x_ = 0, low_y_ = 0, high_y_ = 0;
};

std::vector<double> variances_of(const CocoEvalOptions& options) {
  std::vector<double> variances;
  for (const double sigma : options.sigmas) variances.push_back((sigma * 2) * (sigma * 2));
  return variances;
}

/// pycocotools' common/maskApi.c, bbIou.
double box_iou(const std::array<double, 4>& d, const std::array<double, 4>& g, bool crowd) {
  const double w = std::fmin(d[2] + d[0], g[2] + g[0]) - std::fmax(d[0], g[0]);
  if (w <= 0) return 0;
  const double h = std::fmin(d[3] + d[1], g[3] + g[1]) - std::fmax(d[1], g[1]);
  if (h <= 0) return 0;
  const double area = d[2] * d[3];
  const double both = w * h;
  return both / (crowd ? area : area + g[2] * g[3] - both);
}

class Matcher {
 public:
  Matcher(const CocoTruth& truth, const CocoResults& results, const CocoEvalOptions& options,
          const std::vector<std::size_t>& truths, CocoMatches& matches)
      : truth_(truth),
        results_(results),
        options_(options),
        truths_(truths),
        matches_(matches),
        variances_(variances_of(options)),
        max_(static_cast<std::size_t>(coco_max_detections(options.similarity))) {
    for (int t = 0; t < kCocoThresholds; ++t)
      thresholds_[static_cast<std::size_t>(t)] = std::min(coco_threshold(t), 1 - 1e-10);
  }

  void match(const Group& group) {
    const std::size_t detections = std::min(group.end - group.begin, max_);
    const std::size_t truths = group.truth_end - group.truth_begin;
    for (std::size_t d = group.begin; d < group.end; ++d) matches_.rank[d] = static_cast<std::int32_t>(d - group.begin);
    compare(group, detections, truths);
    for (std::size_t a = 0; a < kCocoAreas; ++a) {
      sort_truths(group, a);
      for (std::size_t t = 0; t < thresholds_.size(); ++t) assign(group, detections, truths, a, t);
      const auto& range = kAreaRange[a];
      for (std::size_t d = group.begin; d < group.begin + detections; ++d) {
        const bool outside = results_.area[d] < range[0] || results_.area[d] > range[1];
        if (outside)
          matches_.ignored[d * kCocoAreas + a] |= static_cast<std::uint16_t>(~matches_.matched[d * kCocoAreas + a]);
      }
    }
  }

 private:
  void compare(const Group& group, std::size_t detections, std::size_t truths) {
    similarity_.resize(detections * truths);
    base_ignored_.resize(truths);
    const bool oks = options_.similarity == CocoSimilarity::kOks;
    const auto joints = static_cast<std::size_t>(results_.joints);
    if (oks && truths > 0) {
      x_.resize(detections * joints);
      y_.resize(detections * joints);
      for (std::size_t i = 0; i < detections * joints; ++i) {
        const double* point = results_.keypoints.data() + 3 * (group.begin * joints + i);
        x_[i] = point[0];
        y_[i] = point[1];
      }
    }
    for (std::size_t g = 0; g < truths; ++g) {
      const std::size_t row = truths_[group.truth_begin + g];
      bool ignored = truth_.crowd[row] != 0;
      if (oks) {
        oks_.set(truth_, row, options_, variances_);
        const bool counted = options_.variant == CocoVariant::kXtcocotools;
        ignored |= counted ? oks_.labelled() == 0 : truth_.num_keypoints[row] == 0;
        if (!options_.only_joints.empty()) ignored |= oks_.labelled() == 0;
      }
      base_ignored_[g] = ignored ? 1 : 0;
      for (std::size_t d = 0; d < detections; ++d) {
        similarity_[d * truths + g] =
            oks ? oks_(x_.data() + d * joints, y_.data() + d * joints)
                : box_iou(results_.box[group.begin + d], truth_.box[row], truth_.crowd[row] != 0);
      }
    }
  }

  /// Those that count first, each kind in the file's order.
  void sort_truths(const Group& group, std::size_t a) {
    const std::size_t truths = base_ignored_.size();
    order_.clear();
    ignored_.clear();
    for (const bool wanted : {false, true}) {
      for (std::size_t g = 0; g < truths; ++g) {
        const std::size_t row = truths_[group.truth_begin + g];
        const double area = truth_area(truth_, row, options_);
        const bool ignored = base_ignored_[g] != 0 || area < kAreaRange[a][0] || area > kAreaRange[a][1];
        if (ignored != wanted) continue;
        order_.push_back(g);
        ignored_.push_back(ignored ? 1 : 0);
        if (ignored) matches_.truth_ignored[row] |= static_cast<std::uint8_t>(1U << a);
      }
    }
  }

  /// cocoeval.py, evaluateImg: the greedy loop, at one threshold.
  void assign(const Group& group, std::size_t detections, std::size_t truths, std::size_t a, std::size_t t) {
    taken_.assign(truths, 0);
    for (std::size_t d = 0; d < detections; ++d) {
      double best = thresholds_[t];
      std::size_t match = truths;
      for (std::size_t i = 0; i < truths; ++i) {
        const std::size_t g = order_[i];
        const std::size_t row = truths_[group.truth_begin + g];
        if (taken_[i] != 0 && truth_.crowd[row] == 0) continue;
        if (match < truths && ignored_[match] == 0 && ignored_[i] != 0) break;
        if (similarity_[d * truths + g] < best) continue;
        best = similarity_[d * truths + g];
        match = i;
      }
      if (match == truths) continue;
      taken_[match] = 1;
      const std::size_t row = truths_[group.truth_begin + order_[match]];
      const std::size_t at = (group.begin + d) * kCocoAreas + a;
      const auto bit = static_cast<std::uint16_t>(1U << t);
      const std::int64_t id = truth_.id[row];
      // The marker of a match is the truth's id: these ids look like no match (cocoapi pull request 332).
      if (options_.variant == CocoVariant::kCocoapi ? id != 0 : id >= 0) matches_.matched[at] |= bit;
      if (ignored_[match] != 0) matches_.ignored[at] |= bit;
      if (a == 0) matches_.truth[(group.begin + d) * kCocoThresholds + t] = static_cast<std::int32_t>(row);
    }
  }

  const CocoTruth& truth_;
  const CocoResults& results_;
  const CocoEvalOptions& options_;
  const std::vector<std::size_t>& truths_;
  CocoMatches& matches_;
  std::vector<double> variances_;
  std::size_t max_;
  std::array<double, kCocoThresholds> thresholds_{};
  OksTruth oks_;
  std::vector<double> x_, y_, similarity_;
  std::vector<std::uint8_t> base_ignored_, ignored_, taken_;
  std::vector<std::size_t> order_;
};

Status check(const CocoTruth& truth, const CocoResults& results, const CocoEvalOptions& options) {
  POISE_CHECK(results.size() < static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
  if (truth.without_area > 0 && !options.area_from_box) {
    return invalid_argument(counted(truth.without_area, "truth has", "truths have") +
                            " no area: give them one, or take 0.53 times their boxes' (option \"area_from_box\")");
  }
  if (options.similarity == CocoSimilarity::kBoxIou) return {};
  const auto joints = static_cast<std::size_t>(std::max(truth.joints, results.joints));
  if (truth.joints != 0 && results.size() > 0 && results.joints != truth.joints) {
    return invalid_argument("the results have " + counted(results.joints, "joint") + ", the truth has " +
                            std::to_string(truth.joints));
  }
  if (joints != 0 && options.sigmas.size() != joints) {
    return invalid_argument("given are " + counted(options.sigmas.size(), "sigma") + " for " +
                            counted(joints, "joint") + ": give one for each (option \"sigmas\")");
  }
  if (!options.only_joints.empty() && options.only_joints.size() != joints) {
    return invalid_argument("only_joints must have one entry for each of the " + counted(joints, "joint"));
  }
  for (const double sigma : options.sigmas) {
    if (!(sigma > 0) || !std::isfinite(sigma)) return invalid_argument("sigmas must be above 0");
  }
  return {};
}

/// Groups that hold anybody, and the truths in their order.
std::vector<Group> group_rows(const CocoTruth& truth, const CocoResults& results, std::vector<std::size_t>& truths) {
  truths.resize(truth.size());
  std::iota(truths.begin(), truths.end(), std::size_t{0});
  const auto key = [](const auto& rows, std::size_t i) { return std::pair(rows.category[i], rows.image[i]); };
  std::stable_sort(truths.begin(), truths.end(),
                   [&](std::size_t a, std::size_t b) { return key(truth, a) < key(truth, b); });
  std::vector<Group> groups;
  std::size_t g = 0;
  std::size_t d = 0;
  while (g < truths.size() || d < results.size()) {
    const bool by_truth = d == results.size() || (g < truths.size() && key(truth, truths[g]) <= key(results, d));
    const auto now = by_truth ? key(truth, truths[g]) : key(results, d);
    Group group{g, g, d, d};
    while (group.truth_end < truths.size() && key(truth, truths[group.truth_end]) == now) ++group.truth_end;
    while (group.end < results.size() && key(results, group.end) == now) ++group.end;
    g = group.truth_end;
    d = group.end;
    groups.push_back(group);
  }
  return groups;
}

}  // namespace

double coco_threshold(int t) {
  constexpr double kFirst = .5;
  constexpr double kLast = .95;
  return t == kCocoThresholds - 1 ? kLast : t * ((kLast - kFirst) / (kCocoThresholds - 1)) + kFirst;
}

int coco_max_detections(CocoSimilarity similarity) { return similarity == CocoSimilarity::kOks ? 20 : 100; }

double coco_oks(const CocoTruth& truth, int g, const CocoResults& results, int d, const CocoEvalOptions& options) {
  OksTruth one;
  one.set(truth, static_cast<std::size_t>(g), options, variances_of(options));
  const auto joints = static_cast<std::size_t>(results.joints);
  std::vector<double> x(joints);
  std::vector<double> y(joints);
  for (std::size_t j = 0; j < joints; ++j) {
    x[j] = results.keypoints[3 * (static_cast<std::size_t>(d) * joints + j)];
    y[j] = results.keypoints[3 * (static_cast<std::size_t>(d) * joints + j) + 1];
  }
  return one(x.data(), y.data());
}

Result<CocoEvaluation> evaluate_coco(const CocoTruth& truth, const CocoResults& results,
                                     const CocoEvalOptions& options) {
  POISE_RETURN_IF_ERROR(check(truth, results, options));
  if (options.variant == CocoVariant::kCrowdPose) {
    for (const CocoTruth::Image& image : truth.images) {
      if (image.crowd_index < 0) {
        return invalid_argument("image " + std::to_string(image.id) + " has no crowdIndex: is this CrowdPose's truth?");
      }
    }
  }
  CocoEvaluation evaluation;
  CocoMatches& matches = evaluation.matches;
  matches.matched.resize(results.size() * kCocoAreas);
  matches.ignored.resize(results.size() * kCocoAreas);
  matches.truth.assign(results.size() * kCocoThresholds, -1);
  matches.rank.resize(results.size());
  matches.truth_ignored.resize(truth.size());
  std::vector<std::size_t> truths;
  const std::vector<Group> groups = group_rows(truth, results, truths);

  const auto run = [&](std::size_t begin, std::size_t end) {
    Matcher matcher(truth, results, options, truths, matches);
    for (std::size_t i = begin; i < end; ++i) matcher.match(groups[i]);
  };
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  const int threads = std::clamp(options.threads > 0 ? options.threads : processors, 1, 64);
  constexpr std::size_t kGroups = 256;  // a task's share
  if (threads == 1 || groups.size() <= kGroups) {
    run(0, groups.size());
  } else {
    ThreadPool pool(threads);
    std::vector<std::future<void>> parts;
    for (std::size_t i = 0; i < groups.size(); i += kGroups) {
      parts.push_back(pool.submit([&run, &groups, i] { run(i, std::min(i + kGroups, groups.size())); }));
    }
    for (auto& part : parts) part.get();
  }

  matches.order.resize(results.size());
  std::iota(matches.order.begin(), matches.order.end(), 0);
  std::stable_sort(matches.order.begin(), matches.order.end(), [&](std::int32_t i, std::int32_t j) {
    const auto a = static_cast<std::size_t>(i);
    const auto b = static_cast<std::size_t>(j);
    if (results.category[a] != results.category[b]) return results.category[a] < results.category[b];
    return results.score[a] > results.score[b];
  });
  for (const std::uint8_t ignored : matches.truth_ignored) {
    ++((ignored & 1U) != 0 ? evaluation.truths_ignored : evaluation.truths_counted);
  }
  evaluation.figures = coco_figures(truth, results, matches, options, std::vector<int>(truth.images.size(), 1));
  return evaluation;
}

}  // namespace poise
