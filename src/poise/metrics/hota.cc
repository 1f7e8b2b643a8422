#include "poise/metrics/hota.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/assignment.h"
#include "poise/metrics/numpy_sum.h"

namespace poise {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

double ratio(double part, double whole) { return part / std::max(1.0, whole); }

void set_rates(HotaFigures& f) {
  for (std::size_t a = 0; a < f.tp.size(); ++a) {
    f.det_re[a] = ratio(f.tp[a], f.tp[a] + f.fn[a]);
    f.det_pr[a] = ratio(f.tp[a], f.tp[a] + f.fp[a]);
    f.det_a[a] = ratio(f.tp[a], f.tp[a] + f.fn[a] + f.fp[a]);
    f.hota[a] = std::sqrt(f.det_a[a] * f.ass_a[a]);
    f.owta[a] = std::sqrt(f.det_re[a] * f.ass_a[a]);
  }
}

class Hota {
 public:
  explicit Hota(const MotPairs& pairs) : pairs_(pairs), matches_(pairs.id_pairs.size()) {}

  HotaFigures run() {
    align();
    HotaFigures figures;
    for (const MotPairs::Frame& frame : pairs_.frames) match(frame);
    // Matches at a threshold are those at all above it too.
    for (auto& counts : matches_) accumulate_down(counts);
    for (std::size_t a = 0; a < figures.tp.size(); ++a) set_counts(figures, a);
    set_rates(figures);
    return figures;
  }

 private:
  using Counts = std::array<std::int32_t, kHotaThresholds>;

  static void accumulate_down(Counts& counts) {
    for (std::size_t a = counts.size() - 1; a-- > 0;) counts[a] += counts[a + 1];
  }

  /// alignment_: how far the tracks of two ids agree over the whole sequence, before anything is matched.
  void align() {
    std::vector<double> shared(pairs_.id_pairs.size());
    std::vector<double> of_truth, of_track, matrix;
    for (const MotPairs::Frame& frame : pairs_.frames) {
      const std::size_t columns = frame.tracks.size();
      pairs_.fill(frame, matrix);
      of_truth.assign(frame.truths.size(), 0.0);
      of_track.assign(columns, 0.0);
      for (std::size_t i = 0; i < frame.truths.size(); ++i) {
        of_truth[i] = numpy_sum(matrix.data() + i * columns, columns);
      }
      for (const MotPairs::Overlap& one : frame.overlaps) of_track[static_cast<std::size_t>(one.track)] += one.iou;
      for (const MotPairs::Overlap& one : frame.overlaps) {
        const double either =
            of_track[static_cast<std::size_t>(one.track)] + of_truth[static_cast<std::size_t>(one.truth)] - one.iou;
        if (either > kEpsilon) shared[static_cast<std::size_t>(one.pair)] += one.iou / either;
      }
    }
    alignment_.resize(shared.size());
    for (std::size_t i = 0; i < shared.size(); ++i) {
      alignment_[i] = shared[i] / (boxes_of(i) - shared[i]);
    }
  }

  /// Boxes of a pair's person and of its track.
  double boxes_of(std::size_t pair) const { return truth_boxes(pair) + track_boxes(pair); }
  double truth_boxes(std::size_t pair) const {
    return static_cast<double>(pairs_.truth_boxes[static_cast<std::size_t>(pairs_.id_pairs[pair].first)]);
  }
  double track_boxes(std::size_t pair) const {
    return static_cast<double>(pairs_.track_boxes[static_cast<std::size_t>(pairs_.id_pairs[pair].second)]);
  }

