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

}  // namespace poise
