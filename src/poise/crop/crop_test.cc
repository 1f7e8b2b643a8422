#include "poise/crop/crop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "poise/crop/levels.h"
#include "poise/image/test_pictures.h"
#include "poise/image/warp.h"

namespace poise {
namespace {

using namespace testing_pictures;

void expect_same(const Affine& got, const Affine& want, const Box& where) {
  for (const Point p : {Point{where.x, where.y}, Point{where.x + where.width, where.y}, where.centre()}) {
    EXPECT_NEAR(got(p).x, want(p).x, 1e-3);
    EXPECT_NEAR(got(p).y, want(p).y, 1e-3);
  }
}

TEST(CropFromImage, EqualsTheMapThatOpenCvSolvesFromThreeCorners) {
  std::ifstream cases = golden_numbers("crop_cases.txt");
  Box box;
  CropOptions options;
  Affine want;
  int count = 0;
  while (cases >> box.x >> box.y >> box.width >> box.height >> options.padding >> options.rotation >>
         options.size.width >> options.size.height >> want.a >> want.b >> want.c >> want.d >> want.e >> want.f) {
    expect_same(crop_from_image(box, options), want, box);
    ++count;
  }
  EXPECT_EQ(count, 96);
}

TEST(CropFromImage, CentreGoesToHalfTheWidthNotHalfOfWidthLessOne) {
  const Box box{10, 20, 30, 90};
  const Point centre = crop_from_image(box, {})(box.centre());
  EXPECT_FLOAT_EQ(centre.x, 96);
  EXPECT_FLOAT_EQ(centre.y, 128);
}

TEST(CropFromImage, EdgesGoToEdgesWhereThatIsWanted) {
  const CropOptions options{.size = {50, 50}, .padding = 1, .edges = true};
  const Affine crop = crop_from_image({10, 20, 100, 100}, options);
  const Point first = crop({9.5F, 19.5F});  // pixels' edges, counted from centres
  EXPECT_FLOAT_EQ(first.x, -0.5F);
  EXPECT_FLOAT_EQ(first.y, -0.5F);
  const Point last = crop({109.5F, 119.5F});
  EXPECT_FLOAT_EQ(last.x, 49.5F);
  EXPECT_FLOAT_EQ(last.y, 49.5F);
}

TEST(CropFromImage, ScaleIsUniformAndComesFromTheWidth) {
  // A wide box grows in height, a tall one in width.
  const Affine wide = crop_from_image({0, 0, 200, 10}, {.size = {192, 256}, .padding = 1});
  EXPECT_DOUBLE_EQ(wide.a, 192.0 / 200.0);
  EXPECT_DOUBLE_EQ(wide.e, wide.a);
  const Affine tall = crop_from_image({0, 0, 10, 200}, {.size = {192, 256}, .padding = 1});
  EXPECT_NEAR(tall.a, 256.0 / 200.0, 1e-6);
}

TEST(CropFromImage, PositiveRotationTurnsThePictureAnticlockwise) {
  const Box box{-50, -50, 100, 100};
  const Point right = crop_from_image(box, {.size = {100, 100}, .padding = 1, .rotation = 90})({10, 0});
  EXPECT_NEAR(right.x, 50, 1e-4);
  EXPECT_NEAR(right.y, 40, 1e-4);
}

TEST(PaddedBox, GrowsToTheAspectThenByThePadding) {
  const Box box = padded_box({10, 20, 30, 90}, {.size = {192, 256}, .padding = 1.25F});
  EXPECT_FLOAT_EQ(box.width, 90 * 0.75F * 1.25F);
  EXPECT_FLOAT_EQ(box.height, 90 * 1.25F);
  EXPECT_FLOAT_EQ(box.centre().x, 25);
  EXPECT_FLOAT_EQ(box.centre().y, 65);
}

TEST(WriteCrop, PlanesAreNormalisedInTheOrderTheNetworkSees) {
  Image image(2, 1);
  const std::vector<std::uint8_t> pixels{10, 20, 30, 40, 50, 60};
  std::copy(pixels.begin(), pixels.end(), image.data());
  Normalisation n{.scale = 0.5F, .mean = {1, 2, 3}, .std = {2, 4, 8}};
  std::vector<float> out(6);
  write_crop(image.view(), Affine{}, {{2, 1}, n}, out);
  EXPECT_EQ(out, (std::vector<float>{2, 9.5F, 2, 5.75F, 1.5F, 3.375F}));
  n.order = ColourOrder::kBgr;  // mean and std stay with the plane, not with the
                                // colour
  write_crop(image.view(), Affine{}, {{2, 1}, n}, out);
  EXPECT_EQ(out, (std::vector<float>{7, 14.5F, 2, 5.75F, 0.25F, 2.125F}));
}

TEST(WriteCrop, ShowsWhatWarpAffineShows) {
  const Image image = noise(120, 90);
  const Affine map = crop_from_image({20, 10, 60, 95}, {.rotation = 15});
  Image warped(192, 256);
  warp_affine(image.view(), map, warped);
  std::vector<float> out(3 * 192 * 256);
  write_crop(image.view(), map, {{192, 256}, {.scale = 1}}, out);
  for (int y = 0; y < 256; ++y) {
    for (int x = 0; x < 192; ++x) {
      for (int c = 0; c < 3; ++c) {
        ASSERT_EQ(out[static_cast<std::size_t>((c * 256 + y) * 192 + x)], static_cast<float>(warped.row(y)[x * 3 + c]));
      }
    }
  }
}

TEST(Levels, ComputedAndLookedUpAreTheSameToTheBit) {
  Normalisation n{.mean = {0.485F, 0.456F, 0.406F}, .std = {0.229F, 0.224F, 0.225F}};
  std::vector<std::uint8_t> rgb(3 * 256);
  std::vector<std::uint32_t> rgbx(256);
  for (std::uint32_t i = 0; i < 256; ++i) {
    const std::uint32_t red = i, green = 255 - i, blue = i * 73 % 256;
    rgbx[i] = red | green << 8 | blue << 16;
    for (std::size_t c = 0; c < 3; ++c) rgb[3 * i + c] = static_cast<std::uint8_t>(rgbx[i] >> (8 * c));
  }
  for (const ColourOrder order : {ColourOrder::kRgb, ColourOrder::kBgr}) {
    n.order = order;
    for (const int width : {1, 7, 8, 9, 31, 256}) {
      const std::size_t plane_size = 300;
      std::vector<float> looked_up(3 * plane_size, 5.0F), computed(3 * plane_size, 5.0F);
      Levels(n).write_row(rgb.data(), width, looked_up.data(), plane_size);
      write_levels(n, rgbx.data(), width, computed.data(), plane_size);
      EXPECT_EQ(looked_up, computed) << width;
    }
  }
}

TEST(WriteCrop, AreaModeEqualsOpenCvWithinOneLevel) {
  const Image image = golden("warp_source.png");
  std::ifstream cases = golden_numbers("crop_area_cases.txt");
  Box box;
  Size size;
  int count = 0;
  for (; cases >> box.x >> box.y >> box.width >> box.height >> size.width >> size.height; ++count) {
    const Image want = golden("crop_area_" + std::to_string(count) + ".png");
    std::vector<float> out(static_cast<std::size_t>(size.width * size.height * 3));
    write_crop(image.view(), crop_from_image(box, {.size = size, .padding = 1}), {size, {.scale = 1}, Resample::kArea},
               out);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        for (int c = 0; c < 3; ++c) {
          ASSERT_NEAR(out[static_cast<std::size_t>((c * size.height + y) * size.width + x)], want.row(y)[x * 3 + c], 1)
              << "case " << count << " at " << x << "," << y;
        }
      }
    }
  }
  EXPECT_EQ(count, 3);
}

