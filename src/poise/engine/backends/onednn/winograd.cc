#include "poise/engine/backends/onednn/winograd.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace poise::onednn {
namespace {

constexpr int kTile = 4;  // inputs of a tile, one way
/// Outputs of a tile and phase, one way; the next tile begins so many inputs later.
constexpr int made_by(bool transposed) { return transposed ? 3 : 2; }

/// A block of channels. Vector types of the compiler: what the target lacks in width it does in parts.
template <int block>
struct Channels;
template <>
struct Channels<8> {
  using Floats = float __attribute__((vector_size(32)));
  using Bits = std::uint32_t __attribute__((vector_size(32)));
  using Halves = std::uint16_t __attribute__((vector_size(16)));
};
template <>
struct Channels<16> {
  using Floats = float __attribute__((vector_size(64)));
  using Bits = std::uint32_t __attribute__((vector_size(64)));
  using Halves = std::uint16_t __attribute__((vector_size(32)));
};

// Always inlined, so that they become code of the instruction set of who calls; vectors go by reference, for by value
// they would have no fixed way of passing.
#define POISE_INLINE [[gnu::always_inline]] inline

template <int block, bool bfloat16>
POISE_INLINE void load(const std::byte* from, typename Channels<block>::Floats& to) {
  if constexpr (bfloat16) {
    typename Channels<block>::Halves halves;
    std::memcpy(&halves, from, sizeof(halves));
    const auto bits = __builtin_convertvector(halves, typename Channels<block>::Bits) << 16;
    std::memcpy(&to, &bits, sizeof(to));
  } else {
    std::memcpy(&to, from, sizeof(to));
  }
}

/// bfloat16: to the nearest, ties to even. Values are finite.
template <int block, bool bfloat16>
POISE_INLINE void store(const typename Channels<block>::Floats& from, std::byte* to) {
  if constexpr (bfloat16) {
    typename Channels<block>::Bits bits;
    std::memcpy(&bits, &from, sizeof(bits));
    bits += 0x7fffU + ((bits >> 16) & 1U);
    const auto halves = __builtin_convertvector(bits >> 16, typename Channels<block>::Halves);
    std::memcpy(to, &halves, sizeof(halves));
  } else {
    std::memcpy(to, &from, sizeof(from));
  }
}

/// A row of tiles of one image and one block of channels.
struct TileRow {
  const Winograd* winograd;
  std::int64_t index;        // of the row of tiles in its image
  const std::byte* source;   // of the image and block; of the output: the products of the row's first tile
  std::byte* destination;    // of the output: of the image and block
  std::int64_t point_bytes;  // from one point to the next
  const float* bias = nullptr;
};

template <int block, bool bfloat16>
POISE_INLINE void transform_input(const TileRow& row) {
  using Floats = typename Channels<block>::Floats;
  constexpr std::int64_t kBytes = block * (bfloat16 ? 2 : 4);
  alignas(64) static constexpr std::array<std::byte, block * sizeof(float)> kZeros{};
  const Winograd& d = *row.winograd;
  const int step = made_by(d.transposed);
  const std::int64_t next_tile = d.in_channels / block * kBytes;
  std::byte* to = row.destination;
  for (std::int64_t tile = 0; tile < d.tiles_across(); ++tile, to += next_tile) {
    Floats half[kTile][kTile];  // transformed down, not yet across
#pragma GCC unroll 4
    for (int j = 0; j < kTile; ++j) {
      const std::int64_t x = step * tile - 1 + j;
      Floats in[kTile];
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) {
        const std::int64_t y = step * row.index - 1 + i;
        const bool inside = x >= 0 && x < d.in_width && y >= 0 && y < d.in_height;
        load<block, bfloat16>(inside ? row.source + (y * d.in_width + x) * kBytes : kZeros.data(), in[i]);
      }
      half[0][j] = in[0] - in[2];
      half[1][j] = in[1] + in[2];
      half[2][j] = in[2] - in[1];
      half[3][j] = in[3] - in[1];
    }
#pragma GCC unroll 4
    for (int i = 0; i < kTile; ++i) {
      std::byte* point = to + i * kTile * row.point_bytes;
      store<block, bfloat16>(half[i][0] - half[i][2], point);
      store<block, bfloat16>(half[i][1] + half[i][2], point + row.point_bytes);
      store<block, bfloat16>(half[i][2] - half[i][1], point + 2 * row.point_bytes);
      store<block, bfloat16>(half[i][3] - half[i][1], point + 3 * row.point_bytes);
    }
  }
}

