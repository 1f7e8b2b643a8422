#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "poise/base/check.h"
#include "poise/metrics/coco_eval.h"
#include "poise/metrics/numpy_sum.h"

namespace poise {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();  // np.spacing(1)

/// np.linspace(0, 1, 101)[r].
double recall_threshold(int r) { return r == kCocoRecalls - 1 ? 1.0 : r * (1.0 / (kCocoRecalls - 1)); }

/// Rows of one category in the order of falling score.
struct Ranked {
  const std::int32_t* begin = nullptr;
  const std::int32_t* end = nullptr;
};

/// What one curve is made of.
struct CurveRows {
  Ranked ranked;
  CocoArea area;
  int max_detections;
  double truths;  // that count, above 0
};

/// cocoeval.py, accumulate, one threshold at a time. A repeated image repeats its detections next to each other, which
/// changes nothing but the counts; precision needs looking at only where a detection is right, being lower in between.
class Accumulator {
 public:
  /// Keeps references.
  Accumulator(const CocoResults& results, const CocoMatches& matches, const std::vector<int>& weight)
      : results_(results), matches_(matches), weight_(weight) {}

  /// Row `t` of the curve.
  void accumulate(const CurveRows& rows, int t, CocoCurve& curve) {
    const auto bit = static_cast<unsigned>(1U << static_cast<unsigned>(t));
    precision_.clear();
    recall_.clear();
    double right = 0;
    double wrong = 0;
    for (const std::int32_t* at = rows.ranked.begin; at != rows.ranked.end; ++at) {
      const auto d = static_cast<std::size_t>(*at);
      const std::size_t flags = d * kCocoAreas + static_cast<std::size_t>(rows.area);
      if ((matches_.ignored[flags] & bit) != 0 || matches_.rank[d] >= rows.max_detections) continue;
      const int times = weight_[static_cast<std::size_t>(results_.image[d])];
      if (times == 0) continue;
      if ((matches_.matched[flags] & bit) == 0) {
        wrong += times;
        continue;
      }
      right += times;
      precision_.push_back(right / (wrong + right + kEpsilon));
      recall_.push_back(right / rows.truths);
    }
    curve.recall[t] = right / rows.truths;
    for (std::size_t i = precision_.size(); i-- > 1;) precision_[i - 1] = std::max(precision_[i - 1], precision_[i]);
    std::size_t i = 0;
    for (int r = 0; r < kCocoRecalls; ++r) {
      while (i < recall_.size() && recall_[i] < recall_threshold(r)) ++i;
      curve.precision[t][r] = i < precision_.size() ? precision_[i] : 0;
    }
  }

 private:
  const CocoResults& results_;
  const CocoMatches& matches_;
  const std::vector<int>& weight_;
  std::vector<double> precision_, recall_;  // scratch: after each right detection
};

void fill(CocoCurve& curve, double value) {
  for (auto& row : curve.precision) std::fill(std::begin(row), std::end(row), value);
  std::fill(std::begin(curve.recall), std::end(curve.recall), value);
}

/// The sum over categories of their curves.
struct Sum {
  CocoArea area;
  int max_detections;
  CocoCurve curve{};
  int categories = 0;  // with a truth in this area range

  /// Over all thresholds, or those of one; -1 where there is nothing.
  double precision(int t = -1) const {
    if (categories == 0) return -1;
    const int rows = t < 0 ? kCocoThresholds : 1;
    const auto count = static_cast<std::size_t>(rows) * kCocoRecalls;
    return numpy_sum(curve.precision[std::max(t, 0)], count) / static_cast<double>(count) / categories;
  }
  double recall(int t = -1) const {
    if (categories == 0) return -1;
    if (t >= 0) return curve.recall[t] / categories;
    return numpy_sum(curve.recall, kCocoThresholds) / kCocoThresholds / categories;
  }
};

Ranked rows_of(const CocoResults& results, const CocoMatches& matches, int category) {
  const auto before = [&](std::int32_t d, int c) { return results.category[static_cast<std::size_t>(d)] < c; };
  const std::int32_t* begin = matches.order.data();
  const std::int32_t* end = begin + matches.order.size();
  return {std::lower_bound(begin, end, category, before), std::lower_bound(begin, end, category + 1, before)};
}

void sum_categories(const CocoTruth& truth, const CocoResults& results, const CocoMatches& matches,
                    const std::vector<int>& weight, std::vector<Sum>& sums) {
  std::vector<std::array<double, kCocoAreas>> counts(truth.categories.size());
  for (std::size_t g = 0; g < truth.size(); ++g) {
    for (unsigned a = 0; a < kCocoAreas; ++a) {
      if ((matches.truth_ignored[g] >> a & 1U) != 0) continue;
      counts[static_cast<std::size_t>(truth.category[g])][a] += weight[static_cast<std::size_t>(truth.image[g])];
    }
  }
  CocoCurve one;
  Accumulator accumulator(results, matches, weight);
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const Ranked ranked = rows_of(results, matches, static_cast<int>(c));
    for (Sum& sum : sums) {
      const double truths = counts[c][static_cast<std::size_t>(sum.area)];
      if (!(truths > 0)) continue;
      for (int t = 0; t < kCocoThresholds; ++t) {
        accumulator.accumulate({ranked, sum.area, sum.max_detections, truths}, t, one);
        for (int r = 0; r < kCocoRecalls; ++r) sum.curve.precision[t][r] += one.precision[t][r];
        sum.curve.recall[t] += one.recall[t];
      }
      ++sum.categories;
    }
  }
}

