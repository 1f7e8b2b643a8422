#include "poise/geometry/box.h"

#include <gtest/gtest.h>

#include <limits>

namespace poise {
namespace {

TEST(Iou, HandCases) {
  EXPECT_FLOAT_EQ(iou({0, 0, 10, 10}, {0, 0, 10, 10}), 1.0F);
  EXPECT_FLOAT_EQ(iou({0, 0, 10, 10}, {5, 0, 10, 10}), 50.0F / 150.0F);
  EXPECT_FLOAT_EQ(iou({0, 0, 10, 10}, {2, 2, 5, 5}), 0.25F);
  EXPECT_EQ(iou({0, 0, 10, 10}, {10, 0, 10, 10}), 0.0F);  // only an edge in common
  EXPECT_EQ(iou({0, 0, 10, 10}, {50, 50, 10, 10}), 0.0F);
}

TEST(Iou, EmptyBoxesAreLikeNothing) {
  EXPECT_EQ(iou({0, 0, 0, 10}, {0, 0, 0, 10}), 0.0F);
  EXPECT_EQ(iou({5, 5, -3, 10}, {0, 0, 10, 10}), 0.0F);
  EXPECT_EQ(iou({}, {0, 0, 10, 10}), 0.0F);
}

TEST(CleanBox, FollowsTheFormula) {
  const Size image{100, 80};
  EXPECT_EQ(clean_box({10, 20, 30, 40}, image), (Box{10, 20, 29, 39}));
  EXPECT_EQ(clean_box({90, 70, 30, 40}, image), (Box{90, 70, 9, 9}));  // cut at the last pixel, 99 and 79
  EXPECT_EQ(clean_box({-5, -5, 30, 40}, image), (Box{0, 0, 29, 39}));  // the extent counts from the moved corner
  EXPECT_EQ(clean_box({0, 0, 100, 80}, image), (Box{0, 0, 99, 79}));
  EXPECT_EQ(clean_box({4.5F, 2, 10.25F, 10}, image), (Box{4.5F, 2, 9.25F, 9}));
  EXPECT_EQ(clean_box({10, 10, 1, 1}, image), (Box{10, 10, 0, 0}));  // one pixel: first and last are the same
}

TEST(CleanBox, NothingInsideIsEmpty) {
  const Size image{100, 80};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  for (const Box& box : {Box{100, 0, 10, 10}, Box{0, 80, 10, 10}, Box{-20, 0, 10, 10}, Box{0, -20, 10, 20},
                         Box{5, 5, 0, 10}, Box{5, 5, 10, -1}, Box{nan, 0, 10, 10}, Box{0, 0, inf, 10}}) {
    EXPECT_EQ(clean_box(box, image), Box{}) << box.x << ' ' << box.y << ' ' << box.width << ' ' << box.height;
  }
  EXPECT_EQ(clean_box({0, 0, 10, 10}, {0, 0}), Box{});
}

TEST(Box, CentreAndArea) {
  const Box box{10, 20, 30, 40};
  EXPECT_EQ(box.centre(), (Point{25, 40}));
  EXPECT_EQ(box.area(), 1200.0F);
}

}  // namespace
}  // namespace poise
