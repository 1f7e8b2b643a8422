#pragma once
// Area averaging of a part of a picture that may hang over its edges. The plain
// resize is in image/warp.h.

#include <cstdint>

#include "poise/image/image.h"

namespace poise {

/// Whole pixels; may reach beyond the picture. Sides of 1 to 2^31, corners
/// within 2^31 of zero.
struct PixelRect {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
};

/// `region` of `source`, black outside the picture, resized to `size` as
/// OpenCV's INTER_AREA does: each result is the mean over the rectangle it
/// covers, also when growing. Memory and time follow the part inside the
/// picture. Pure.
Image resize_area(const ImageView& source, const PixelRect& region, Size size);

/// Interpolated between the four nearest pixels, also when shrinking: OpenCV's
/// INTER_LINEAR, within one grey level. `half_pixel`: the pictures meet at their
/// edges, result x is taken at (x + .5) * scale - .5; else at x * scale. Beyond
/// the outermost centres their values go on. Needs a picture and sides of at
/// least 1. Pure.
Image resize_linear(const ImageView& source, Size size, bool half_pixel = true);

}  // namespace poise