  void match(const MotPairs::Frame& frame) {
    if (frame.overlaps.empty()) return;
    const std::size_t columns = frame.tracks.size();
    cost_.assign(frame.truths.size() * columns, 0.0);
    overlap_at_.assign(cost_.size(), nullptr);
    for (const MotPairs::Overlap& one : frame.overlaps) {
      const std::size_t at = static_cast<std::size_t>(one.truth) * columns + static_cast<std::size_t>(one.track);
      cost_[at] = -(alignment_[static_cast<std::size_t>(one.pair)] * one.iou);
      overlap_at_[at] = &one;
    }
    const auto chosen = assign(cost_, static_cast<int>(frame.truths.size()), static_cast<int>(columns));
    HotaFigures::Curve sums{};
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i] < 0) continue;
      const MotPairs::Overlap* one = overlap_at_[i * columns + static_cast<std::size_t>(chosen[i])];
      if (one == nullptr) continue;
      int reached = 0;
      while (reached < kHotaThresholds && one->iou >= hota_threshold(reached) - kEpsilon) {
        sums[static_cast<std::size_t>(reached++)] += one->iou;
      }
      if (reached > 0) ++matches_[static_cast<std::size_t>(one->pair)][static_cast<std::size_t>(reached - 1)];
    }
    for (std::size_t a = 0; a < sums.size(); ++a) iou_sums_[a] += sums[a];
  }

  void set_counts(HotaFigures& f, std::size_t a) const {
    double tp = 0, ass_a = 0, ass_re = 0, ass_pr = 0;
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      const auto count = static_cast<double>(matches_[i][a]);
      if (count == 0) continue;
      tp += count;
      ass_a += count * ratio(count, boxes_of(i) - count);
      ass_re += count * ratio(count, truth_boxes(i));
      ass_pr += count * ratio(count, track_boxes(i));
    }
    f.tp[a] = tp;
    f.fn[a] = static_cast<double>(pairs_.truths) - tp;
    f.fp[a] = static_cast<double>(pairs_.tracks) - tp;
    f.ass_a[a] = ratio(ass_a, tp);
    f.ass_re[a] = ratio(ass_re, tp);
    f.ass_pr[a] = ratio(ass_pr, tp);
    f.loc_a[a] = std::max(1e-10, iou_sums_[a]) / std::max(1e-10, tp);
  }

  const MotPairs& pairs_;
  std::vector<double> alignment_;  // of id pairs
  std::vector<Counts> matches_;    // of id pairs; by the highest threshold reached, until summed
  HotaFigures::Curve iou_sums_{};
  std::vector<double> cost_;
  std::vector<const MotPairs::Overlap*> overlap_at_;
};

}  // namespace

double hota_threshold(int index) { return 0.05 + index * 0.05; }

HotaFigures measure_hota(const MotPairs& pairs) {
  if (pairs.truths != 0 && pairs.tracks != 0) return Hota(pairs).run();
  HotaFigures figures;
  figures.fn.fill(static_cast<double>(pairs.truths));
  figures.fp.fill(static_cast<double>(pairs.tracks));
  figures.loc_a.fill(1.0);
  return figures;
}

HotaFigures combine(std::span<const HotaFigures> sequences) {
  HotaFigures all;
  for (std::size_t a = 0; a < all.tp.size(); ++a) {
    double loc_a = 0;
    for (const HotaFigures& one : sequences) {
      all.tp[a] += one.tp[a];
      all.fn[a] += one.fn[a];
      all.fp[a] += one.fp[a];
      all.ass_a[a] += one.ass_a[a] * one.tp[a];
      all.ass_re[a] += one.ass_re[a] * one.tp[a];
      all.ass_pr[a] += one.ass_pr[a] * one.tp[a];
      loc_a += one.loc_a[a] * one.tp[a];
    }
    all.ass_a[a] = ratio(all.ass_a[a], all.tp[a]);
    all.ass_re[a] = ratio(all.ass_re[a], all.tp[a]);
    all.ass_pr[a] = ratio(all.ass_pr[a], all.tp[a]);
    all.loc_a[a] = std::max(1e-10, loc_a) / std::max(1e-10, all.tp[a]);
  }
  set_rates(all);
  return all;
}

double mean(const HotaFigures::Curve& curve) {
  return numpy_sum(curve.data(), curve.size()) / static_cast<double>(curve.size());
}

}  // namespace poise
