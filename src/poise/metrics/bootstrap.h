#pragma once
// How far a figure would move with other images of the same kind: intervals from resampled image sets. Thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "poise/metrics/coco_eval.h"

namespace poise {

struct BootstrapOptions {
  int samples = 1000;
  std::uint64_t seed = 1;    // a sample depends on (seed, its number) alone, whatever the threads
  double confidence = 0.95;  // in (0, 1)
  int threads = 0;           // 0: as many as there are processors
};

struct FigureInterval {
  std::string name;  // of the figure
  double low = -1;   // -1 where no sample has the figure
  double high = -1;
};

/// Percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, section 13.3) of all figures: each
/// sample draws as many images as there are, with replacement. Samples where a figure is -1 do not count for it.
/// Errors: kInvalidArgument.
Result<std::vector<FigureInterval>> bootstrap_coco(const CocoTruth& truth, const CocoResults& results,
                                                   const CocoMatches& matches, const CocoEvalOptions& evaluation,
                                                   const BootstrapOptions& options = {});

/// The q-quantile, q in [0, 1], of sorted values, linear in between (NumPy's default). Not of an empty list.
double quantile(const std::vector<double>& sorted, double q);

}  // namespace poise
