#include "poise/image/warp_kernels.h"

#include <array>
#include <cstring>
#include <limits>

#include "poise/image/warp_fixed.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace poise {
namespace {

// The three channels of a pixel in one word, 21 bits each: enough for 255 * 32 * 32 and the half, so that one
// multiplication weighs all three.
constexpr int kLane = 21;
constexpr std::uint64_t kHalfLanes =
    std::uint64_t{kHalfWeight} << (2 * kLane) | std::uint64_t{kHalfWeight} << kLane | std::uint64_t{kHalfWeight};

template <int kStep>
inline std::uint64_t lanes(const std::uint8_t* pixel) {
  if constexpr (kStep == 1) return pixel[0] * (1 | std::uint64_t{1} << kLane | std::uint64_t{1} << (2 * kLane));
  return pixel[0] | std::uint64_t{pixel[1]} << kLane | std::uint64_t{pixel[2]} << (2 * kLane);
}

template <int kStep>
void plain(const WarpRun& run) {
  for (int x = run.begin; x < run.end; ++x) {
    const FixedPosition at{run.row_x + run.column_x[x], run.row_y + run.column_y[x]};
    const std::uint8_t* upper = run.data + at.line() * run.stride + at.column() * kStep;
    const std::uint8_t* lower = upper + run.stride;
    const auto right = static_cast<std::uint64_t>(at.fraction_x());
    const auto below = static_cast<std::uint64_t>(at.fraction_y());
    const std::uint64_t top = lanes<kStep>(upper) * (kOne - right) + lanes<kStep>(upper + kStep) * right;
    const std::uint64_t bottom = lanes<kStep>(lower) * (kOne - right) + lanes<kStep>(lower + kStep) * right;
    const std::uint64_t sum = (top * (kOne - below) + bottom * below + kHalfLanes) >> kWeightBits;
    run.rgbx[x] = static_cast<std::uint32_t>((sum & 0xFF) | (sum >> kLane & 0xFF) << 8 | (sum >> 2 * kLane) << 16);
  }
}

#if defined(__x86_64__)

// A pixel and its right neighbour are six of eight bytes, laid out as R R G G B B 0 0 so that one instruction weighs
// them across (at most 255 * 32 in two bytes); upper and lower sums interleaved are weighed down by another. Within 128
// bits stand pixels 0 and 1, or 2 and 3, of four. The loads take the time: on a Zen 4 neither gathers nor twice the
// width (AVX-512) were quicker.
constexpr char kNone = -1;  // a shuffle's zero

__attribute__((target("avx2"))) inline __m128i two_pixels(const std::uint8_t* a, const std::uint8_t* b) {
  long long first = 0, second = 0;
  std::memcpy(&first, a, sizeof first);
  std::memcpy(&second, b, sizeof second);
  return _mm_set_epi64x(second, first);
}

__attribute__((target("avx2"))) inline __m256i weigh_down(__m256i pairs, __m256i weights) {
  return _mm256_srli_epi32(_mm256_add_epi32(_mm256_madd_epi16(pairs, weights), _mm256_set1_epi32(kHalfWeight)),
                           kWeightBits);
}

__attribute__((target("avx2"))) inline void eight_pixels(const WarpRun& run, int x) {
  const auto load = [](const std::int32_t* from) { return reinterpret_cast<const __m256i*>(from); };
  const __m256i at_x = _mm256_add_epi32(_mm256_set1_epi32(static_cast<std::int32_t>(run.row_x)),
                                        _mm256_loadu_si256(load(run.low_column_x + x)));
  const __m256i at_y = _mm256_add_epi32(_mm256_set1_epi32(static_cast<std::int32_t>(run.row_y)),
                                        _mm256_loadu_si256(load(run.low_column_y + x)));
  const __m256i column = _mm256_srli_epi32(at_x, kPositionBits);
  const __m256i line = _mm256_srli_epi32(at_y, kPositionBits);
  const __m256i offset =
      _mm256_add_epi32(_mm256_mullo_epi32(line, _mm256_set1_epi32(static_cast<std::int32_t>(run.stride))),
                       _mm256_add_epi32(column, _mm256_slli_epi32(column, 1)));
  alignas(32) std::int32_t offsets[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(offsets), offset);

  const __m256i one = _mm256_set1_epi32(kOne), mask = _mm256_set1_epi32(kOne - 1);
  const __m256i right = _mm256_and_si256(_mm256_srli_epi32(at_x, kPositionBits - kFractionBits), mask);
  const __m256i below = _mm256_and_si256(_mm256_srli_epi32(at_y, kPositionBits - kFractionBits), mask);
  // (32 - right, right) as bytes, (32 - below, below) as pairs of bytes.
  const __m256i across = _mm256_add_epi32(_mm256_sub_epi32(_mm256_slli_epi32(right, 8), right), one);
  const __m256i down = _mm256_add_epi32(_mm256_sub_epi32(_mm256_slli_epi32(below, 16), below), one);
  const __m256i first = _mm256_setr_epi8(0, 1, 0, 1, 0, 1, 0, 1, 4, 5, 4, 5, 4, 5, 4, 5,  //
                                         0, 1, 0, 1, 0, 1, 0, 1, 4, 5, 4, 5, 4, 5, 4, 5);
  const __m256i across_01 = _mm256_shuffle_epi8(across, first);
  const __m256i across_23 = _mm256_shuffle_epi8(across, _mm256_add_epi8(first, _mm256_set1_epi8(8)));
  const __m256i neighbours = _mm256_setr_epi8(0, 3, 1, 4, 2, 5, kNone, kNone, 8, 11, 9, 12, 10, 13, kNone, kNone,  //
                                              0, 3, 1, 4, 2, 5, kNone, kNone, 8, 11, 9, 12, 10, 13, kNone, kNone);

  __m256i row_01[2], row_23[2];
  for (int r = 0; r < 2; ++r) {
    const std::uint8_t* data = run.data + r * run.stride;
    const __m256i pixels_01 = _mm256_set_m128i(two_pixels(data + offsets[4], data + offsets[5]),
                                               two_pixels(data + offsets[0], data + offsets[1]));
    const __m256i pixels_23 = _mm256_set_m128i(two_pixels(data + offsets[6], data + offsets[7]),
                                               two_pixels(data + offsets[2], data + offsets[3]));
    row_01[r] = _mm256_maddubs_epi16(_mm256_shuffle_epi8(pixels_01, neighbours), across_01);
    row_23[r] = _mm256_maddubs_epi16(_mm256_shuffle_epi8(pixels_23, neighbours), across_23);
  }
  const __m256i pixel_0 = weigh_down(_mm256_unpacklo_epi16(row_01[0], row_01[1]), _mm256_shuffle_epi32(down, 0x00));
  const __m256i pixel_1 = weigh_down(_mm256_unpackhi_epi16(row_01[0], row_01[1]), _mm256_shuffle_epi32(down, 0x55));
  const __m256i pixel_2 = weigh_down(_mm256_unpacklo_epi16(row_23[0], row_23[1]), _mm256_shuffle_epi32(down, 0xAA));
  const __m256i pixel_3 = weigh_down(_mm256_unpackhi_epi16(row_23[0], row_23[1]), _mm256_shuffle_epi32(down, 0xFF));
  _mm256_storeu_si256(
      reinterpret_cast<__m256i*>(run.rgbx + x),
      _mm256_packus_epi16(_mm256_packus_epi32(pixel_0, pixel_1), _mm256_packus_epi32(pixel_2, pixel_3)));
}

__attribute__((target("avx2"))) void avx2(const WarpRun& run) {
  constexpr int kStep = 8;
  if (run.end - run.begin < kStep) return plain<3>(run);
  for (int x = run.begin; x + kStep <= run.end; x += kStep) eight_pixels(run, x);
  eight_pixels(run, run.end - kStep);  // what is left, and some again
}

#endif

}  // namespace

std::span<const WarpKernel> warp_kernels() {
#if defined(__x86_64__)
  static constexpr std::array<WarpKernel, 2> kKernels{plain<3>, avx2};
  __builtin_cpu_init();
  return std::span(kKernels).first(__builtin_cpu_supports("avx2") ? 2 : 1);
#else
  static constexpr std::array<WarpKernel, 1> kKernels{plain<3>};
  return kKernels;
#endif
}

WarpKernel plain_warp_kernel(int bytes_per_pixel) {
  return bytes_per_pixel == 1 ? plain<1> : bytes_per_pixel == 4 ? plain<4> : plain<3>;
}

bool fits_32_bits(int width, int height, std::ptrdiff_t stride) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return (std::int64_t{width} + 1) << kPositionBits <= kMost && (std::int64_t{height} + 1) << kPositionBits <= kMost &&
         stride > 0 && stride <= kMost / (std::int64_t{height} + 1);
}

}  // namespace poise
