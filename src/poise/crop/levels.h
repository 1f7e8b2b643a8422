#pragma once
// Eight-bit rows to normalised planes. Internal to crop.

#include <array>
#include <cstddef>
#include <cstdint>

#include "poise/crop/crop.h"

namespace poise {

/// What each of the 256 values of a channel becomes, in plane order.
struct Levels {
  explicit Levels(const Normalisation& n) : channel(plane_channels(n.order)) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t value = 0; value < 256; ++value) {
        plane[c][value] = (static_cast<float>(value) * n.scale - n.mean[c]) / n.std[c];
      }
    }
  }

  /// `width` RGB pixels to the same place of three planes, `plane_size` apart.
  void write_row(const std::uint8_t* rgb, int width, float* out, std::size_t plane_size) const {
    for (std::size_t c = 0; c < 3; ++c) {
      const float* level = plane[c].data();
      const std::uint8_t* from = rgb + channel[c];
      float* to = out + c * plane_size;
      for (int x = 0; x < width; ++x) to[x] = level[from[static_cast<std::ptrdiff_t>(x) * 3]];
    }
  }

  std::array<std::array<float, 256>, 3> plane;
  std::array<std::size_t, 3> channel;
};

/// The same, to the bit, of pixels as WarpRows gives them; computed instead of looked up, which is quicker where eight
/// are computed at once.
void write_levels(const Normalisation& n, const std::uint32_t* rgbx, int width, float* out, std::size_t plane_size);

}  // namespace poise
