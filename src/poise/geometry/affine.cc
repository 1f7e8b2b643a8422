#include "poise/geometry/affine.h"

#include "poise/base/check.h"

namespace poise {

Affine Affine::inverse() const {
  const double det = determinant();
  POISE_CHECK(det != 0);
  Affine inverse{.a = e / det, .b = -b / det, .c = 0, .d = -d / det, .e = a / det, .f = 0};
  inverse.c = -(inverse.a * c + inverse.b * f);
  inverse.f = -(inverse.d * c + inverse.e * f);
  return inverse;
}

Affine operator*(const Affine& left, const Affine& right) {
  return {.a = left.a * right.a + left.b * right.d,
          .b = left.a * right.b + left.b * right.e,
          .c = left.a * right.c + left.b * right.f + left.c,
          .d = left.d * right.a + left.e * right.d,
          .e = left.d * right.b + left.e * right.e,
          .f = left.d * right.c + left.e * right.f + left.f};
}

}  // namespace poise
