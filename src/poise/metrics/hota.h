#pragma once
// HOTA: detection, association and place in one figure, at 19 thresholds. Source: Luiten et al., HOTA: a higher order
// metric for evaluating multi-object tracking, IJCV 2021; TrackEval, trackeval/metrics/hota.py.

#include <array>
#include <cstdint>
#include <span>

#include "poise/metrics/mot_pairs.h"

namespace poise {

constexpr int kHotaThresholds = 19;
/// 0.05, 0.1 ... 0.95. index in [0, 19).
double hota_threshold(int index);

struct HotaFigures {
  using Curve = std::array<double, kHotaThresholds>;  // one value a threshold
  Curve tp{}, fn{}, fp{};
  Curve hota{}, det_a{}, ass_a{};  // in [0, 1]
  Curve det_re{}, det_pr{}, ass_re{}, ass_pr{};
  Curve loc_a{};  // mean IoU of the true positives
  Curve owta{};   // HOTA without a penalty for false positives
};

/// Pairs are chosen once a frame, for the overlap of the whole tracks times that of the boxes. A sequence without
/// truths or tracks has figures of 0, and LocA 1, as there. Pure.
HotaFigures measure_hota(const MotPairs& pairs);
/// Counts added; association weighs as its true positives.
HotaFigures combine(std::span<const HotaFigures> sequences);

/// The figure that is quoted: the mean over the thresholds.
double mean(const HotaFigures::Curve& curve);

}  // namespace poise
