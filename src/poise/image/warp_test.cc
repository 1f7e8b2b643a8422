#include "poise/image/warp.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cmath>
#include <limits>
#include <vector>

#include "poise/image/test_pictures.h"
#include "poise/image/warp_rows.h"

namespace poise {
namespace {

using namespace testing_pictures;

/// Bytes between two pages that must not be touched: right behind the first, or right before the second.
class GuardedBytes {
 public:
  GuardedBytes(std::size_t count, bool at_end) {
    const std::size_t inner = (count + kPage - 1) / kPage * kPage;
    size_ = inner + 2 * kPage;
    pages_ =
        static_cast<std::uint8_t*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(static_cast<void*>(pages_), MAP_FAILED);
    mprotect(pages_, kPage, PROT_NONE);
    mprotect(pages_ + kPage + inner, kPage, PROT_NONE);
    data = pages_ + kPage + (at_end ? inner - count : 0);
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes() { munmap(pages_, size_); }

  std::uint8_t* data = nullptr;

 private:
  static constexpr std::size_t kPage = 4096;
  std::uint8_t* pages_ = nullptr;
  std::size_t size_ = 0;
};

/// A pixel of the warped picture as the header states it, each neighbour looked at alone.
std::uint32_t plain_pixel(const ImageView& source, const Affine& destination_from_source, int x, int y) {
  const Affine m = destination_from_source.inverse();
  const auto fixed = [](double column, double row) {
    return (std::llrint(column * 1024) + std::llrint(row * 1024) + 16) >> 5;
  };
  const long long at_x = fixed(m.a * x, m.b * y + m.c), at_y = fixed(m.d * x, m.e * y + m.f);
  std::uint32_t rgbx = 0;
  for (int c = 0; c < 3; ++c) {
    long long sum = 512;
    for (int dy = 0; dy < 2; ++dy) {
      for (int dx = 0; dx < 2; ++dx) {
        const long long column = (at_x >> 5) + dx, line = (at_y >> 5) + dy;
        if (column < 0 || column >= source.width || line < 0 || line >= source.height) continue;
        const long long right = at_x & 31, below = at_y & 31;
        sum += (dx != 0 ? right : 32 - right) * (dy != 0 ? below : 32 - below) *
               source.row(static_cast<int>(line))[column * 3 + c];
      }
    }
    rgbx |= static_cast<std::uint32_t>(sum >> 10) << (8 * c);
  }
  return rgbx;
}

/// Each kernel of this processor shows what plain_pixel says and writes nothing else.
void expect_all_kernels_right(const ImageView& source, const Affine& map, Size size) {
  for (std::size_t k = 0; k < warp_kernels().size(); ++k) {
    WarpRows rows(source, map, size, warp_kernels()[k]);
    constexpr std::uint32_t kUntouched = 0xABCDEF01;
    std::vector<std::uint32_t> row(static_cast<std::size_t>(size.width) + 8, kUntouched);
    for (int y = 0; y < size.height; ++y) {
      rows.row(y, row.data());
      for (int x = 0; x < size.width; ++x) {
        ASSERT_EQ(row[static_cast<std::size_t>(x)], plain_pixel(source, map, x, y))
            << "kernel " << k << " of " << source.width << "x" << source.height << " at " << x << "," << y << ": "
            << map.a << " " << map.b << " " << map.c << " " << map.d << " " << map.e << " " << map.f;
      }
      ASSERT_EQ(std::count(row.begin() + size.width, row.end(), kUntouched), 8);
    }
  }
}

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

TEST(WarpAffine, EveryKernelShowsTheSameAndReadsNothingOutside) {
  Random random(7);
  for (int i = 0; i < 400; ++i) {
    // Pictures of 1 to 5 pixels as often as wider ones; rows apart by 0 to 9 bytes more than they are long.
    const int width = 1 + static_cast<int>(random.below(i % 2 == 0 ? 5 : 70));
    const int height = 1 + static_cast<int>(random.below(i % 3 == 0 ? 4 : 50));
    const std::size_t stride = 3 * static_cast<std::size_t>(width) + random.below(10);
    const std::size_t count = stride * static_cast<std::size_t>(height - 1) + 3 * static_cast<std::size_t>(width);
    const GuardedBytes bytes(count, i % 4 < 3);
    std::generate_n(bytes.data, count, [&] { return static_cast<std::uint8_t>(random.below(256)); });
    const ImageView source{bytes.data, width, height, static_cast<std::ptrdiff_t>(stride)};

    // From far too large to far too small, turned, mirrored; the middle of the one somewhere on the other.
    const Size size{1 + static_cast<int>(random.below(60)), 1 + static_cast<int>(random.below(20))};
    const double scale = std::exp(random.uniform(-2.5, 3.0)), angle = i % 5 == 0 ? 0.0 : random.uniform(0, 6.3);
    const double mirror = random.below(3) == 0 ? -1.0 : 1.0, shear = i % 5 == 0 ? 0.0 : random.uniform(-0.3, 0.3);
    Affine map{.a = scale * std::cos(angle) * mirror,
               .b = scale * (std::sin(angle) + shear),
               .d = -scale * std::sin(angle) * mirror,
               .e = scale * std::cos(angle)};
    const double x = random.uniform(-0.2, 1.2) * width, y = random.uniform(-0.2, 1.2) * height;
    map.c = random.uniform(0, size.width) - map.a * x - map.b * y;
    map.f = random.uniform(0, size.height) - map.d * x - map.e * y;
    expect_all_kernels_right(source, map, size);
  }
}

TEST(WarpAffine, EveryKernelAtEachEdgeAndCornerOfAPictureToItself) {
  for (const int width : {1, 2, 3, 4, 9, 17, 40}) {
    const GuardedBytes bytes(static_cast<std::size_t>(3 * width * 3), true);
    std::generate_n(bytes.data, 3 * width * 3, [i = 0]() mutable { return static_cast<std::uint8_t>(i += 37); });
    const ImageView source{bytes.data, width, 3, 3 * width};
    for (const double dx : {-1.0, -0.5, 0.0, 0.25, 1.0}) {
      for (const double dy : {-1.0, -0.5, 0.0, 0.25, 1.0}) {
        expect_all_kernels_right(source, {.c = dx, .f = dy}, {width + 2, 5});
      }
    }
  }
}

TEST(WarpAffine, APictureTooLongFor32BitsIsShownAllTheSame) {
  const int width = 3'000'000;
  const Image source = noise(width, 2);
  EXPECT_FALSE(fits_32_bits(width, 2, width * 3L));
  EXPECT_TRUE(fits_32_bits(65535, 10000, 65535 * 3L));
  expect_all_kernels_right(source.view(), {.a = 0.9, .c = -0.9 * (width - 30), .e = 1.1}, {40, 3});
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
