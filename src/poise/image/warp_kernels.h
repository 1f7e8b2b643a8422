#pragma once
// The inner loop of WarpRows, once for every instruction set worth its own. Internal to image.

#include <cstddef>
#include <cstdint>
#include <span>

namespace poise {

/// Pixels of one destination row whose four source neighbours lie inside, and to the right of them at least one more:
/// what is read for a pixel is up to eight bytes wide. Positions are in 1/1024 source pixel, half of 1/32 added.
struct WarpRun {
  const std::uint8_t* data = nullptr;  // of the kernel's pixels, rows `stride` bytes apart
  std::ptrdiff_t stride = 0;
  std::int64_t row_x = 0, row_y = 0;       // pixel x takes the source at (row_x + column_x[x], row_y + column_y[x])
  const std::int64_t* column_x = nullptr;  // as many as the destination is wide
  const std::int64_t* column_y = nullptr;
  const std::int32_t* low_column_x = nullptr;  // their low halves
  const std::int32_t* low_column_y = nullptr;
  int begin = 0, end = 0;
  std::uint32_t* rgbx = nullptr;  // of the whole row; a pixel's first byte is the low one, the high one is 0
};

using WarpKernel = void (*)(const WarpRun& run);

/// For pixels of three bytes: those that this processor can run, the plain one first and the fastest last. All give the
/// same bytes. All but the first hold positions and offsets in 32 bits: see fits_32_bits().
std::span<const WarpKernel> warp_kernels();

/// For pixels of one byte, which is all three channels, of three, or of four, the last of which is passed over.
WarpKernel plain_warp_kernel(int bytes_per_pixel);

/// Whether positions and offsets in a source of this size stay below 2^31.
bool fits_32_bits(int width, int height, std::ptrdiff_t stride);

}  // namespace poise
