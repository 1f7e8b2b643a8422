#pragma once
// The fixed-point numbers of OpenCV's warpAffine. Internal to image.

#include <cstdint>

namespace poise {

// OpenCV 4.6, modules/imgproc/src/imgwarp.cpp, WarpAffineInvoker: positions in 1/1024 pixel (AB_BITS 10), then cut to
// 1/32 pixel (INTER_BITS 5) after adding half of that.
constexpr int kPositionBits = 10;
constexpr int kPositionScale = 1 << kPositionBits;
constexpr int kFractionBits = 5;
constexpr int kOne = 1 << kFractionBits;
constexpr std::int64_t kHalfFraction = 1 << (kPositionBits - kFractionBits - 1);
// OpenCV's weights are (32 - fx)(32 - fy) and so on, times 32 to fill 15 bits; without that factor the rounded sum is
// the same.
constexpr int kWeightBits = 2 * kFractionBits;
constexpr int kHalfWeight = 1 << (kWeightBits - 1);

/// A source position in 1/1024 pixel, half a fraction added.
struct FixedPosition {
  std::int64_t x, y;
  std::int64_t column() const { return x >> kPositionBits; }
  std::int64_t line() const { return y >> kPositionBits; }
  int fraction_x() const { return static_cast<int>(x >> (kPositionBits - kFractionBits)) & (kOne - 1); }
  int fraction_y() const { return static_cast<int>(y >> (kPositionBits - kFractionBits)) & (kOne - 1); }
};

}  // namespace poise
