#pragma once
// IDF1: how much of each person one track covers. Source: Ristani et al., Performance measures and a data set for
// multi-target, multi-camera tracking, ECCV workshops 2016; TrackEval, trackeval/metrics/identity.py.

#include <cstdint>
#include <span>

#include "poise/metrics/mot_pairs.h"

namespace poise {

struct IdentityFigures {
  std::int64_t idtp = 0;  // boxes whose person and track belong together
  std::int64_t idfn = 0;
  std::int64_t idfp = 0;
  double idf1 = 0;  // [0, 1]
  double idr = 0;
  double idp = 0;
};

/// Each person gets at most one track, over the whole sequence, so that as many boxes as can be overlap by `threshold`.
/// A sequence without truths or tracks has no rates, as there. threshold in (0, 1]. Errors: kTooLarge (over 50 million
/// pairs of persons and tracks that hang together). Pure.
Result<IdentityFigures> measure_identity(const MotPairs& pairs, double threshold = 0.5);
/// Counts added, rates of the sums.
IdentityFigures combine(std::span<const IdentityFigures> sequences);

}  // namespace poise
