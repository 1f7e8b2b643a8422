#include "poise/draw/canvas.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace poise::draw_detail {
namespace {

/// The part of the parameter range [from, to] where low <= start + t * step <= high; nothing if there is none.
std::optional<std::pair<double, double>> clip(double start, double step, double low, double high, double from,
                                              double to) {
  if (step == 0) return start < low || start > high ? std::nullopt : std::optional(std::pair(from, to));
  const double enter = (step > 0 ? low - start : high - start) / step;
  const double leave = (step > 0 ? high - start : low - start) / step;
  from = std::max(from, enter);
  to = std::min(to, leave);
  if (from > to) return std::nullopt;
  return std::pair(from, to);
}

/// The part of the segment within `margin` of the image (Liang and Barsky).
std::optional<Segment> clip(const Segment& s, Size image, double margin) {
  const double dx = s.b.x - s.a.x;
  const double dy = s.b.y - s.a.y;
  const auto in_x = clip(s.a.x, dx, -margin, image.width + margin, 0, 1);
  if (!in_x) return std::nullopt;
  const auto in_y = clip(s.a.y, dy, -margin, image.height + margin, in_x->first, in_x->second);
  if (!in_y) return std::nullopt;
  const auto [from, to] = *in_y;
  return Segment{{s.a.x + from * dx, s.a.y + from * dy}, {s.a.x + to * dx, s.a.y + to * dy}};
}

Paint paint_of(const Colour& colour, PixelOrder order) {
  return {order, {1.0 * colour.rgb[0], 1.0 * colour.rgb[1], 1.0 * colour.rgb[2]}};
}

}  // namespace

Paint::Paint(PixelOrder order, const std::array<double, 3>& rgb)
    : step_(bytes_per_pixel(order)), channels_(std::min(step_, 3)) {
  const auto [red, green, blue] = channel_offsets(order);
  values_[static_cast<std::size_t>(red)] = rgb[0];
  values_[static_cast<std::size_t>(green)] = rgb[1];
  values_[static_cast<std::size_t>(blue)] = rgb[2];
  // ITU-R BT.601, as cv::cvtColor has it.
  if (channels_ == 1) values_[0] = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

void Paint::blend(std::uint8_t* row, int x, double alpha) const {
  std::uint8_t* pixel = row + std::ptrdiff_t{step_} * x;
  for (int c = 0; c < channels_; ++c) {
    const double to = values_[static_cast<std::size_t>(c)];
    pixel[c] = static_cast<std::uint8_t>(std::lround(pixel[c] + (to - pixel[c]) * alpha));
  }
}

Colour mixed(const Colour& a, const Colour& b, double part) {
  Colour result = a;
  for (std::size_t c = 0; c < 3; ++c) {
    result.rgb[c] = static_cast<std::uint8_t>(std::lround(a.rgb[c] + (b.rgb[c] - a.rgb[c]) * part));
  }
  return result;
}

void fill_capsule(const MutableImageView& image, const Segment& whole, double radius, const Colour& colour,
                  double opacity) {
  const double reach = radius + 1;
  // Twice the reach: the cap that clipping makes lies outside the picture.
  const auto clipped = clip(whole, image.size(), 2 * reach);
  if (!clipped) return;
  const auto [a, b] = *clipped;
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length_squared = dx * dx + dy * dy;
  const auto pixel_range = [](double low, double high, int size) {
    return std::pair(static_cast<int>(std::clamp(std::ceil(low), 0.0, static_cast<double>(size))),
                     static_cast<int>(std::clamp(std::floor(high), -1.0, size - 1.0)));
  };
  const Paint paint = paint_of(colour, image.order);
  const auto [top, bottom] = pixel_range(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach, image.height);
  for (int y = top; y <= bottom; ++y) {
    const auto near = clip(a.y, dy, y - reach, y + reach, 0, 1);  // of the segment: only this part reaches the row
    if (!near) continue;
    const double x0 = a.x + near->first * dx;
    const double x1 = a.x + near->second * dx;
    const auto [left, right] = pixel_range(std::min(x0, x1) - reach, std::max(x0, x1) + reach, image.width);
    for (int x = left; x <= right; ++x) {
      const double px = x - a.x;
      const double py = y - a.y;
      const double t = length_squared > 0 ? std::clamp((px * dx + py * dy) / length_squared, 0.0, 1.0) : 0.0;
      const double coverage = std::clamp(radius + 0.5 - std::hypot(px - t * dx, py - t * dy), 0.0, 1.0);
      if (coverage > 0) paint.blend(image.row(y), x, coverage * opacity);
    }
  }
}

void fill_rectangle(const MutableImageView& image, const Rectangle& rectangle, const Colour& colour, double opacity) {
  const Paint paint = paint_of(colour, image.order);
  const auto end = [](int begin, int length, int limit) {
    return static_cast<int>(std::min<std::int64_t>(std::int64_t{begin} + length, limit));
  };
  const int right = end(rectangle.x, rectangle.width, image.width);
  const int bottom = end(rectangle.y, rectangle.height, image.height);
  for (int y = std::max(rectangle.y, 0); y < bottom; ++y) {
    for (int x = std::max(rectangle.x, 0); x < right; ++x) paint.blend(image.row(y), x, opacity);
  }
}

}  // namespace poise::draw_detail