/// From four points to what they make, one way.
template <bool transposed, typename Floats>
POISE_INLINE void gather(const Floats (&points)[kTile], Floats (&made)[made_by(transposed)]) {
  made[0] = points[0] + points[1] + points[2];
  if constexpr (transposed) {
    made[1] = points[1] - points[2];
    made[2] = points[1] + points[2] + points[3];
  } else {
    made[1] = points[1] - points[2] + points[3];
  }
}

template <int block, bool bfloat16, bool transposed>
POISE_INLINE void transform_output(const TileRow& row) {
  using Floats = typename Channels<block>::Floats;
  constexpr std::int64_t kBytes = block * (bfloat16 ? 2 : 4);
  constexpr int kMade = made_by(transposed);
  constexpr int kPhases = transposed ? 4 : 1;
  constexpr int kStride = transposed ? 2 : 1;
  const Winograd& d = *row.winograd;
  const std::int64_t height = kStride * d.in_height;
  const std::int64_t width = kStride * d.in_width;
  const std::int64_t next_phase = d.out_channels * static_cast<std::int64_t>(sizeof(float));
  Floats bias{};
  if (row.bias != nullptr) std::memcpy(&bias, row.bias, sizeof(bias));
  const std::byte* from = row.source;
  for (std::int64_t tile = 0; tile < d.tiles_across(); ++tile) {
    for (int phase = 0; phase < kPhases; ++phase, from += next_phase) {
      Floats half[kMade][kTile];
#pragma GCC unroll 4
      for (int j = 0; j < kTile; ++j) {
        Floats points[kTile];
        Floats made[kMade];
#pragma GCC unroll 4
        for (int i = 0; i < kTile; ++i) load<block, false>(from + (i * kTile + j) * row.point_bytes, points[i]);
        gather<transposed>(points, made);
#pragma GCC unroll 3
        for (int i = 0; i < kMade; ++i) half[i][j] = made[i];
      }
      const std::int64_t top = kStride * kMade * row.index - phase / 2;
      const std::int64_t left = kStride * kMade * tile - phase % 2;
#pragma GCC unroll 3
      for (int i = 0; i < kMade; ++i) {
        const std::int64_t y = top + kStride * i;
        if (y < 0 || y >= height) continue;
        Floats made[kMade];
        gather<transposed>(half[i], made);
#pragma GCC unroll 3
        for (int j = 0; j < kMade; ++j) {
          const std::int64_t x = left + kStride * j;
          if (x < 0 || x >= width) continue;
          std::byte* to = row.destination + (y * width + x) * kBytes;
          made[j] += bias;
          if (d.sum) {
            Floats held;
            load<block, bfloat16>(to, held);
            made[j] += held;
          }
          if (d.relu) made[j] = made[j] > 0 ? made[j] : Floats{};
          store<block, bfloat16>(made[j], to);
        }
      }
    }
  }
}

/// Some rows of a matrix product, one panel of weights.
struct Product {
  const float* points;  // rows of `inner` values
  const float* panel;   // (inner, kPanel)
  float* result;        // rows of `columns`
  std::int64_t rows, inner, columns;
};

/// `rows` by kPanel sums in registers.
template <int rows>
POISE_INLINE void multiply_tile(const Product& p, std::int64_t first) {
  using Floats = Channels<8>::Floats;
  constexpr int kVectors = kPanel / 8;
  Floats sums[rows][kVectors]{};
  const float* points = p.points + first * p.inner;
  const float* weights = p.panel;
  for (std::int64_t k = 0; k < p.inner; ++k, weights += kPanel) {
    Floats weight[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) std::memcpy(&weight[v], weights + v * 8, sizeof(Floats));
#pragma GCC unroll 6
    for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] += points[r * p.inner + k] * weight[v];
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < rows; ++r) std::memcpy(p.result + (first + r) * p.columns, sums[r], sizeof(sums[r]));
}

