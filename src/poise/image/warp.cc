#include "poise/image/warp.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "poise/image/warp_fixed.h"
#include "poise/image/warp_rows.h"

namespace poise {
namespace {

std::int64_t fixed_position(double pixels) {
  constexpr double kFar = 0x1p50;  // far outside any picture, and sums stay exact
  return static_cast<std::int64_t>(std::nearbyint(std::clamp(pixels * kPositionScale, -kFar, kFar)));
}

/// Four neighbours, any of which may lie outside and is black there; bytes in the source's order, as of a kernel.
std::uint32_t edge_pixel(const ImageView& source, FixedPosition at) {
  const std::ptrdiff_t step = bytes_per_pixel(source.order);
  const int next = source.order == PixelOrder::kGrey ? 0 : 1;  // from channel to channel
  int sum[3] = {kHalfWeight, kHalfWeight, kHalfWeight};
  for (int dy = 0; dy < 2; ++dy) {
    const std::int64_t y = at.line() + dy;
    if (y < 0 || y >= source.height) continue;
    for (int dx = 0; dx < 2; ++dx) {
      const std::int64_t x = at.column() + dx;
      if (x < 0 || x >= source.width) continue;
      const int weight =
          (dx != 0 ? at.fraction_x() : kOne - at.fraction_x()) * (dy != 0 ? at.fraction_y() : kOne - at.fraction_y());
      const std::uint8_t* pixel = source.row(static_cast<int>(y)) + x * step;
      for (int c = 0; c < 3; ++c) sum[c] += weight * pixel[c * next];
    }
  }
  std::uint32_t rgbx = 0;
  for (int c = 0; c < 3; ++c) rgbx |= static_cast<std::uint32_t>(sum[c] >> kWeightBits) << (8 * c);
  return rgbx;
}

/// Swaps the first and the third byte of each pixel.
void swap_ends(std::uint32_t* begin, const std::uint32_t* end) {
  for (; begin != end; ++begin) *begin = (*begin & 0xFF00U) | (*begin & 0xFFU) << 16U | (*begin >> 16U & 0xFFU);
}

/// The first of 0 to count - 1 for which `holds`, count where there is none; it holds for all after. Searched from
/// `near`.
template <class Holds>
int first_column(int near, int count, const Holds& holds) {
  while (near < count && !holds(near)) ++near;
  while (near > 0 && holds(near - 1)) --near;
  return near;
}

}  // namespace

void WarpRows::Axis::fill(double step, int width) {
  column.resize(static_cast<std::size_t>(width));
  low.resize(column.size());
  for (std::size_t x = 0; x < column.size(); ++x) {
    column[x] = fixed_position(step * static_cast<double>(x));
    low[x] = static_cast<std::int32_t>(column[x]);
  }
  falling = step < 0;
}

void WarpRows::Axis::find(std::int64_t row, std::int64_t first, std::int64_t last, Run& run) const {
  const std::int64_t low_end = first * kPositionScale - row;
  const std::int64_t high_end = last * kPositionScale - row;
  const int count = static_cast<int>(column.size());
  const std::int64_t* at = column.data();
  if (falling) {
    run.begin = first_column(run.begin, count, [=](int x) { return at[x] < high_end; });
    run.end = first_column(run.end, count, [=](int x) { return at[x] < low_end; });
  } else {
    run.begin = first_column(run.begin, count, [=](int x) { return at[x] >= low_end; });
    run.end = first_column(run.end, count, [=](int x) { return at[x] >= high_end; });
  }
}

WarpRows::WarpRows(const ImageView& source, const Affine& destination_from_source, Size destination, WarpKernel kernel)
    : source_(source), kernel_(kernel), width_(std::max(destination.width, 0)) {
  const double determinant = destination_from_source.determinant();
  black_ = source.empty() || !std::isfinite(determinant) || determinant == 0;
  if (black_) return;
  source_from_destination_ = destination_from_source.inverse();
  const Affine& m = source_from_destination_;
  black_ = !(std::isfinite(m.a) && std::isfinite(m.b) && std::isfinite(m.c) && std::isfinite(m.d) &&
             std::isfinite(m.e) && std::isfinite(m.f));
  if (black_) return;
  const int step = bytes_per_pixel(source.order);
  if (step != 3 || !fits_32_bits(source.width, source.height, source.stride)) kernel_ = plain_warp_kernel(step);
  x_.fill(m.a, width_);
  y_.fill(m.d, width_);
}

void WarpRows::row(int y, std::uint32_t* rgbx) {
  if (black_) {
    std::fill_n(rgbx, width_, 0U);
    return;
  }
  const Affine& m = source_from_destination_;
  const std::int64_t row_x = fixed_position(m.b * y + m.c) + kHalfFraction;
  const std::int64_t row_y = fixed_position(m.e * y + m.f) + kHalfFraction;
  // Seen at all: a neighbour lies inside. Inner: all four do, and one more to their right, as WarpRun wants it.
  x_.find(row_x, -1, source_.width, seen_x_);
  y_.find(row_y, -1, source_.height, seen_y_);
  x_.find(row_x, 0, source_.width - 2, inner_x_);
  y_.find(row_y, 0, source_.height - 1, inner_y_);
  const int begin = std::max(seen_x_.begin, seen_y_.begin);
  const int end = std::max(begin, std::min(seen_x_.end, seen_y_.end));
  int inner = std::max(inner_x_.begin, inner_y_.begin);
  int inner_end = std::min(inner_x_.end, inner_y_.end);
  if (inner >= inner_end) inner = inner_end = begin;

  const std::int64_t* column_x = x_.column.data();
  const std::int64_t* column_y = y_.column.data();
  const auto edge = [&](int from, int to) {
    for (int x = from; x < to; ++x) rgbx[x] = edge_pixel(source_, {row_x + column_x[x], row_y + column_y[x]});
  };
  std::fill(rgbx, rgbx + begin, 0U);
  edge(begin, inner);
  if (inner < inner_end) {
    kernel_({source_.data, source_.stride, row_x, row_y, column_x, column_y, x_.low.data(), y_.low.data(), inner,
             inner_end, rgbx});
  }
  edge(inner_end, end);
  if (channel_offsets(source_.order).red > 0) swap_ends(rgbx + begin, rgbx + end);
  std::fill(rgbx + end, rgbx + width_, 0U);
}

void warp_affine(const ImageView& source, const Affine& destination_from_source, Image& destination) {
  WarpRows rows(source, destination_from_source, destination.size());
  std::vector<std::uint32_t> rgbx(static_cast<std::size_t>(destination.width()));
  for (int y = 0; y < destination.height(); ++y) {
    rows.row(y, rgbx.data());
    std::uint8_t* rgb = destination.row(y);
    for (const std::uint32_t pixel : rgbx) {
      for (int c = 0; c < 3; ++c) *rgb++ = static_cast<std::uint8_t>(pixel >> (8 * c));
    }
  }
}

}  // namespace poise
