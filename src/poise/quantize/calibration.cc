#include "poise/quantize/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/engine/session.h"

namespace poise {
namespace {

constexpr std::pair<RangeRule, const char*> kRuleNames[] = {
    {RangeRule::kMinMax, "minmax"}, {RangeRule::kPercentile, "percentile"}, {RangeRule::kLeastSquares, "mse"}};

struct Ends {
  double low = 0, high = 0;
};

double width_of_bin(const Range& range) {
  return (static_cast<double>(range.high) - range.low) / static_cast<double>(Range::kBins);
}

/// The ends beyond which `share` of all elements lie, half on either side where both are open.
Ends cut_off(const Range& range, double share) {
  double total = 0;
  for (const std::uint64_t n : range.histogram) total += static_cast<double>(n);
  const double outside = total * share / (range.low < 0 && range.high > 0 ? 2 : 1);
  const double step = width_of_bin(range);
  Ends ends{range.low, range.high};
  double seen = 0;
  for (int b = Range::kBins - 1; b >= 0 && range.high > 0; --b) {
    seen += static_cast<double>(range.histogram[b]);
    if (seen > outside) break;
    ends.high = std::max(0.0, range.low + b * step);
  }
  seen = 0;
  for (int b = 0; b < Range::kBins && range.low < 0; ++b) {
    seen += static_cast<double>(range.histogram[b]);
    if (seen > outside) break;
    ends.low = std::min(0.0, range.low + (b + 1) * step);
  }
  return ends;
}

Grid grid_between(const Ends& ends) {
  // Signed integers want no zero point, but spend half of themselves on each side.
  constexpr double kSmallSide = 0.75;
  const double largest = std::max(ends.high, -ends.low);
  if (!(largest > std::numeric_limits<float>::min())) return {.scale = 1.0F, .zero = 0, .type = DType::kUint8};
  if (ends.low >= 0) {
    return {.scale = static_cast<float>(ends.high / 255), .zero = 0, .type = DType::kUint8};
  }
  if (-ends.low > kSmallSide * ends.high) {
    return {.scale = static_cast<float>(largest / 127), .zero = 0, .type = DType::kInt8};
  }
  const double scale = (ends.high - ends.low) / 255;
  return {.scale = static_cast<float>(scale),
          .zero = static_cast<int>(std::lround(-ends.low / scale)),
          .type = DType::kUint8};
}

/// Squared error of the middle of each bin, rounded to the grid.
double rounding_error(const Range& range, const Grid& grid) {
  const double step = width_of_bin(range);
  const double least = grid.type == DType::kInt8 ? -128 : 0;
  const double most = least + 255;
  double sum = 0;
  for (int b = 0; b < Range::kBins; ++b) {
    if (range.histogram[b] == 0) continue;
    const double x = range.low + (b + 0.5) * step;
    const double q = std::clamp(std::nearbyint(x / grid.scale) + grid.zero, least, most);
    const double error = (q - grid.zero) * grid.scale - x;
    sum += error * error * static_cast<double>(range.histogram[b]);
  }
  return sum;
}

Grid least_squares(const Range& range) {
  constexpr int kTried = 60;
  Grid best = grid_between({range.low, range.high});
  double least = rounding_error(range, best);
  for (int i = 1; i < kTried; ++i) {
    const double share = 1.0 - static_cast<double>(i) / (kTried + 5);
    const Grid grid = grid_between({range.low * share, range.high * share});
    const double error = rounding_error(range, grid);
    if (error < least) {
      least = error;
      best = grid;
    }
  }
  return best;
}

/// Widens the range by what the tensor holds, one of `batches`.
void extend(Range& range, const Tensor& tensor, std::size_t batches) {
  const auto elements = tensor.floats();
  const auto channels = tensor.rank() > 1 ? static_cast<std::size_t>(tensor.dim(1)) : std::size_t{1};
  range.channel_mean.resize(channels);
  const std::size_t images = tensor.rank() > 1 ? static_cast<std::size_t>(tensor.dim(0)) : 1;
  const std::size_t area = elements.size() / (channels * images);
  for (std::size_t plane = 0; plane < images * channels; ++plane) {
    double sum = 0;
    for (const float v : elements.subspan(plane * area, area)) {
      range.low = std::min(range.low, v);
      range.high = std::max(range.high, v);
      sum += v;  // keeps a NaN, which least and most pass over
    }
    range.channel_mean[plane % channels] += sum / static_cast<double>(area * images * batches);
  }
}

/// Counts what the tensor holds; the range's ends are known.
void count(Range& range, const Tensor& tensor) {
  const double step = width_of_bin(range);
  for (const float v : tensor.floats()) {
    const double bin = step > 0 ? (static_cast<double>(v) - range.low) / step : 0;
    ++range.histogram[static_cast<std::size_t>(std::clamp(bin, 0.0, Range::kBins - 1.0))];
  }
}

Status check_finite(const Graph& graph, const std::map<ValueId, Range>& ranges) {
  for (const auto& [id, range] : ranges) {
    bool finite = std::isfinite(range.low) && std::isfinite(range.high);
    for (const double mean : range.channel_mean) finite = finite && std::isfinite(mean);
    if (finite) continue;
    return malformed("\"" + graph.values.at(id).name + "\" is not finite on the calibration pictures");
  }
  return {};
}

}  // namespace

const char* name_of(RangeRule rule) {
  return std::find_if(std::begin(kRuleNames), std::end(kRuleNames), [rule](auto& entry) { return entry.first == rule; })
      ->second;
}

std::optional<RangeRule> find_range_rule(std::string_view name) {
  for (const auto& [rule, known] : kRuleNames) {
    if (name == known) return rule;
  }
  return std::nullopt;
}

Grid Range::grid(RangeRule rule) const {
  constexpr double kOutside = 1e-4;
  if (rule == RangeRule::kLeastSquares) return least_squares(*this);
  return grid_between(rule == RangeRule::kPercentile ? cut_off(*this, kOutside) : Ends{low, high});
}

Result<std::map<ValueId, Range>> measure_ranges(const Graph& graph, std::span<const ValueId> values,
                                                std::span<const Tensor> batches, int threads) {
  std::map<ValueId, Range> ranges;
  for (const ValueId id : values) ranges[id];
  // A network input is no computed output: it is looked at where it comes in.
  Graph seen = graph;
  std::vector<ValueId> computed;
  std::vector<ValueId> given;
  for (const ValueId id : values) {
    const bool is_input = std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
    (is_input ? given : computed).push_back(id);
  }
  seen.outputs = computed;
  if (computed.empty()) seen.outputs = graph.outputs;
  POISE_TRY(Session session, Session::create(std::move(seen), {"onednn", threads, Precision::kFloat32}));

  std::vector<Tensor> outputs;
  for (const bool first : {true, false}) {
    if (!first) POISE_RETURN_IF_ERROR(check_finite(graph, ranges));
    const auto look = [&](ValueId id, const Tensor& tensor) {
      first ? extend(ranges[id], tensor, batches.size()) : count(ranges[id], tensor);
    };
    for (const Tensor& batch : batches) {
      for (const ValueId id : given) look(id, batch);
      if (computed.empty()) continue;
      const TensorView view(batch);
      POISE_RETURN_IF_ERROR(session.run({&view, 1}, outputs));
      for (std::size_t i = 0; i < computed.size(); ++i) look(computed[i], outputs[i]);
    }
  }
  return ranges;
}

}  // namespace poise