POISE_INLINE void multiply(const Product& p) {
  constexpr int kRows = 6;  // twelve sums, two weights and a point: the registers of AVX2
  std::int64_t row = 0;
  for (; row + kRows <= p.rows; row += kRows) multiply_tile<kRows>(p, row);
  for (; row + 2 <= p.rows; row += 2) multiply_tile<2>(p, row);
  if (row < p.rows) multiply_tile<1>(p, row);
}

using Kernel = void (*)(const TileRow& row);
struct Kernels {
  Kernel input[2], output[2], transposed_output[2];  // float32, bfloat16
  void (*multiply)(const Product& product);
};

// NOLINTBEGIN(bugprone-macro-parentheses): an attribute stands in none
#define POISE_KERNELS(name, block, attribute)                                                            \
  attribute void name##_input_float(const TileRow& row) { transform_input<block, false>(row); }          \
  attribute void name##_input_half(const TileRow& row) { transform_input<block, true>(row); }            \
  attribute void name##_output_float(const TileRow& row) { transform_output<block, false, false>(row); } \
  attribute void name##_output_half(const TileRow& row) { transform_output<block, true, false>(row); }   \
  attribute void name##_phases_float(const TileRow& row) { transform_output<block, false, true>(row); }  \
  attribute void name##_phases_half(const TileRow& row) { transform_output<block, true, true>(row); }    \
  attribute void name##_multiply(const Product& product) { multiply(product); }                          \
  constexpr Kernels name{{name##_input_float, name##_input_half},                                        \
                         {name##_output_float, name##_output_half},                                      \
                         {name##_phases_float, name##_phases_half},                                      \
                         name##_multiply};
// NOLINTEND(bugprone-macro-parentheses)
POISE_KERNELS(kPlain16, 16, )
POISE_KERNELS(kPlain8, 8, )
#if defined(__x86_64__)
POISE_KERNELS(kAvx512, 16, __attribute__((target("avx512f,avx512bw,avx512vl"))))
POISE_KERNELS(kAvx2, 8, __attribute__((target("avx2,fma"))))
#endif

const Kernels& kernels(int block) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (block == 16 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) return kAvx512;
  if (block == 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return kAvx2;
#endif
  return block == 16 ? kPlain16 : kPlain8;
}

/// Two or three taps as polynomial, at 0, 1, -1 and infinity.
std::array<double, kTile> spread(const std::array<double, 3>& taps, std::size_t count) {
  const double sum = taps[0] + taps[1] + taps[2];
  return {taps[0], sum / 2, (sum - 2 * taps[1]) / 2, taps[count - 1]};
}

}  // namespace

Tensor winograd_weight(const Tensor& weight, bool transposed) {
  const std::int64_t in = weight.dim(transposed ? 0 : 1);
  const std::int64_t out = weight.dim(transposed ? 1 : 0);
  const int phases = transposed ? 4 : 1;
  const int side = transposed ? 4 : 3;
  // The taps of a phase, that of the lowest input first: output 2q reads inputs q - 1 and q, output 2q + 1 q and q + 1.
  using Taps = std::vector<int>;
  const std::array<Taps, 2> taps = transposed ? std::array{Taps{3, 1}, Taps{2, 0}} : std::array{Taps{0, 1, 2}, Taps{}};
  Tensor points(Shape{Winograd::kPoints, in, phases * out});
  float* to = points.floats().data();
  for (std::int64_t c = 0; c < in; ++c) {
    for (int phase = 0; phase < phases; ++phase) {
      const Taps& rows = taps[phase / 2];
      const Taps& columns = taps[phase % 2];
      for (std::int64_t o = 0; o < out; ++o) {
        const float* kernel = weight.floats().data() + (transposed ? c * out + o : o * in + c) * side * side;
        std::array<std::array<double, kTile>, 3> across{};  // a row of taps -> its points
        for (std::size_t i = 0; i < rows.size(); ++i) {
          std::array<double, 3> row{};
          for (std::size_t j = 0; j < columns.size(); ++j) row[j] = kernel[rows[i] * side + columns[j]];
          across[i] = spread(row, columns.size());
        }
        for (int j = 0; j < kTile; ++j) {
          const auto down = spread({across[0][j], across[1][j], across[2][j]}, rows.size());
          for (int i = 0; i < kTile; ++i) {
            to[(((i * kTile + j) * in + c) * phases + phase) * out + o] = static_cast<float>(down[i]);
          }
        }
      }
    }
  }
  return points;
}

Tensor pack_panels(const Tensor& weight) {
  const std::int64_t inner = weight.dim(1);
  const std::int64_t columns = weight.dim(2);
  Tensor packed(Shape{weight.dim(0), columns / kPanel, inner, kPanel});
  float* to = packed.floats().data();
  for (std::int64_t point = 0; point < weight.dim(0); ++point) {
    for (std::int64_t column = 0; column < columns; column += kPanel) {
      const float* from = weight.floats().data() + point * inner * columns + column;
      for (std::int64_t k = 0; k < inner; ++k) to = std::copy_n(from + k * columns, kPanel, to);
    }
  }
  return packed;
}

void winograd_products(const Winograd& w, const float* points, const float* packed, float* products) {
  const auto multiply = kernels(w.block).multiply;
  const std::int64_t rows = w.rows();
  const std::int64_t inner = w.in_channels;
  const std::int64_t columns = w.phases() * w.out_channels;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t point = 0; point < Winograd::kPoints; ++point) {
    for (std::int64_t column = 0; column < columns; column += kPanel) {
      multiply({points + point * rows * inner, packed + (point * columns + column) * inner,
                products + point * rows * columns + column, rows, inner, columns});
    }
  }
}

void winograd_input(const Winograd& d, const std::byte* source, std::byte* points) {
  const Kernel kernel = kernels(d.block).input[d.source_bfloat16 ? 1 : 0];
  const std::int64_t bytes = d.source_bfloat16 ? 2 : 4;
  const std::int64_t blocks = d.in_channels / d.block;
  const std::int64_t down = d.tiles_down();
  const std::int64_t plane = d.in_height * d.in_width * d.block * bytes;
#pragma omp parallel for collapse(3) schedule(static)
  for (std::int64_t image = 0; image < d.images; ++image) {
    for (std::int64_t index = 0; index < down; ++index) {
      for (std::int64_t b = 0; b < blocks; ++b) {
        const std::int64_t first = (image * down + index) * d.tiles_across() * d.in_channels + b * d.block;
        kernel({&d, index, source + (image * blocks + b) * plane, points + first * bytes,
                d.rows() * d.in_channels * bytes});
      }
    }
  }
}

void winograd_output(const Winograd& d, const float* products, const float* bias, std::byte* destination) {
  const Kernels& of_block = kernels(d.block);
  const Kernel kernel = (d.transposed ? of_block.transposed_output : of_block.output)[d.destination_bfloat16 ? 1 : 0];
  const std::int64_t blocks = d.out_channels / d.block;
  const std::int64_t down = d.tiles_down();
  const std::int64_t columns = d.phases() * d.out_channels;
  const std::int64_t plane = d.phases() * d.in_height * d.in_width * d.block * (d.destination_bfloat16 ? 2 : 4);
#pragma omp parallel for collapse(3) schedule(static)
  for (std::int64_t image = 0; image < d.images; ++image) {
    for (std::int64_t index = 0; index < down; ++index) {
      for (std::int64_t b = 0; b < blocks; ++b) {
        const float* first = products + (image * down + index) * d.tiles_across() * columns + b * d.block;
        kernel({&d, index, reinterpret_cast<const std::byte*>(first), destination + (image * blocks + b) * plane,
                d.rows() * columns * static_cast<std::int64_t>(sizeof(float)),
                bias == nullptr ? nullptr : bias + b * d.block});
      }
    }
  }
}

}  // namespace poise::onednn
