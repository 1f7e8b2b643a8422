// HEIC and AVIF: tests/golden/heic, which tests/golden/make_heic.py writes.

#include <gtest/gtest.h>

#include "kit/temporary_folder.h"
#include "poise/image/codec.h"
#include "poise/image/decoders.h"
#include "poise/image/picture_files.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = POISE_SOURCE_DIR "/tests/golden/heic";

Point brightest(const Image& image) {
  Point best;
  int most = -1;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const std::uint8_t* pixel = image.row(y) + 3 * x;
      const int light = pixel[0] + pixel[1] + pixel[2];
      if (light <= most) continue;
      most = light;
      best = {static_cast<float>(x), static_cast<float>(y)};
    }
  }
  return best;
}

class Heif : public testing::Test {
 protected:
  void SetUp() override {
    if (!image_detail::reads_heif()) GTEST_SKIP() << "built without libheif: scripts/setup --heic installs it";
  }
};

TEST_F(Heif, IsReadByItsContent) {
  for (const char* name : {"up.heic", "up.avif"}) {
    const auto decoded = read_image_file(kFolder / name);
    if (!decoded.ok() && decoded.error().code == ErrorCode::kUnsupported) {
      EXPECT_TRUE(decoded.error().message.find("libaom") != std::string::npos) << decoded.error().message;
      continue;  // AVIF wants another library still
    }
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(decoded->image.size(), (Size{48, 32})) << name;
    EXPECT_EQ(decoded->exif_orientation, 1);
    EXPECT_FALSE(decoded->exif_applied);
    const Point spot = brightest(decoded->image);
    EXPECT_NEAR(spot.x, 39.5F, 1) << name;
    EXPECT_NEAR(spot.y, 7.5F, 1) << name;
  }
}

/// As phones write it: turned by the container, and EXIF repeats it. Once is right.
TEST_F(Heif, IsTurnedOnce) {
  const auto upright = read_image_file(kFolder / "turned.heic");
  ASSERT_TRUE(upright.ok()) << upright.error().message;
  EXPECT_EQ(upright->image.size(), (Size{48, 32}));
  EXPECT_EQ(upright->exif_orientation, 6);
  EXPECT_TRUE(upright->exif_applied);
  EXPECT_NEAR(brightest(upright->image).x, 39.5F, 1);
  EXPECT_NEAR(brightest(upright->image).y, 7.5F, 1);
  const auto stored = read_image_file(kFolder / "turned.heic", {.exif = Exif::kIgnore});
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_EQ(stored->image.size(), (Size{32, 48}));
  EXPECT_FALSE(stored->exif_applied);
  EXPECT_NEAR(brightest(stored->image).x, 7.5F, 1);
  EXPECT_NEAR(brightest(stored->image).y, 7.5F, 1);
}

TEST_F(Heif, WhatIsTransparentLiesOnWhite) {
  const auto decoded = read_image_file(kFolder / "half.heic");
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_GT(decoded->image.row(16)[3 * 4], 245);
  EXPECT_LT(decoded->image.row(28)[3 * 40], 60);
}

TEST_F(Heif, DamageAndSizeAreErrors) {
  const Bytes whole = read_file(kFolder / "turned.heic", 1U << 20U).value();
  for (std::size_t length = 12; length < whole.size(); length += 7) {
    EXPECT_FALSE(decode_image(BytesView(whole).first(length)).ok()) << length;
  }
  const auto large = decode_image(whole, {.max_pixels = 100});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
}

TEST_F(Heif, IsAdmittedOnce) {
  int asked = 0;
  const auto decoded =
      read_image_file(kFolder / "up.heic", {.admit = [&](std::uint64_t) { return ++asked, Status(); }});
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(asked, 1);
}

TEST_F(Heif, FoldersGiveThem) {
  const auto found = find_pictures({kFolder.string()});
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->files.size(), 4U);
}

TEST(HeifAbsent, IsCalledByItsName) {
  if (image_detail::reads_heif()) GTEST_SKIP() << "this build has libheif";
  const auto refused = read_image_file(kFolder / "up.heic");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(refused.error().message.find("HEIC") != std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace poise
