#pragma once
// Sixteen-bit floats, as files hold them, into float32.

#include <bit>
#include <cmath>
#include <cstdint>

namespace poise {

/// IEEE 754 binary16, exactly. Pure functions of values: thread-safe.
inline float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = (half >> 10U) & 0x1fU;
  const std::uint32_t fraction = half & 0x3ffU;
  if (exponent == 0) {
    const float subnormal = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -subnormal : subnormal;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (wide << 23U) | (fraction << 13U));
}

/// bfloat16 is the upper half of a float32.
inline float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U); }

}  // namespace poise
