#pragma once
// Grey pictures from fine to coarse, each half the one before: what Lucas-Kanade walks through.

#include <cstdint>
#include <vector>

#include "poise/geometry/point.h"
#include "poise/image/image.h"

namespace poise {

/// One grey picture, row by row, values 0 to 255.
struct GreyLevel {
  int width = 0;
  int height = 0;
  std::vector<float> values;

  Size size() const { return {width, height}; }

  /// Interpolated between the four nearest pixels. Needs 0 <= x <= width - 1, 0 <= y <= height - 1.
  float at(float x, float y) const {
    const int column = x >= static_cast<float>(width - 1) ? width - 2 : static_cast<int>(x);
    const int line = y >= static_cast<float>(height - 1) ? height - 2 : static_cast<int>(y);
    const float fx = x - static_cast<float>(column);
    const float fy = y - static_cast<float>(line);
    const float* p = values.data() + static_cast<std::ptrdiff_t>(line) * width + column;
    const float upper = p[0] + fx * (p[1] - p[0]);
    const float lower = p[width] + fx * (p[width + 1] - p[width]);
    return upper + fy * (lower - upper);
  }
};

/// The same place in pixels of a level that has `scale` pixels for one of the picture's, and back: a level's pixel
/// covers a square of the picture's, and both count from the centre of their first.
inline Point level_from_picture(Point p, float scale) {
  return {(p.x + 0.5F) * scale - 0.5F, (p.y + 0.5F) * scale - 0.5F};
}
inline Point picture_from_level(Point p, float scale) {
  return {(p.x + 0.5F) / scale - 0.5F, (p.y + 0.5F) / scale - 0.5F};
}
/// Whether it lies between the centres of the outermost pixels; not where it is not finite.
inline bool lies_within(Size size, Point p) {
  return p.x >= 0 && p.y >= 0 && p.x <= static_cast<float>(size.width - 1) &&
         p.y <= static_cast<float>(size.height - 1);
}

struct GreyPyramid {
  std::vector<GreyLevel> levels;  // the finest first; each at least 16 pixels wide and high, but for the first
  float scale = 1;                // pixels of the finest level for one of the picture: at most 1
  Size picture;                   // that it was made of
};

/// Brightness of ITU-R BT.601, shrunk by a whole number by averaging until the longer side is at most `longest`, then
/// `levels` levels at most. Needs a picture of at least one pixel and longest >= 16. Pure.
GreyPyramid grey_pyramid(const ImageView& picture, int longest, int levels);

}  // namespace poise
