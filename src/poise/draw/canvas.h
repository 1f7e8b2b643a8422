#pragma once
// Shapes on a picture of any pixel order. Internal to draw. All clip to the picture; distinct pictures in any threads.

#include <array>
#include <cstdint>

#include "poise/image/image.h"

namespace poise::draw_detail {

struct Colour {
  std::array<std::uint8_t, 3> rgb;
};

/// The share `part` of `b` in `a`, [0, 1].
Colour mixed(const Colour& a, const Colour& b, double part);

/// In double: coordinates may be huge, and their products must stay exact enough to clip.
struct Spot {
  double x = 0;
  double y = 0;
};

struct Segment {
  Spot a;
  Spot b;
};

/// A colour as a picture's pixels hold it.
class Paint {
 public:
  /// rgb: [0, 255].
  Paint(PixelOrder order, const std::array<double, 3>& rgb);
  /// Pixel x of the row, at this opacity.
  void blend(std::uint8_t* row, int x, double alpha) const;

 private:
  int step_, channels_;
  std::array<double, 3> values_{};  // in the picture's order
};

/// Whole pixels.
struct Rectangle {
  int x = 0, y = 0, width = 0, height = 0;
};

/// All pixels within `radius` of the segment, the edge one pixel soft: a capsule, or a disc where both ends are one.
void fill_capsule(const MutableImageView& image, const Segment& whole, double radius, const Colour& colour,
                  double opacity);

void fill_rectangle(const MutableImageView& image, const Rectangle& rectangle, const Colour& colour,
                    double opacity = 1);

}  // namespace poise::draw_detail
