#include "poise/image/exif.h"

#include <gtest/gtest.h>

#include <array>

#include "poise/image/test_pictures.h"

namespace poise {
namespace {

using namespace testing_pictures;

Bytes little_endian_tiff(std::uint8_t orientation) {
  return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0};
}

TEST(ExifOrientation, ReadsBothByteOrders) {
  for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(little_endian_tiff(orientation)), orientation);
    const Bytes big{'E', 'x', 'i',  'f',  0, 0, 'M', 'M', 0, 42, 0, 0,           0, 8,
                    0,   1,   0x01, 0x12, 0, 3, 0,   0,   0, 1,  0, orientation, 0, 0};
    EXPECT_EQ(exif_orientation(big), orientation);
  }
}

TEST(ExifOrientation, LooksPastOtherEntries) {
  const Bytes tiff{'I', 'I', 42, 0, 8, 0,    0,    0, 2, 0, 0x0F, 0x01, 3, 0, 1, 0, 0,
                   0,   5,   0,  0, 0, 0x12, 0x01, 3, 0, 1, 0,    0,    0, 6, 0, 0, 0};
  EXPECT_EQ(exif_orientation(tiff), 6);
}

TEST(ExifOrientation, DamageMeansUpright) {
  EXPECT_EQ(exif_orientation({}), 1);
  EXPECT_EQ(exif_orientation(little_endian_tiff(0)), 1);
  EXPECT_EQ(exif_orientation(little_endian_tiff(9)), 1);
  const Bytes whole = little_endian_tiff(6);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(exif_orientation(BytesView(whole).first(length)), 1) << length;
  }
  for (const std::size_t at : {std::size_t{0}, std::size_t{2}, std::size_t{12}, std::size_t{15}}) {
    Bytes changed = whole;
    changed[at] = 0xFF;
    EXPECT_EQ(exif_orientation(changed), 1) << at;
  }
  for (std::size_t at = 4; at < 8; ++at) {  // the directory lies outside
    Bytes changed = whole;
    changed[at] = 0xFF;
    EXPECT_EQ(exif_orientation(changed), 1) << at;
  }
}

/// A picture of one row per string; each pixel's red is the letter.
Image letters(const std::vector<std::string>& rows) {
  Image image(static_cast<int>(rows[0].size()), static_cast<int>(rows.size()));
  for (std::size_t y = 0; y < rows.size(); ++y) {
    for (std::size_t x = 0; x < rows[y].size(); ++x) {
      image.row(static_cast<int>(y))[x * 3] = static_cast<std::uint8_t>(rows[y][x]);
    }
  }
  return image;
}

TEST(Upright, TurnsAllEightWays) {
  // How "ABC/DEF" must have been stored for each orientation to show it
  // (EXIF 2.32, 4.6.4, figure of tag 0x0112).
  const std::array<std::vector<std::string>, 8> stored{{{"ABC", "DEF"},
                                                        {"CBA", "FED"},
                                                        {"FED", "CBA"},
                                                        {"DEF", "ABC"},
                                                        {"AD", "BE", "CF"},
                                                        {"CF", "BE", "AD"},
                                                        {"FC", "EB", "DA"},
                                                        {"DA", "EB", "FC"}}};
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const Image shown = upright(letters(stored[i]), static_cast<int>(i + 1));
    EXPECT_EQ(largest_difference(shown, letters({"ABC", "DEF"})), 0) << "orientation " << i + 1;
  }
}

TEST(Upright, PointsAndBoxesGoBackToWhereTheyAreStored) {
  const Image source = noise(7, 5);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image turned = upright(source.clone(), orientation);
    for (int y = 0; y < turned.height(); ++y) {
      for (int x = 0; x < turned.width(); ++x) {
        const Point at = stored_point({static_cast<float>(x), static_cast<float>(y)}, orientation, source.size());
        const std::uint8_t* stored = source.row(static_cast<int>(at.y)) + static_cast<int>(at.x) * 3;
        ASSERT_TRUE(std::equal(stored, stored + 3, turned.row(y) + x * 3)) << orientation << ": " << x << ", " << y;
        const Box pixel{static_cast<float>(x), static_cast<float>(y), 1, 1};
        EXPECT_EQ(stored_box(pixel, orientation, source.size()), (Box{at.x, at.y, 1, 1})) << orientation;
      }
    }
  }
  EXPECT_EQ(stored_box({1, 0, 3, 2}, 6, {7, 5}), (Box{0, 1, 2, 3}));
  EXPECT_TRUE(is_mirrored(2) && is_mirrored(4) && is_mirrored(5) && is_mirrored(7));
  EXPECT_FALSE(is_mirrored(1) || is_mirrored(3) || is_mirrored(6) || is_mirrored(8));
}

TEST(Upright, LargePicturesAcrossTiles) {
  const Image source = noise(70, 45);
  const Image turned = upright(source.clone(), 6);  // a quarter turn to the right
  ASSERT_EQ(turned.size(), (Size{45, 70}));
  for (int y = 0; y < 70; ++y) {
    for (int x = 0; x < 45; ++x)
      ASSERT_TRUE(std::equal(turned.row(y) + x * 3, turned.row(y) + x * 3 + 3, source.row(44 - x) + y * 3));
  }
  EXPECT_EQ(largest_difference(upright(turned.clone(), 8), source), 0);
}

}  // namespace
}  // namespace poise
