#include "poise/track/lucas_kanade.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "poise/track/test_motion.h"

namespace poise {
namespace {

std::vector<std::optional<Point>> carried(const Image& from, const Image& to, std::vector<Point> points,
                                          const LucasKanadeOptions& options = {}) {
  LucasKanade flow(options);
  EXPECT_EQ(flow.next(from.view()).value(), nullptr) << "the first picture has none before it";
  const auto step = flow.next(to.view()).value();
  return step == nullptr ? std::vector<std::optional<Point>>(points.size()) : step->carry(points);
}

TEST(LucasKanade, FollowsMotionWithinAFractionOfAPixel) {
  for (const Point motion : {Point{0, 0}, Point{0.4F, -0.3F}, Point{3.25F, 1.5F}, Point{-14, 9}, Point{25, -6}}) {
    const Image from = moved_texture({320, 240}, {0, 0});
    const Image to = moved_texture({320, 240}, motion);
    const std::vector<Point> points{{160, 120}, {100.5F, 80.25F}, {220, 150}};
    const auto ends = carried(from, to, points);
    for (std::size_t i = 0; i < points.size(); ++i) {
      ASSERT_TRUE(ends[i]) << motion.x << " " << motion.y;
      EXPECT_NEAR(ends[i]->x, points[i].x + motion.x, 0.1F);
      EXPECT_NEAR(ends[i]->y, points[i].y + motion.y, 0.1F);
    }
  }
}

TEST(LucasKanade, LargePicturesAreShrunkAndPointsKeepTheirPixels) {
  const Image from = moved_texture({1300, 700}, {0, 0});
  const Image to = moved_texture({1300, 700}, {12, -9});
  const auto ends = carried(from, to, {{600, 300}, {200, 500}});
  ASSERT_TRUE(ends[0] && ends[1]);
  EXPECT_NEAR(ends[0]->x, 612, 1.0F);
  EXPECT_NEAR(ends[0]->y, 291, 1.0F);
  EXPECT_NEAR(ends[1]->x, 212, 1.0F);
}

TEST(LucasKanade, LosesWhatCannotBeFollowed) {
  const Image texture = moved_texture({200, 200}, {0, 0});
  const Image elsewhere = moved_texture({200, 200}, {0, 0}, 2);
  const Image flat(200, 200);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(carried(flat, flat, {{100, 100}})[0]) << "nothing to hold on to";
  EXPECT_FALSE(carried(texture, elsewhere, {{100, 100}})[0]) << "another picture";
  EXPECT_FALSE(carried(texture, texture, {{-5, 100}})[0]) << "outside";
  EXPECT_FALSE(carried(texture, texture, {{nan, 100}})[0]);
  EXPECT_FALSE(carried(texture, moved_texture({200, 200}, {20, 0}), {{195, 100}})[0]) << "out of the picture";
}

TEST(LucasKanade, AnotherSizeBeginsAnew) {
  LucasKanade flow;
  const Image nothing;
  EXPECT_FALSE(flow.next(nothing.view()).ok());
  const Image small = moved_texture({64, 64}, {0, 0});
  ASSERT_TRUE(flow.next(small.view()).ok());
  const Image larger = moved_texture({80, 64}, {0, 0});
  EXPECT_EQ(flow.next(larger.view()).value(), nullptr);
  EXPECT_NE(flow.next(larger.view()).value(), nullptr);
}

TEST(LucasKanade, TinyPictures) {
  for (const Size size : {Size{1, 1}, Size{1, 9}, Size{2, 2}, Size{17, 3}}) {
    const Image image = moved_texture(size, {0, 0});
    (void)carried(image, image, {{0, 0}, {1, 1}});
  }
}

}  // namespace
}  // namespace poise
