#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "poise/draw/draw.h"

namespace poise {
namespace {

constexpr Size kHeatmap{12, 16};
constexpr Affine kQuarter{0.25, 0, 0, 0, 0.25, 0};  // an image of 48 x 64

std::vector<float> flat(std::size_t joints) { return std::vector<float>(joints * 12 * 16, 0.0F); }

std::size_t at(int joint, int x, int y) {
  const int index = (joint * 16 + y) * 12 + x;
  return static_cast<std::size_t>(index);
}

int brightness(const Image& image, int x, int y) {
  const std::uint8_t* p = image.row(y) + static_cast<std::ptrdiff_t>(x) * 3;
  return p[0] + p[1] + p[2];
}

TEST(DrawHeatmaps, EmptyHeatmapsChangeNothing) {
  Image image(48, 64);
  draw_heatmaps(image, flat(2).data(), 2, kHeatmap, kQuarter);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 48; ++x) EXPECT_EQ(brightness(image, x, y), 0);
  }
}

TEST(DrawHeatmaps, EachJointsPeakShinesWhereItLies) {
  Image image(48, 64);
  auto heatmaps = flat(2);
  heatmaps[at(0, 3, 4)] = 1.0F;
  heatmaps[at(1, 8, 12)] = 0.5F;
  draw_heatmaps(image, heatmaps.data(), 2, kHeatmap, kQuarter);
  EXPECT_GT(brightness(image, 12, 16), 500);
  EXPECT_GT(brightness(image, 32, 48), 100);
  EXPECT_LT(brightness(image, 32, 48), brightness(image, 12, 16));
  EXPECT_EQ(brightness(image, 32, 16), 0);
}

TEST(DrawHeatmaps, ValuesBetweenHeatmapPixelsAreInterpolated) {
  Image image(48, 64);
  auto heatmaps = flat(1);
  heatmaps[at(0, 3, 4)] = 1.0F;
  draw_heatmaps(image, heatmaps.data(), 1, kHeatmap, kQuarter);
  for (int x = 8; x < 12; ++x) EXPECT_LT(brightness(image, x, 16), brightness(image, x + 1, 16)) << x;
  EXPECT_EQ(brightness(image, 8, 16), 0);
}

TEST(DrawHeatmaps, ValuesAreClippedAndNoNumbersAreNothing) {
  auto one = flat(1);
  one[at(0, 3, 4)] = 1.0F;
  auto wild = one;
  wild[at(0, 3, 4)] = std::numeric_limits<float>::infinity();
  wild[at(0, 7, 7)] = std::numeric_limits<float>::quiet_NaN();
  wild[at(0, 9, 9)] = -5.0F;
  Image expected(48, 64);
  Image image(48, 64);
  draw_heatmaps(expected, one.data(), 1, kHeatmap, kQuarter);
  draw_heatmaps(image, wild.data(), 1, kHeatmap, kQuarter);
  EXPECT_TRUE(std::equal(image.data(), image.data() + 48 * 64 * 3, expected.data()));
}

TEST(DrawHeatmaps, PixelsThatTheMapSendsElsewhereAreLeftAlone) {
  const std::vector<float> full(static_cast<std::size_t>(12 * 16), 1.0F);
  const double huge = std::numeric_limits<double>::max();
  for (const Affine map : {Affine{1, 0, 1e9, 0, 1, 0}, Affine{huge, 0, huge, 0, huge, huge},
                           Affine{std::numeric_limits<double>::quiet_NaN(), 0, 0, 0, 1, 0}}) {
    Image image(48, 64);
    draw_heatmaps(image, full.data(), 1, kHeatmap, map);
    EXPECT_EQ(brightness(image, 30, 30), 0);
  }
}

}  // namespace
}  // namespace poise
