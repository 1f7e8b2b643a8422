#include "poise/metrics/clear.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/assignment.h"

namespace poise {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr int kNobody = -1;

double ratio(double part, double whole) { return part / std::max(1.0, whole); }

void set_rates(ClearFigures& f) {
  const auto tp = static_cast<double>(f.tp);
  const auto fn = static_cast<double>(f.fn);
  const auto fp = static_cast<double>(f.fp);
  const auto switches = static_cast<double>(f.id_switches);
  f.recall = ratio(tp, tp + fn);
  f.precision = ratio(tp, tp + fp);
  f.moda = ratio(tp - fp, tp + fn);
  f.mota = ratio(tp - fp - switches, tp + fn);
  f.motal = ratio(tp - fp - (switches > 0 ? std::log10(switches) : 0), tp + fn);
  f.motp = ratio(f.iou_sum, tp);
  f.smota = ratio(f.iou_sum - fp - switches, tp + fn);
  f.f1 = ratio(tp, tp + 0.5 * fn + 0.5 * fp);
}

/// What is remembered of a true person.
struct Person {
  int last_track = kNobody;      // the last one ever: a switch is a change of it
  int previous_track = kNobody;  // in the frame before: matches go on with it
  std::int64_t frames = 0;
  std::int64_t matched = 0;
  std::int64_t begun = 0;  // times that tracking began
};

class Clear {
 public:
  Clear(const MotPairs& pairs, double threshold)
      : pairs_(pairs), threshold_(threshold), persons_(pairs.truth_boxes.size()) {}

  ClearFigures run() {
    for (const MotPairs::Frame& frame : pairs_.frames) add(frame);
    for (const Person& person : persons_) {
      const double share = ratio(static_cast<double>(person.matched), static_cast<double>(person.frames));
      const bool counted = person.frames > 0;
      figures_.mostly_tracked += counted && share > 0.8 ? 1 : 0;
      figures_.partly_tracked += counted && share >= 0.2 && !(share > 0.8) ? 1 : 0;
      figures_.fragments += std::max<std::int64_t>(person.begun - 1, 0);
    }
    figures_.mostly_lost =
        static_cast<std::int64_t>(persons_.size()) - figures_.mostly_tracked - figures_.partly_tracked;
    set_rates(figures_);
    return figures_;
  }

 private:
  void add(const MotPairs::Frame& frame) {
    // As there: a frame without either does not end what goes on from the frame before it.
    if (frame.truths.empty() || frame.tracks.empty()) {
      figures_.fp += static_cast<std::int64_t>(frame.tracks.size());
      figures_.fn += static_cast<std::int64_t>(frame.truths.size());
      for (const int truth : frame.truths) ++person(truth).frames;
      return;
    }
    match(frame);
    std::int64_t matches = 0;
    for (std::size_t i = 0; i < frame.truths.size(); ++i) {
      Person& one = person(frame.truths[i]);
      ++one.frames;
      const int track = matched_[i];
      if (track == kNobody) continue;
      ++matches;
      ++one.matched;
      figures_.id_switches += one.last_track != kNobody && one.last_track != track ? 1 : 0;
      one.begun += one.previous_track == kNobody ? 1 : 0;
      one.last_track = track;
    }
    remember(frame);
    figures_.tp += matches;
    figures_.fn += static_cast<std::int64_t>(frame.truths.size()) - matches;
    figures_.fp += static_cast<std::int64_t>(frame.tracks.size()) - matches;
  }

  /// matched_: the track of each truth of the frame.
  void match(const MotPairs::Frame& frame) {
    constexpr double kGoesOn = 1000;  // outweighs any sum of overlaps
    cost_.assign(frame.truths.size() * frame.tracks.size(), 0.0);
    const std::size_t columns = frame.tracks.size();
    iou_.assign(cost_.size(), 0.0);
    for (const MotPairs::Overlap& one : frame.overlaps) {
      const std::size_t at = static_cast<std::size_t>(one.truth) * columns + static_cast<std::size_t>(one.track);
      iou_[at] = one.iou;
      if (one.iou < threshold_ - kEpsilon) continue;
      const int truth = frame.truths[static_cast<std::size_t>(one.truth)];
      const bool goes_on = person(truth).previous_track == frame.tracks[static_cast<std::size_t>(one.track)];
      cost_[at] = -(goes_on ? kGoesOn + one.iou : one.iou);
    }
    const auto chosen = assign(cost_, static_cast<int>(frame.truths.size()), static_cast<int>(columns));
    matched_.assign(frame.truths.size(), kNobody);
    double sum = 0;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i] < 0) continue;
      const std::size_t at = i * columns + static_cast<std::size_t>(chosen[i]);
      if (!(-cost_[at] > kEpsilon)) continue;
      matched_[i] = frame.tracks[static_cast<std::size_t>(chosen[i])];
      sum += iou_[at];
    }
    figures_.iou_sum += sum;
  }

  /// Who is not matched in this frame goes on with nobody.
  void remember(const MotPairs::Frame& frame) {
    for (const int truth : going_on_) person(truth).previous_track = kNobody;
    going_on_.clear();
    for (std::size_t i = 0; i < matched_.size(); ++i) {
      if (matched_[i] == kNobody) continue;
      person(frame.truths[i]).previous_track = matched_[i];
      going_on_.push_back(frame.truths[i]);
    }
  }

  Person& person(int truth) { return persons_[static_cast<std::size_t>(truth)]; }

  const MotPairs& pairs_;
  double threshold_;
  std::vector<Person> persons_;
  std::vector<int> going_on_;
  std::vector<double> cost_, iou_;
  std::vector<int> matched_;
  ClearFigures figures_;
};

}  // namespace

ClearFigures measure_clear(const MotPairs& pairs, double threshold) {
  ClearFigures figures;
  if (pairs.tracks == 0) {
    figures.fn = pairs.truths;
    figures.mostly_lost = static_cast<std::int64_t>(pairs.truth_boxes.size());
    return figures;
  }
  if (pairs.truths == 0) {
    figures.fp = pairs.tracks;
    return figures;
  }
  return Clear(pairs, threshold).run();
}

ClearFigures combine(std::span<const ClearFigures> sequences) {
  ClearFigures all;
  for (const ClearFigures& one : sequences) {
    all.tp += one.tp;
    all.fn += one.fn;
    all.fp += one.fp;
    all.id_switches += one.id_switches;
    all.fragments += one.fragments;
    all.mostly_tracked += one.mostly_tracked;
    all.partly_tracked += one.partly_tracked;
    all.mostly_lost += one.mostly_lost;
    all.iou_sum += one.iou_sum;
  }
  set_rates(all);
  return all;
}

}  // namespace poise
