#include "poise/data/hide_people.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace poise {
namespace {

constexpr float kGrown = 0.06F;  // of the box, on each side

struct Rect {
  int left = 0, top = 0, width = 0, height = 0;
};

Rect within(const Box& box, Size size) {
  const auto clamp = [](float v, int most) {
    return static_cast<int>(std::lround(std::clamp(v, 0.0F, static_cast<float>(most))));
  };
  const float dx = kGrown * box.width, dy = kGrown * box.height;
  const int left = clamp(box.x - dx, size.width), right = clamp(box.x + box.width + dx, size.width);
  const int top = clamp(box.y - dy, size.height), bottom = clamp(box.y + box.height + dy, size.height);
  return {left, top, right - left, bottom - top};
}

void paint_over(Image& picture, const Rect& r, Random& random) {
  const auto x = static_cast<int>(random.below(static_cast<std::uint64_t>(picture.width())));
  const auto y = static_cast<int>(random.below(static_cast<std::uint64_t>(picture.height())));
  const std::uint8_t* seen = picture.row(y) + std::ptrdiff_t{3} * x;
  const std::array<std::uint8_t, 3> colour{seen[0], seen[1], seen[2]};
  for (int row = r.top; row < r.top + r.height; ++row) {
    for (int column = r.left; column < r.left + r.width; ++column) {
      std::ranges::copy(colour, picture.row(row) + std::ptrdiff_t{3} * column);
    }
  }
}

/// Blocks are of one size; what is left at the right and below is covered by the last ones.
void shuffle_blocks(Image& picture, const Rect& r, Random& random) {
  const int columns = static_cast<int>(5 + random.below(8)), rows = static_cast<int>(5 + random.below(8));
  const int width = (r.width + columns - 1) / columns, height = (r.height + rows - 1) / rows;
  const Image before = picture.clone();
  std::vector<std::pair<int, int>> places;  // of the blocks, left top corners
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i) {
      places.emplace_back(r.left + std::min(i * width, r.width - width),
                          r.top + std::min(j * height, r.height - height));
    }
  }
  std::vector<std::pair<int, int>> from = places;
  for (std::size_t i = from.size(); i > 1; --i) std::swap(from[i - 1], from[random.below(i)]);
  for (std::size_t k = 0; k < places.size(); ++k) {
    const bool mirror = random.uniform() < 0.5;
    const auto [x, y] = places[k];
    const auto [from_x, from_y] = from[k];
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        const int source = from_x + (mirror ? width - 1 - column : column);
        std::copy_n(before.row(from_y + row) + std::ptrdiff_t{3} * source, 3,
                    picture.row(y + row) + std::ptrdiff_t{3} * (x + column));
      }
    }
  }
}

}  // namespace

void hide_people(Image& picture, std::span<const Box> boxes, Random& random) {
  for (const Box& box : boxes) {
    const Rect rect = within(box, picture.size());
    const bool shuffled = random.uniform() < 2.0 / 3;
    if (rect.width < 1 || rect.height < 1) continue;
    shuffled ? shuffle_blocks(picture, rect, random) : paint_over(picture, rect, random);
  }
}

}  // namespace poise
