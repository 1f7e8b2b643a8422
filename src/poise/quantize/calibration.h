#pragma once
// What values a network computes over a set of inputs, and the grids of 256 integers that suit them. Thread-safe.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "poise/base/result.h"
#include "poise/graph/graph.h"

namespace poise {

/// Where the largest values are cut off: nowhere; so that 1 value in 10,000 lies outside; where the mean square error
/// of rounding and cutting is least.
enum class RangeRule { kMinMax, kPercentile, kLeastSquares };
const char* name_of(RangeRule rule);  // "minmax", "percentile", "mse"
std::optional<RangeRule> find_range_rule(std::string_view name);

/// The distribution of one value's elements.
struct Range {
  static constexpr int kBins = 2048;
  float low = 0, high = 0;  // smallest and largest element, and 0
  std::array<std::uint64_t, kBins> histogram{};
  std::vector<double> channel_mean;  // of axis 1

  /// Unsigned from 0 where nothing is negative, unsigned with a zero point where negatives are few and small (leaky
  /// activations, pictures), else signed and symmetric.
  Grid grid(RangeRule rule) const;
};

/// Runs the network over the batches twice. Errors: those of Session.
Result<std::map<ValueId, Range>> measure_ranges(const Graph& graph, std::span<const ValueId> values,
                                                std::span<const Tensor> batches, int threads);

}  // namespace poise
