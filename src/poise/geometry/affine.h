#pragma once
// Affine maps of the plane, between the pixels of pictures, crops and heatmaps. Thread-safe.

#include "poise/geometry/point.h"

namespace poise {

/// p_to = [a b; d e] p_from + [c; f]. Named right to left: crop_from_image maps image pixels to crop pixels.
struct Affine {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;

  Point operator()(Point p) const {
    return {static_cast<float>(a * p.x + b * p.y + c), static_cast<float>(d * p.x + e * p.y + f)};
  }
  double determinant() const { return a * e - b * d; }
  /// Needs determinant() != 0.
  Affine inverse() const;
  /// (A * B)(p) == A(B(p)).
  friend Affine operator*(const Affine& left, const Affine& right);
};

}  // namespace poise
