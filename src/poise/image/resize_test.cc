#include "poise/image/resize.h"

#include <gtest/gtest.h>

#include "poise/image/test_pictures.h"
#include "poise/image/warp.h"

namespace poise {
namespace {

using namespace testing_pictures;

TEST(Resize, EqualsOpenCvWithinOneLevel) {
  const Image source = golden("warp_source.png");
  std::ifstream cases = golden_numbers("resize_cases.txt");
  Size size;
  int count = 0;
  for (; cases >> size.width >> size.height; ++count) {
    const Image resized = resize(source.view(), size);
    EXPECT_LE(largest_difference(resized, golden("resize_" + std::to_string(count) + ".png")), 1) << "case " << count;
  }
  EXPECT_EQ(count, 5);
}

TEST(Resize, SameSizeCopies) {
  const Image source = noise(13, 7);
  EXPECT_EQ(largest_difference(resize(source.view(), {13, 7}), source), 0);
  EXPECT_EQ(largest_difference(resize_area(source.view(), {0, 0, 13, 7}, {13, 7}), source), 0);
}

TEST(Resize, ASinglePixelSpreads) {
  const Image source = noise(1, 1);
  const Image grown = resize(source.view(), {4, 3});
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 4; ++x) EXPECT_EQ(grown.row(y)[x * 3 + 1], source.row(0)[1]);
  }
}

TEST(ResizeArea, WhatHangsOverIsBlack) {
  Image white(4, 4);
  std::fill_n(white.data(), 48, std::uint8_t{255});
  const Image half = resize_area(white.view(), {-4, 0, 8, 4}, {2, 1});
  EXPECT_EQ(half.row(0)[0], 0);
  EXPECT_EQ(half.row(0)[3], 255);
  const Image quarter = resize_area(white.view(), {-2, -2, 4, 4}, {1, 1});
  EXPECT_EQ(quarter.row(0)[0], 64);
}

TEST(ResizeArea, AHugeRegionCostsNoMoreThanThePicture) {
  Image white(4, 4);
  std::fill_n(white.data(), 48, std::uint8_t{255});
  const Image speck = resize_area(white.view(), {-1'000'000'000, -1'000'000'000, 2'000'000'000, 2'000'000'000}, {3, 3});
  EXPECT_EQ(largest_difference(speck, Image(3, 3)), 0);
  const Image beside = resize_area(white.view(), {50, 50, 10, 10}, {3, 3});
  EXPECT_EQ(largest_difference(beside, Image(3, 3)), 0);
}

}  // namespace
}  // namespace poise