TEST(WriteCrop, BoxesFarOutsideAreBlackAndCheap) {
  const Image image = noise(32, 32);
  std::vector<float> out(3 * 24 * 32, 1.0F);
  const CropOptions options{.size = {24, 32}};
  for (const Box& box : {Box{5000, 5000, 10, 20}, Box{-1e12F, 0, 10, 20}, Box{1e9F, 1e9F, 1e-3F, 1e-3F}}) {
    for (const Resample resample : {Resample::kLinear, Resample::kArea}) {
      std::fill(out.begin(), out.end(), 1.0F);
      write_crop(image.view(), crop_from_image(box, options), {options.size, {}, resample}, out);
      EXPECT_EQ(std::count(out.begin(), out.end(), 0.0F), static_cast<std::ptrdiff_t>(out.size())) << box.x;
    }
  }
}

TEST(WriteCrop, ByRowsIsTheSame) {
  Image image(60, 40);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 180; ++x) image.row(y)[x] = static_cast<std::uint8_t>(x * 7 + y * 13);
  }
  const CropOptions options{.size = {24, 32}};
  const Affine to_crop = crop_from_image({-5, 3, 30, 50}, options);
  const InputForm form{options.size, {.mean = {0.4F, 0.5F, 0.6F}, .std = {0.2F, 0.3F, 0.4F}}};
  std::vector<float> whole(3 * 24 * 32), parts(whole.size(), -9.0F);
  write_crop(image.view(), to_crop, form, whole);
  for (const auto& [begin, end] : {std::pair{20, 32}, std::pair{0, 7}, std::pair{7, 7}, std::pair{7, 20}}) {
    write_crop_rows(image.view(), to_crop, form, parts, begin, end);
  }
  EXPECT_EQ(whole, parts);
}

}  // namespace
}  // namespace poise
