#pragma once
// CLEAR MOT: misses, false positives and switches of identity of tracked boxes. Source: Bernardin and Stiefelhagen,
// Evaluating multiple object tracking performance, EURASIP JIVP 2008; matching as TrackEval,
// trackeval/metrics/clear.py.

#include <cstdint>
#include <span>

#include "poise/metrics/mot_pairs.h"

namespace poise {

struct ClearFigures {
  // What is added over sequences.
  std::int64_t tp = 0;
  std::int64_t fn = 0;
  std::int64_t fp = 0;
  std::int64_t id_switches = 0;
  std::int64_t fragments = 0;       // interruptions of a person who was tracked
  std::int64_t mostly_tracked = 0;  // persons tracked in over .8 of their frames
  std::int64_t partly_tracked = 0;  // in .2 and more
  std::int64_t mostly_lost = 0;
  double iou_sum = 0;  // of the true positives

  // What follows from it, rates in [0, 1].
  double mota = 0;   // 1 - (fn + fp + id switches) / truths; below 0 where there are more errors than truths
  double moda = 0;   // without the switches
  double motal = 0;  // with the logarithm of the switches
  double smota = 0;  // a true positive counts as much as its IoU
  double motp = 0;   // mean IoU of the true positives; py-motmetrics' MOTP is 1 minus this
  double recall = 0;
  double precision = 0;
  double f1 = 0;
};

/// A pair that was matched in the frame before stays matched where its IoU is still `threshold`; the others are chosen
/// for the most pairs of the greatest IoU. A sequence without truths or without tracks has no figures but its counts,
/// as there. threshold in (0, 1]. Pure.
ClearFigures measure_clear(const MotPairs& pairs, double threshold = 0.5);
/// Counts added, rates of the sums.
ClearFigures combine(std::span<const ClearFigures> sequences);

}  // namespace poise
