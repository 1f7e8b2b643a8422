#include "poise/track/grey_pyramid.h"

#include <algorithm>
#include <cstddef>

namespace poise {
namespace {

constexpr int kSmallest = 16;  // a level smaller than this holds nothing to follow

/// Means over squares of `step` pixels; what is left over at the right and lower edge is dropped.
GreyLevel shrink_to_grey(const ImageView& picture, int step) {
  GreyLevel level;
  level.width = std::max(1, picture.width / step);
  level.height = std::max(1, picture.height / step);
  level.values.resize(static_cast<std::size_t>(level.width) * static_cast<std::size_t>(level.height));
  const int across = std::min(step, picture.width);
  const int down = std::min(step, picture.height);
  const float part = 1.0F / static_cast<float>(1000 * across * down);
  const int bytes = bytes_per_pixel(picture.order);
  const ChannelOffsets at = channel_offsets(picture.order);
  for (int y = 0; y < level.height; ++y) {
    float* to = level.values.data() + static_cast<std::ptrdiff_t>(y) * level.width;
    for (int x = 0; x < level.width; ++x) {
      int sum = 0;
      for (int j = 0; j < down; ++j) {
        const std::uint8_t* from = picture.row(y * step + j) + static_cast<std::ptrdiff_t>(x) * step * bytes;
        for (int i = 0; i < across; ++i, from += bytes) {
          sum += 299 * from[at.red] + 587 * from[at.green] + 114 * from[at.blue];
        }
      }
      to[x] = static_cast<float>(sum) * part;
    }
  }
  return level;
}

/// Half the size, after [1 2 1]/4 in both directions: the weights of nine neighbours. Edges are repeated.
GreyLevel half(const GreyLevel& from) {
  GreyLevel to;
  to.width = from.width / 2;
  to.height = from.height / 2;
  to.values.resize(static_cast<std::size_t>(to.width) * static_cast<std::size_t>(to.height));
  std::vector<float> line(static_cast<std::size_t>(from.width));
  for (int y = 0; y < to.height; ++y) {
    const auto row = [&](int r) { return from.values.data() + static_cast<std::ptrdiff_t>(r) * from.width; };
    const float* above = row(std::max(0, 2 * y - 1));
    const float* here = row(2 * y);
    const float* below = row(std::min(from.height - 1, 2 * y + 1));
    for (int x = 0; x < from.width; ++x) {
      const auto i = static_cast<std::size_t>(x);
      line[i] = 0.25F * above[i] + 0.5F * here[i] + 0.25F * below[i];
    }
    for (int x = 0; x < to.width; ++x) {
      const float left = line[static_cast<std::size_t>(std::max(0, 2 * x - 1))];
      const float right = line[static_cast<std::size_t>(std::min(from.width - 1, 2 * x + 1))];
      to.values[static_cast<std::size_t>(y * to.width + x)] =
          0.25F * left + 0.5F * line[static_cast<std::size_t>(2 * x)] + 0.25F * right;
    }
  }
  return to;
}

}  // namespace

GreyPyramid grey_pyramid(const ImageView& picture, int longest, int levels) {
  GreyPyramid pyramid;
  pyramid.picture = picture.size();
  const int side = std::max(picture.width, picture.height);
  const int step = std::max(1, (side + longest - 1) / longest);
  pyramid.scale = 1.0F / static_cast<float>(step);
  pyramid.levels.push_back(shrink_to_grey(picture, step));
  while (static_cast<int>(pyramid.levels.size()) < levels) {
    const GreyLevel& last = pyramid.levels.back();
    if (std::min(last.width, last.height) < 2 * kSmallest) break;
    pyramid.levels.push_back(half(last));
  }
  return pyramid;
}

}  // namespace poise