double ap_of_images(const CocoTruth& truth, const CocoResults& results, const CocoMatches& matches,
                    const std::vector<int>& weight, double low, double high) {
  std::vector<int> chosen = weight;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const double index = truth.images[i].crowd_index;
    if (index < low || index >= high) chosen[i] = 0;
  }
  std::vector<Sum> sums = {{CocoArea::kAll, coco_max_detections(CocoSimilarity::kOks)}};
  sum_categories(truth, results, matches, chosen, sums);
  return sums[0].precision();
}

}  // namespace

CocoCurve coco_curve(const CocoTruth& truth, const CocoResults& results, const CocoMatches& matches,
                     const CocoSlice& slice, const std::vector<int>& image_weight) {
  POISE_CHECK(image_weight.size() == truth.images.size());
  double truths = 0;
  for (std::size_t g = 0; g < truth.size(); ++g) {
    const bool counts = (matches.truth_ignored[g] >> static_cast<unsigned>(slice.area) & 1U) == 0;
    if (counts && truth.category[g] == slice.category) truths += image_weight[static_cast<std::size_t>(truth.image[g])];
  }
  CocoCurve curve;
  fill(curve, -1);
  if (!(truths > 0)) return curve;
  const CurveRows rows{rows_of(results, matches, slice.category), slice.area, slice.max_detections, truths};
  Accumulator accumulator(results, matches, image_weight);
  for (int t = 0; t < kCocoThresholds; ++t) accumulator.accumulate(rows, t, curve);
  return curve;
}

std::vector<std::pair<std::string, double>> coco_figures(const CocoTruth& truth, const CocoResults& results,
                                                         const CocoMatches& matches, const CocoEvalOptions& options,
                                                         const std::vector<int>& image_weight) {
  POISE_CHECK(image_weight.size() == truth.images.size());
  constexpr int k50 = 0;  // which threshold is .5, and which .75
  constexpr int k75 = 5;
  const int most = coco_max_detections(options.similarity);
  if (options.similarity == CocoSimilarity::kBoxIou) {
    std::vector<Sum> s = {{CocoArea::kAll, most},   {CocoArea::kSmall, most}, {CocoArea::kMedium, most},
                          {CocoArea::kLarge, most}, {CocoArea::kAll, 1},      {CocoArea::kAll, 10}};
    sum_categories(truth, results, matches, image_weight, s);
    return {{"AP", s[0].precision()},  {"AP50", s[0].precision(k50)}, {"AP75", s[0].precision(k75)},
            {"APs", s[1].precision()}, {"APm", s[2].precision()},     {"APl", s[3].precision()},
            {"AR1", s[4].recall()},    {"AR10", s[5].recall()},       {"AR100", s[0].recall()},
            {"ARs", s[1].recall()},    {"ARm", s[2].recall()},        {"ARl", s[3].recall()}};
  }
  std::vector<Sum> s = {{CocoArea::kAll, most}, {CocoArea::kMedium, most}, {CocoArea::kLarge, most}};
  sum_categories(truth, results, matches, image_weight, s);
  if (options.variant == CocoVariant::kCrowdPose) {
    // xtcocotools/cocoeval.py, _summarizeKps_crowd: easy below .2, medium below .8, else hard.
    constexpr double kNone = std::numeric_limits<double>::infinity();
    const auto within = [&](double low, double high) {
      return ap_of_images(truth, results, matches, image_weight, low, high);
    };
    return {{"AP", s[0].precision()},        {"AP50", s[0].precision(k50)}, {"AP75", s[0].precision(k75)},
            {"AR", s[0].recall()},           {"AR50", s[0].recall(k50)},    {"AR75", s[0].recall(k75)},
            {"AP_easy", within(-kNone, .2)}, {"AP_medium", within(.2, .8)}, {"AP_hard", within(.8, kNone)}};
  }
  return {{"AP", s[0].precision()},   {"AP50", s[0].precision(k50)}, {"AP75", s[0].precision(k75)},
          {"APm", s[1].precision()},  {"APl", s[2].precision()},     {"AR", s[0].recall()},
          {"AR50", s[0].recall(k50)}, {"AR75", s[0].recall(k75)},    {"ARm", s[1].recall()},
          {"ARl", s[2].recall()}};
}

}  // namespace poise
