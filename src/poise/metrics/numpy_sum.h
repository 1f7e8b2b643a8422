#pragma once
// Sums with the bits that NumPy gives.

#include <array>
#include <cstddef>

namespace poise {

/// The sum in the order in which NumPy adds a contiguous array, so that equal inputs give equal bits: pairwise, eight
/// partial sums in blocks of at most 128 (numpy/_core/src/umath/loops_utils.h.src, @TYPE@_pairwise_sum). Pure.
template <typename T>
T numpy_sum(const T* values, std::size_t count) {
  constexpr std::size_t kLanes = 8;
  constexpr std::size_t kBlock = 128;
  if (count < kLanes) {
    T sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += values[i];
    return sum;
  }
  if (count <= kBlock) {
    std::array<T, kLanes> r{};
    for (std::size_t k = 0; k < kLanes; ++k) r[k] = values[k];
    std::size_t i = kLanes;
    for (; i < count - count % kLanes; i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) r[k] += values[i + k];
    }
    T sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < count; ++i) sum += values[i];
    return sum;
  }
  std::size_t half = count / 2;
  half -= half % kLanes;
  return numpy_sum(values, half) + numpy_sum(values + half, count - half);
}

}  // namespace poise
