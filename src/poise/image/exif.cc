#include "poise/image/exif.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "poise/base/check.h"

namespace poise {
namespace {

constexpr std::array<std::uint8_t, 6> kExifTag{'E', 'x', 'i', 'f', 0, 0};

std::uint32_t unsigned_at(BytesView bytes, std::size_t at, std::size_t length, bool big_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < length; ++i) value = (value << 8U) | bytes[at + (big_endian ? i : length - 1 - i)];
  return value;
}

}  // namespace

int exif_orientation(BytesView tiff) {
  if (tiff.size() >= kExifTag.size() && std::equal(kExifTag.begin(), kExifTag.end(), tiff.begin())) {
    tiff = tiff.subspan(kExifTag.size());
  }
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const bool big = tiff[0] == 'M';
  if (unsigned_at(tiff, 2, 2, big) != 42) return 1;
  const std::size_t directory = unsigned_at(tiff, 4, 4, big);
  if (directory > tiff.size() - 2) return 1;
  const std::size_t entries = unsigned_at(tiff, directory, 2, big);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + i * 12;
    if (at + 12 > tiff.size()) return 1;
    if (unsigned_at(tiff, at, 2, big) != 0x0112) continue;
    const std::uint32_t type = unsigned_at(tiff, at + 2, 2, big);
    if ((type != 3 && type != 4) || unsigned_at(tiff, at + 4, 4, big) != 1) return 1;  // one SHORT; some write a LONG
    const std::uint32_t value = unsigned_at(tiff, at + 8, type == 3 ? 2 : 4, big);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

namespace {

/// Whether the upright picture's first pixel is stored at the right, or at the bottom.
bool starts_right(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}
bool starts_at_bottom(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

/// stored_point where the last column and row are at `last`.
Point stored_from(Point upright, int orientation, Point last) {
  if (orientation >= 5) std::swap(upright.x, upright.y);
  return {starts_right(orientation) ? last.x - upright.x : upright.x,
          starts_at_bottom(orientation) ? last.y - upright.y : upright.y};
}

}  // namespace

Point stored_point(Point upright, int orientation, Size stored) {
  return stored_from(upright, orientation,
                     {static_cast<float>(stored.width - 1), static_cast<float>(stored.height - 1)});
}

Box stored_box(const Box& upright, int orientation, Size stored) {
  const Point edges{static_cast<float>(stored.width), static_cast<float>(stored.height)};
  const Point a = stored_from({upright.x, upright.y}, orientation, edges);
  const Point b = stored_from({upright.x + upright.width, upright.y + upright.height}, orientation, edges);
  return {std::min(a.x, b.x), std::min(a.y, b.y), std::abs(b.x - a.x), std::abs(b.y - a.y)};
}

bool is_mirrored(int orientation) {
  return orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7;
}

Image upright(Image image, int orientation) {
  POISE_CHECK(orientation >= 1 && orientation <= 8);
  if (orientation == 1 || image.empty()) return image;
  const int width = image.width();
  const int height = image.height();
  const bool swaps = orientation >= 5;
  Image turned(swaps ? height : width, swaps ? width : height);

  // Where upright pixel (0, 0) is stored, and the byte steps in the stored
  // picture for one upright step in x and y.
  const bool from_right = starts_right(orientation);
  const bool from_bottom = starts_at_bottom(orientation);
  const std::ptrdiff_t along = from_right ? -3 : 3;
  const std::ptrdiff_t pitch = static_cast<std::ptrdiff_t>(width) * 3;
  const std::ptrdiff_t down = from_bottom ? -pitch : pitch;
  const std::uint8_t* first = image.row(from_bottom ? height - 1 : 0) + (from_right ? pitch - 3 : 0);
  const std::ptrdiff_t step_x = swaps ? down : along;
  const std::ptrdiff_t step_y = swaps ? along : down;

  constexpr int kTile = 32;  // keeps both sides of a transposition in the first cache
  for (int tile_y = 0; tile_y < turned.height(); tile_y += kTile) {
    for (int tile_x = 0; tile_x < turned.width(); tile_x += kTile) {
      const int end_y = std::min(tile_y + kTile, turned.height());
      const int end_x = std::min(tile_x + kTile, turned.width());
      for (int y = tile_y; y < end_y; ++y) {
        const std::uint8_t* from = first + y * step_y + tile_x * step_x;
        std::uint8_t* to = turned.row(y) + static_cast<std::ptrdiff_t>(tile_x) * 3;
        for (int x = tile_x; x < end_x; ++x, from += step_x, to += 3) std::copy_n(from, 3, to);
      }
    }
  }
  return turned;
}

}  // namespace poise
