#pragma once
// Winograd's minimal filtering in two dimensions with the points 0, 1, -1 and infinity ("Arithmetic Complexity of
// Computations", 1980): tiles of 4x4 inputs, one transform of the input, one matrix product for each of 16 points.
// 3x3 convolutions as F(2x2, 3x3), 2.25 times fewer products, exact enough for bfloat16. Transposed convolutions of 4x4
// taps and stride 2 as F(3x3, 2x2) of their four output phases, tiles laid so that all phases read the same inputs.

#include <cstddef>
#include <cstdint>

#include "poise/tensor/tensor.h"

namespace poise::onednn {

struct Winograd {
  bool transposed = false;                                     // else 3x3, stride 1, a border of 1
  std::int64_t images = 1, in_channels = 0, out_channels = 0;  // channels: whole blocks
  std::int64_t in_height = 0, in_width = 0;                    // transposed: the output is twice as high and wide
  int block = 16;                                              // channels: 8 or 16
  bool source_bfloat16 = false;                                // and what goes into the matrix product
  bool destination_bfloat16 = false;
  bool sum = false;  // onto what the destination holds
  bool relu = false;

  static constexpr std::int64_t kPoints = 16;
  std::int64_t phases() const { return transposed ? 4 : 1; }
  /// Tile t begins at input 2t - 1 and fills outputs 2t and 2t + 1; transposed: at 3t - 1, and outputs 6t - 1 to 6t
  /// + 4.
  std::int64_t tiles_down() const { return tiles(in_height); }
  std::int64_t tiles_across() const { return tiles(in_width); }
  /// Of the matrix product, with in_channels columns; the result has phases() * out_channels.
  std::int64_t rows() const { return images * tiles_down() * tiles_across(); }

 private:
  std::int64_t tiles(std::int64_t inputs) const { return transposed ? (inputs + 3) / 3 : (inputs + 1) / 2; }
};

/// (out, in, 3, 3), or transposed (in, out, 4, 4), -> (points, in, phases * out).
Tensor winograd_weight(const Tensor& weight, bool transposed);
/// Blocked input -> (points, rows, in_channels), float32 or bfloat16. Parallel.
void winograd_input(const Winograd& winograd, const std::byte* source, std::byte* points);
/// The matrix products in float32, for processors where oneDNN packs the weights anew at every call: (points, rows,
/// in_channels) times packed weights -> (points, rows, columns); columns: phases() * out_channels, whole panels.
/// Parallel.
void winograd_products(const Winograd& winograd, const float* points, const float* packed, float* products);
inline constexpr std::int64_t kPanel = 16;
/// (points, in, columns) -> (points, columns / kPanel, in, kPanel).
Tensor pack_panels(const Tensor& weight);
/// (points, rows, phases * out_channels) -> blocked output; `bias`: out_channels, or nullptr. Parallel.
void winograd_output(const Winograd& winograd, const float* products, const float* bias, std::byte* destination);

}  // namespace poise::onednn
