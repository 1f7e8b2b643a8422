#include "poise/geometry/box.h"

#include <algorithm>
#include <cmath>

namespace poise {
namespace {

/// First and last pixel of one axis, as Simple Baselines cleans it.
struct Extent {
  double first = 0;
  double last = -1;
};

Extent clean(double start, double length, int image) {
  if (!std::isfinite(start) || !std::isfinite(length) || length <= 0 || start + length <= 0) return {};
  const double first = std::max(0.0, start);
  return {first, std::min(image - 1.0, first + std::max(0.0, length - 1.0))};
}

}  // namespace

float iou(const Box& a, const Box& b) {
  const auto overlap = [](double a1, double a_length, double b1, double b_length) {
    return std::min(a1 + a_length, b1 + b_length) - std::max(a1, b1);
  };
  const double width = overlap(a.x, a.width, b.x, b.width);
  const double height = overlap(a.y, a.height, b.y, b.height);
  if (!(width > 0) || !(height > 0)) return 0;
  const double both = width * height;
  const double either = double{a.width} * a.height + double{b.width} * b.height - both;
  return static_cast<float>(std::min(1.0, both / either));
}

Box inside(const Box& box, Size image) {
  const float left = std::clamp(box.x, 0.0F, static_cast<float>(image.width));
  const float top = std::clamp(box.y, 0.0F, static_cast<float>(image.height));
  const float right = std::clamp(box.x + box.width, left, static_cast<float>(image.width));
  const float bottom = std::clamp(box.y + box.height, top, static_cast<float>(image.height));
  return {left, top, right - left, bottom - top};
}

Box clean_box(const Box& box, Size image) {
  const Extent x = clean(box.x, box.width, image.width);
  const Extent y = clean(box.y, box.height, image.height);
  if (x.last < x.first || y.last < y.first) return {};
  return {static_cast<float>(x.first), static_cast<float>(y.first), static_cast<float>(x.last - x.first),
          static_cast<float>(y.last - y.first)};
}

}  // namespace poise
