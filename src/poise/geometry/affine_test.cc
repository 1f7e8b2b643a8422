#include "poise/geometry/affine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/base/random.h"

namespace poise {
namespace {

/// A turn, a scale, perhaps a mirroring, and a shift: what crops and augmentation make.
Affine random_affine(Random& random) {
  const double angle = random.uniform(-4, 4);
  const double x_scale = random.uniform(0.05, 20) * (random.below(2) == 0 ? 1 : -1);
  const double y_scale = random.uniform(0.05, 20);
  return {.a = x_scale * std::cos(angle),
          .b = -y_scale * std::sin(angle),
          .c = random.uniform(-2000, 2000),
          .d = x_scale * std::sin(angle),
          .e = y_scale * std::cos(angle),
          .f = random.uniform(-2000, 2000)};
}

TEST(Affine, InverseUndoesIt) {
  Random random(5);
  for (int i = 0; i < 1000; ++i) {
    const Affine crop_from_image = random_affine(random);
    const Affine same = crop_from_image.inverse() * crop_from_image;
    EXPECT_NEAR(same.a, 1, 1e-9);
    EXPECT_NEAR(same.b, 0, 1e-9);
    EXPECT_NEAR(same.c, 0, 1e-6);
    EXPECT_NEAR(same.d, 0, 1e-9);
    EXPECT_NEAR(same.e, 1, 1e-9);
    EXPECT_NEAR(same.f, 0, 1e-6);
  }
}

TEST(Affine, ProductAppliesTheRightOneFirst) {
  const Affine shift{.c = 10, .f = -3};
  const Affine twice{.a = 2, .e = 2};
  EXPECT_EQ((twice * shift)(Point{1, 1}), (Point{22, -4}));
  EXPECT_EQ((shift * twice)(Point{1, 1}), (Point{12, -1}));
  const Affine quarter_turn{.a = 0, .b = -1, .d = 1, .e = 0};
  EXPECT_EQ((quarter_turn * shift)(Point{0, 0}), (Point{3, 10}));
}

TEST(Affine, IdentityByDefault) { EXPECT_EQ(Affine{}(Point{3.5F, -2}), (Point{3.5F, -2})); }

TEST(Affine, FlatOneHasNoInverse) {
  EXPECT_THROW((void)(Affine{.a = 1, .b = 2, .d = 2, .e = 4}.inverse()), std::logic_error);
}

}  // namespace
}  // namespace poise
