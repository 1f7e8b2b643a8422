#include "poise/crop/letterbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "poise/image/codec.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/detections/";

/// As pixels again, planes in the order red, green, blue.
std::vector<float> letterboxed(const Image& image, Size input, const LetterboxOptions& options) {
  std::vector<float> out(static_cast<std::size_t>(input.width) * static_cast<std::size_t>(input.height) * 3, -1.0F);
  write_letterbox(image.view(), options, {input, {.scale = 1}}, out);
  return out;
}

TEST(Letterbox, OddSidesAreWithinAGreyLevelOfOpenCv) {
  std::ifstream cases(kGolden + "letterbox_cases.txt");
  int stretch = 0, end = 0, half = 0, count = 0;
  Size input;
  LetterboxOptions options;
  options.pad_colour = {30, 20, 10};  // OpenCV's is blue first
  for (; cases >> input.width >> input.height >> stretch >> end >> half; ++count) {
    options.fit = stretch != 0 ? Fit::kStretch : Fit::kLetterbox;
    options.pad_side = end != 0 ? PadSide::kEnd : PadSide::kBoth;
    options.half_pixel = half != 0;
    const std::string stem = kGolden + "letterbox_" + std::to_string(count);
    const std::vector<float> found = letterboxed(read_image(stem + "_in.png").value(), input, options);
    const Image wanted = read_image(stem + "_out.png").value();
    ASSERT_EQ(wanted.size(), input);
    const auto plane = static_cast<std::size_t>(input.width * input.height);
    float worst = 0;
    for (std::size_t i = 0; i < plane * 3; ++i) {
      const float pixel = wanted.data()[(i % plane) * 3 + i / plane];
      worst = std::max(worst, std::abs(found[i] - pixel));
    }
    EXPECT_LE(worst, 1) << "case " << count;
  }
  EXPECT_EQ(count, 6);
}

TEST(Letterbox, BoxesComeBackToThePicture) {
  for (const Fit fit : {Fit::kStretch, Fit::kLetterbox}) {
    for (const PadSide side : {PadSide::kEnd, PadSide::kBoth}) {
      LetterboxOptions options;
      options.fit = fit;
      options.pad_side = side;
      const Size image{101, 97};
      const Placement placement = place(image, {333, 222}, options);
      const Box whole{static_cast<float>(placement.x), static_cast<float>(placement.y),
                      static_cast<float>(placement.size.width), static_cast<float>(placement.size.height)};
      const Box back = image_box(whole, placement, image);
      EXPECT_NEAR(back.x, 0, 1e-4);
      EXPECT_NEAR(back.y, 0, 1e-4);
      EXPECT_NEAR(back.width, 101, 1e-4);
      EXPECT_NEAR(back.height, 97, 1e-4);
    }
  }
}

TEST(Letterbox, PlacementKeepsTheShape) {
  const Placement both = place({640, 480}, {416, 416}, {});
  EXPECT_EQ(both.size, (Size{416, 312}));
  EXPECT_EQ(both.x, 0);
  EXPECT_EQ(both.y, 52);
  EXPECT_EQ(place({640, 480}, {416, 416}, {.pad_side = PadSide::kEnd}).y, 0);
  EXPECT_EQ(place({640, 480}, {416, 416}, {.fit = Fit::kStretch}).size, (Size{416, 416}));
  EXPECT_EQ(place({10'000, 1}, {416, 416}, {}).size, (Size{416, 1})) << "a line is not lost";
}

TEST(Letterbox, APaddingOfTheMeanIsZero) {
  Image image(10, 20);
  std::vector<float> out(32 * 32 * 3, 7.0F);
  const Normalisation imagenet{.mean = {0.485F, 0.456F, 0.406F}, .std = {0.229F, 0.224F, 0.225F}};
  write_letterbox(image.view(), {.pad_side = PadSide::kEnd, .pad_colour = {123.675F, 116.28F, 103.53F}},
                  {{32, 32}, imagenet}, out);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(out[c * 1024 + 31], 0, 1e-6) << c;
  EXPECT_LT(out[0], -2);
}

TEST(Letterbox, BgrTurnsThePaddingToo) {
  Image image(2, 4);
  std::vector<float> out(16 * 3);
  write_letterbox(image.view(), {.pad_side = PadSide::kEnd, .pad_colour = {1, 2, 3}},
                  {{4, 4}, {.order = ColourOrder::kBgr, .scale = 1}}, out);
  EXPECT_EQ(out[3], 3);
  EXPECT_EQ(out[16 + 3], 2);
  EXPECT_EQ(out[32 + 3], 1);
}

}  // namespace
}  // namespace poise
