#include "poise/image/warp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "poise/image/test_pictures.h"

namespace poise {
namespace {

using namespace testing_pictures;

bool all_black(const Image& image) { return largest_difference(image, Image(image.width(), image.height())) == 0; }

TEST(WarpAffine, EqualsOpenCvToTheBit) {
  const Image source = golden("warp_source.png");
  std::ifstream cases = golden_numbers("warp_cases.txt");
  Affine m;
  Size size;
  int count = 0;
  for (; cases >> m.a >> m.b >> m.c >> m.d >> m.e >> m.f >> size.width >> size.height; ++count) {
    Image warped(size.width, size.height);
    warp_affine(source.view(), m, warped);
    EXPECT_EQ(largest_difference(warped, golden("warp_" + std::to_string(count) + ".png")), 0) << "case " << count;
  }
  EXPECT_EQ(count, 7);
}

TEST(WarpAffine, IdentityCopies) {
  const Image source = noise(17, 9);
  Image copy(17, 9);
  warp_affine(source.view(), Affine{}, copy);
  EXPECT_EQ(largest_difference(copy, source), 0);
}

TEST(WarpAffine, HalfAPixelIsTheMeanAndTheBorderIsBlack) {
  Image source(2, 1);
  for (int i = 0; i < 6; ++i) source.row(0)[i] = static_cast<std::uint8_t>(i < 3 ? 100 : 200);
  Image moved(3, 1);
  warp_affine(source.view(), Affine{.c = 0.5}, moved);
  EXPECT_EQ(moved.row(0)[0], 50);
  EXPECT_EQ(moved.row(0)[3], 150);
  EXPECT_EQ(moved.row(0)[6], 100);
}

TEST(WarpAffine, ReadsAPartOfALargerPictureThroughItsStride) {
  const Image source = noise(20, 10);
  const ImageView part{source.row(2) + 4 * 3, 6, 5, 20 * 3};
  Image copy(6, 5);
  warp_affine(part, Affine{}, copy);
  for (int y = 0; y < 5; ++y) EXPECT_TRUE(std::equal(copy.row(y), copy.row(y) + 18, part.row(y)));
}

TEST(WarpAffine, MapsThatShowNothingGiveBlack) {
  const Image source = noise(8, 8);
  const double infinite = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Affine& m : {Affine{.a = 0}, Affine{.a = nan}, Affine{.c = infinite}, Affine{.c = nan}, Affine{.c = 1e30},
                          Affine{.a = 1e-300, .e = 1e-300}, Affine{.f = -9}}) {
    Image warped = noise(5, 4, 2);
    warp_affine(source.view(), m, warped);
    EXPECT_TRUE(all_black(warped)) << m.a << " " << m.c;
  }
  Image warped = noise(5, 4, 2);
  warp_affine(ImageView{}, Affine{}, warped);
  EXPECT_TRUE(all_black(warped));
}

}  // namespace
}  // namespace poise
