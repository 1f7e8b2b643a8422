#include "poise/crop/levels.h"

namespace poise {
namespace {

/// Compiled once for each instruction set. None of them may fuse the product and the difference: the last bit would
/// differ.
[[gnu::always_inline]] inline void write_planes(const Normalisation& n, const std::uint32_t* rgbx, int width,
                                                float* out, std::size_t plane_size) {
  const std::array<std::size_t, 3> channel = plane_channels(n.order);
  for (std::size_t c = 0; c < 3; ++c, out += plane_size) {
    const auto shift = static_cast<int>(8 * channel[c]);
    const float scale = n.scale, mean = n.mean[c], std = n.std[c];
    for (int x = 0; x < width; ++x) {
      const auto value = static_cast<int>(rgbx[x] >> shift & 0xFF);
      out[x] = (static_cast<float>(value) * scale - mean) / std;
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void write_planes_avx2(const Normalisation& n, const std::uint32_t* rgbx, int width,
                                                       float* out, std::size_t plane_size) {
  write_planes(n, rgbx, width, out, plane_size);
}
#endif

}  // namespace

void write_levels(const Normalisation& n, const std::uint32_t* rgbx, int width, float* out, std::size_t plane_size) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return write_planes_avx2(n, rgbx, width, out, plane_size);
#endif
  write_planes(n, rgbx, width, out, plane_size);
}

}  // namespace poise
