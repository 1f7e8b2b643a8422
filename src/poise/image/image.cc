#include "poise/image/image.h"

#include <algorithm>

namespace poise {

void write_rgb_row(const ImageView& view, int y, int first, int count, std::uint8_t* rgb) {
  const std::ptrdiff_t step = bytes_per_pixel(view.order);
  const std::uint8_t* from = view.row(y) + first * step;
  if (view.order == PixelOrder::kRgb) {
    std::copy_n(from, count * step, rgb);
    return;
  }
  const ChannelOffsets at = channel_offsets(view.order);
  for (int x = 0; x < count; ++x, from += step, rgb += 3) {
    rgb[0] = from[at.red];
    rgb[1] = from[at.green];
    rgb[2] = from[at.blue];
  }
}

Image to_rgb(const ImageView& view) {
  if (view.empty()) return {};
  Image image(view.width, view.height);
  for (int y = 0; y < view.height; ++y) write_rgb_row(view, y, 0, view.width, image.row(y));
  return image;
}

}  // namespace poise
