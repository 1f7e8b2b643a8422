#include "poise/image/warp.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "poise/image/warp_rows.h"

namespace poise {
namespace {

// OpenCV 4.6, modules/imgproc/src/imgwarp.cpp, WarpAffineInvoker: positions in
// 1/1024 pixel (AB_BITS 10), then cut to 1/32 pixel (INTER_BITS 5) after adding
// half of that.
constexpr double kPositionScale = 1024.0;
constexpr int kPositionBits = 10;
constexpr int kFractionBits = 5;
constexpr int kOne = 1 << kFractionBits;
constexpr std::int64_t kHalfFraction = 1 << (kPositionBits - kFractionBits - 1);
// OpenCV's weights are (32 - fx)(32 - fy) and so on, times 32 to fill 15 bits;
// without that factor the rounded sum is the same.
constexpr int kWeightBits = 2 * kFractionBits;
constexpr int kHalfWeight = 1 << (kWeightBits - 1);

std::int64_t fixed_position(double pixels) {
  constexpr double kFar = 0x1p50;  // far outside any picture, and sums stay exact
  return static_cast<std::int64_t>(std::nearbyint(std::clamp(pixels * kPositionScale, -kFar, kFar)));
}

/// A source position in 1/32 pixel, both axes.
struct Position {
  std::int64_t x, y;
  std::int64_t column() const { return x >> kFractionBits; }
  std::int64_t line() const { return y >> kFractionBits; }
  int fraction_x() const { return static_cast<int>(x & (kOne - 1)); }
  int fraction_y() const { return static_cast<int>(y & (kOne - 1)); }
};

/// Four neighbours, any of which may lie outside and is black there.
void edge_pixel(const ImageView& source, Position at, std::uint8_t* rgb) {
  int sum[3] = {kHalfWeight, kHalfWeight, kHalfWeight};
  for (int dy = 0; dy < 2; ++dy) {
    const std::int64_t y = at.line() + dy;
    if (y < 0 || y >= source.height) continue;
    for (int dx = 0; dx < 2; ++dx) {
      const std::int64_t x = at.column() + dx;
      if (x < 0 || x >= source.width) continue;
      const int weight =
          (dx != 0 ? at.fraction_x() : kOne - at.fraction_x()) * (dy != 0 ? at.fraction_y() : kOne - at.fraction_y());
      const std::uint8_t* pixel = source.row(static_cast<int>(y)) + x * 3;
      for (int c = 0; c < 3; ++c) sum[c] += weight * pixel[c];
    }
  }
  for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(sum[c] >> kWeightBits);
}

// The three channels of a pixel in one word, 21 bits each: enough for 255 * 32
// * 32 and the half, so that one multiplication weighs all three.
constexpr int kLane = 21;
constexpr std::uint64_t kHalfLanes =
    std::uint64_t{kHalfWeight} << (2 * kLane) | std::uint64_t{kHalfWeight} << kLane | std::uint64_t{kHalfWeight};

inline std::uint64_t lanes(const std::uint8_t* rgb) {
  return rgb[0] | std::uint64_t{rgb[1]} << kLane | std::uint64_t{rgb[2]} << (2 * kLane);
}

/// All four neighbours are inside.
inline void inner_pixel(const ImageView& source, Position at, std::uint8_t* rgb) {
  const std::uint8_t* upper = source.data + at.line() * source.stride + at.column() * 3;
  const std::uint8_t* lower = upper + source.stride;
  const auto right = static_cast<std::uint64_t>(at.fraction_x());
  const auto below = static_cast<std::uint64_t>(at.fraction_y());
  const std::uint64_t top = lanes(upper) * (kOne - right) + lanes(upper + 3) * right;
  const std::uint64_t bottom = lanes(lower) * (kOne - right) + lanes(lower + 3) * right;
  const std::uint64_t sum = (top * (kOne - below) + bottom * below + kHalfLanes) >> kWeightBits;
  for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(sum >> (c * kLane));
}

}  // namespace

WarpRows::WarpRows(const ImageView& source, const Affine& destination_from_source, Size destination)
    : source_(source), width_(std::max(destination.width, 0)) {
  const double determinant = destination_from_source.determinant();
  black_ = source.empty() || !std::isfinite(determinant) || determinant == 0;
  if (black_) return;
  source_from_destination_ = destination_from_source.inverse();
  const Affine& m = source_from_destination_;
  black_ = !(std::isfinite(m.a) && std::isfinite(m.b) && std::isfinite(m.c) && std::isfinite(m.d) &&
             std::isfinite(m.e) && std::isfinite(m.f));
  if (black_) return;
  column_x_.resize(static_cast<std::size_t>(width_));
  column_y_.resize(static_cast<std::size_t>(width_));
  for (std::size_t x = 0; x < column_x_.size(); ++x) {
    column_x_[x] = fixed_position(m.a * static_cast<double>(x));
    column_y_[x] = fixed_position(m.d * static_cast<double>(x));
  }
}

void WarpRows::row(int y, std::uint8_t* rgb) const {
  if (black_) {
    std::fill_n(rgb, static_cast<std::size_t>(width_) * 3, std::uint8_t{0});
    return;
  }
  const Affine& m = source_from_destination_;
  const std::int64_t row_x = fixed_position(m.b * y + m.c) + kHalfFraction;
  const std::int64_t row_y = fixed_position(m.e * y + m.f) + kHalfFraction;
  const ImageView source = source_;  // locals: bytes written to `rgb` might alias members
  const std::int64_t* column_x = column_x_.data();
  const std::int64_t* column_y = column_y_.data();
  const auto position = [=](int x) {
    return Position{(row_x + column_x[x]) >> (kPositionBits - kFractionBits),
                    (row_y + column_y[x]) >> (kPositionBits - kFractionBits)};
  };
  const auto is_inner = [=](int x) {
    const Position at = position(x);
    return at.column() >= 0 && at.column() < source.width - 1 && at.line() >= 0 && at.line() < source.height - 1;
  };
  // Along a row both coordinates are monotonic, so the inner pixels are one
  // run.
  int begin = 0;
  while (begin < width_ && !is_inner(begin)) ++begin;
  int end = width_;
  while (end > begin && !is_inner(end - 1)) --end;
  for (int x = 0; x < begin; ++x) edge_pixel(source, position(x), rgb + x * 3);
  for (int x = begin; x < end; ++x) inner_pixel(source, position(x), rgb + x * 3);
  for (int x = end; x < width_; ++x) edge_pixel(source, position(x), rgb + x * 3);
}

void warp_affine(const ImageView& source, const Affine& destination_from_source, Image& destination) {
  const WarpRows rows(source, destination_from_source, destination.size());
  for (int y = 0; y < destination.height(); ++y) rows.row(y, destination.row(y));
}

}  // namespace poise
