#include "poise/image/image.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "poise/image/codec.h"
#include "poise/image/resize.h"
#include "poise/image/test_pictures.h"
#include "poise/image/warp.h"

namespace poise {
namespace {

using namespace testing_pictures;

constexpr std::array kOrders{PixelOrder::kRgb, PixelOrder::kBgr, PixelOrder::kGrey, PixelOrder::kRgba,
                             PixelOrder::kBgra};

/// The picture's pixels in another order, rows five bytes apart; a fourth byte is 77. Of grey: its red.
struct Buffer {
  std::vector<std::uint8_t> bytes;
  ImageView view;

  Buffer(const Image& image, PixelOrder order) {
    const int step = bytes_per_pixel(order);
    const ChannelOffsets at = channel_offsets(order);
    const std::ptrdiff_t stride = std::ptrdiff_t{step} * image.width() + 5;
    bytes.assign(static_cast<std::size_t>(stride * image.height()), 77);
    view = {bytes.data(), image.width(), image.height(), stride, order};
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) {
        const std::uint8_t* rgb = image.row(y) + std::ptrdiff_t{3} * x;
        std::uint8_t* to = bytes.data() + y * stride + std::ptrdiff_t{step} * x;
        to[at.blue] = rgb[2];
        to[at.green] = rgb[1];
        to[at.red] = rgb[0];
      }
    }
  }
};

/// What the buffer shows.
Image shown(const Image& image, PixelOrder order) {
  Image result = image.clone();
  if (order != PixelOrder::kGrey) return result;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      std::uint8_t* rgb = result.row(y) + std::ptrdiff_t{3} * x;
      rgb[1] = rgb[2] = rgb[0];
    }
  }
  return result;
}

TEST(PixelOrders, ACopyIsRgb) {
  const Image image = noise(23, 11);
  for (const PixelOrder order : kOrders) {
    const Buffer buffer(image, order);
    EXPECT_EQ(largest_difference(to_rgb(buffer.view), shown(image, order)), 0) << static_cast<int>(order);
  }
  EXPECT_TRUE(to_rgb(ImageView{}).empty());
}

TEST(PixelOrders, EveryOrderIsWarpedAndResizedToTheSameBytes) {
  const Image image = noise(61, 47, 3);
  const Affine map{.a = 0.8, .b = 0.31, .c = -4, .d = -0.27, .e = 0.9, .f = 7};
  for (const PixelOrder order : kOrders) {
    const Buffer buffer(image, order);
    const Image plain = shown(image, order);
    Image wanted(70, 50), got(70, 50);
    warp_affine(plain.view(), map, wanted);
    warp_affine(buffer.view, map, got);
    EXPECT_EQ(largest_difference(got, wanted), 0) << static_cast<int>(order);
    for (const Size size : {Size{20, 30}, Size{90, 33}}) {
      EXPECT_EQ(largest_difference(resize(buffer.view, size), resize(plain.view(), size)), 0);
      EXPECT_EQ(largest_difference(resize_linear(buffer.view, size), resize_linear(plain.view(), size)), 0);
      const PixelRect part{-5, 10, 50, 60};
      EXPECT_EQ(largest_difference(resize_area(buffer.view, part, size), resize_area(plain.view(), part, size)), 0);
    }
  }
}

TEST(PixelOrders, WhatIsWrittenIsRgb) {
  const Image image = noise(9, 8);
  for (const PixelOrder order : kOrders) {
    const Buffer buffer(image, order);
    const Bytes png = encode_image(buffer.view, {.format = ImageFormat::kPng}).value();
    EXPECT_EQ(largest_difference(decode_image(png).value().image, shown(image, order)), 0);
  }
}

}  // namespace
}  // namespace poise
