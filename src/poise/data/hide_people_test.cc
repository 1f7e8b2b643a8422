#include "poise/data/hide_people.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace poise {
namespace {

/// A pixel's value tells its place: no two are equal.
Image numbered(int side) {
  Image image(side, side);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      image.row(y)[3 * x] = static_cast<std::uint8_t>(x);
      image.row(y)[3 * x + 1] = static_cast<std::uint8_t>(y);
    }
  }
  return image;
}

bool differs(const Image& a, const Image& b, int x, int y) {
  return !std::equal(a.row(y) + 3 * x, a.row(y) + 3 * x + 3, b.row(y) + 3 * x);
}

TEST(HidePeople, ChangesTheBoxAndNothingElse) {
  const Image before = numbered(60);
  int shuffled = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    Image image = before.clone();
    Random random(i);
    hide_people(image, std::vector<Box>{{10, 5, 28, 40}}, random);
    int changed = 0;
    for (int y = 0; y < 60; ++y) {
      for (int x = 0; x < 60; ++x) {
        if (!differs(image, before, x, y)) continue;
        ++changed;
        ASSERT_TRUE(x >= 8 && x <= 40 && y >= 2 && y <= 48) << x << " " << y;
      }
    }
    EXPECT_GT(changed, 28 * 40 / 2);
    shuffled += image.row(12)[36] != image.row(30)[36] || image.row(12)[37] != image.row(30)[37] ? 1 : 0;
  }
  EXPECT_GT(shuffled, 10);
  EXPECT_LT(shuffled, 30);
}

TEST(HidePeople, BoxesAtAndOverTheEdgeAndOfNothingAreHeld) {
  const std::vector<Box> boxes{
      {-50, -50, 300, 300}, {58, 58, 9, 9}, {59.9F, 3, 1, 1}, {100, 100, 5, 5}, {10, 10, 1, 1}};
  for (std::uint64_t i = 0; i < 20; ++i) {
    Image image = numbered(60);
    Random random(i);
    hide_people(image, boxes, random);
    EXPECT_EQ(image.size(), (Size{60, 60}));
  }
}

}  // namespace
}  // namespace poise
