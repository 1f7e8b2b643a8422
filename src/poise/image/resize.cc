#include "poise/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "poise/base/check.h"
#include "poise/image/warp.h"

namespace poise {
namespace {

/// For each result along one axis: a run of source pixels and their weights.
/// Runs are inside the picture.
struct Taps {
  struct Run {
    int first = 0;
    int count = 0;
    std::size_t weight = 0;  // where in `weights` the run starts
  };
  std::vector<Run> runs;
  std::vector<float> weights;
};

/// Result i covers [i, i + 1) * extent / results of the region, which starts at
/// `origin` of a picture `limit` long.
Taps area_taps(std::int64_t origin, std::int64_t extent, int results, int limit) {
  Taps taps;
  const double scale = static_cast<double>(extent) / results;
  for (int i = 0; i < results; ++i) {
    const double low = i * scale;
    const double high = (i + 1) * scale;
    const std::int64_t first = std::max(static_cast<std::int64_t>(std::floor(low)), -origin);
    const std::int64_t end = std::min(std::min(static_cast<std::int64_t>(std::ceil(high)), extent), limit - origin);
    Taps::Run run{static_cast<int>(first < end ? first + origin : 0), 0, taps.weights.size()};
    for (std::int64_t k = first; k < end; ++k, ++run.count) {
      const double overlap = std::min(high, static_cast<double>(k + 1)) - std::max(low, static_cast<double>(k));
      taps.weights.push_back(static_cast<float>(std::max(overlap, 0.0) / scale));
    }
    taps.runs.push_back(run);
  }
  return taps;
}

/// Interpolates between pixel centres; beyond the outermost centres their value
/// goes on.
Taps linear_taps(int extent, int results, bool half_pixel = true) {
  Taps taps;
  const double scale = static_cast<double>(extent) / results;
  for (int i = 0; i < results; ++i) {
    const double wanted = half_pixel ? (i + 0.5) * scale - 0.5 : i * scale;
    const double centre = std::clamp(wanted, 0.0, static_cast<double>(extent - 1));
    const int first = std::min(static_cast<int>(centre), std::max(extent - 2, 0));
    const auto fraction = static_cast<float>(centre - first);
    taps.runs.push_back({first, extent > 1 ? 2 : 1, taps.weights.size()});
    taps.weights.push_back(1.0F - fraction);
    if (extent > 1) taps.weights.push_back(fraction);
  }
  return taps;
}

/// line += weight * from, compiled once for each instruction set; none of them may fuse product and sum: the last bit
/// would differ.
[[gnu::always_inline]] inline void add_row_as_compiled(std::span<float> line, const std::uint8_t* from, float weight) {
  for (std::size_t i = 0; i < line.size(); ++i) line[i] += weight * static_cast<float>(from[i]);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void add_row_avx2(std::span<float> line, const std::uint8_t* from, float weight) {
  add_row_as_compiled(line, from, weight);
}
#endif

void add_row(std::span<float> line, const std::uint8_t* from, float weight) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return add_row_avx2(line, from, weight);
#endif
  add_row_as_compiled(line, from, weight);
}

Image apply(const ImageView& source, const Taps& columns, const Taps& rows) {
  Image result(static_cast<int>(columns.runs.size()), static_cast<int>(rows.runs.size()));
  int left = source.width;
  int right = 0;
  for (const Taps::Run& run : columns.runs) {
    if (run.count == 0) continue;
    left = std::min(left, run.first);
    right = std::max(right, run.first + run.count);
  }
  if (left >= right) return result;
  std::vector<float> line(static_cast<std::size_t>(right - left) * 3 + 1);  // four values are read at once
  const std::span<float> pixels = std::span(line).first(line.size() - 1);
  const bool is_rgb = source.order == PixelOrder::kRgb;
  std::vector<std::uint8_t> rgb(is_rgb ? 0 : pixels.size());
  for (int y = 0; y < result.height(); ++y) {
    const Taps::Run& down = rows.runs[static_cast<std::size_t>(y)];
    std::fill(line.begin(), line.end(), 0.0F);
    for (int k = 0; k < down.count; ++k) {
      const float weight = rows.weights[down.weight + static_cast<std::size_t>(k)];
      if (!is_rgb) write_rgb_row(source, down.first + k, left, right - left, rgb.data());
      const std::uint8_t* from =
          is_rgb ? source.row(down.first + k) + static_cast<std::ptrdiff_t>(left) * 3 : rgb.data();
      add_row(pixels, from, weight);
    }
    std::uint8_t* to = result.row(y);
    for (const Taps::Run& along : columns.runs) {
      float sum[4] = {0.5F, 0.5F, 0.5F, 0.5F};
      const float* weights = columns.weights.data() + along.weight;
      const float* from = line.data() + (along.count > 0 ? static_cast<std::ptrdiff_t>(along.first - left) * 3 : 0);
      for (int k = 0; k < along.count; ++k, from += 3) {
        for (int c = 0; c < 4; ++c) sum[c] += weights[k] * from[c];
      }
      for (int c = 0; c < 3; ++c) *to++ = static_cast<std::uint8_t>(std::clamp(sum[c], 0.0F, 255.0F));
    }
  }
  return result;
}

}  // namespace

Image resize_area(const ImageView& source, const PixelRect& region, Size size) {
  POISE_CHECK(region.width > 0 && region.height > 0 && size.width >= 0 && size.height >= 0);
  return apply(source, area_taps(region.x, region.width, size.width, source.width),
               area_taps(region.y, region.height, size.height, source.height));
}

Image resize_linear(const ImageView& source, Size size, bool half_pixel) {
  POISE_CHECK(!source.empty() && size.width > 0 && size.height > 0);
  return apply(source, linear_taps(source.width, size.width, half_pixel),
               linear_taps(source.height, size.height, half_pixel));
}

Image resize(const ImageView& source, Size size) {
  POISE_CHECK(!source.empty() && size.width >= 0 && size.height >= 0);
  const auto taps = [](int extent, int results) {
    return results < extent ? area_taps(0, extent, results, extent) : linear_taps(extent, results);
  };
  return apply(source, taps(source.width, size.width), taps(source.height, size.height));
}

}  // namespace poise
