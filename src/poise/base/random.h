#pragma once
// Counter-based random numbers: a draw depends on (seed, stream, index) alone, so the number of workers, or the order
// in which they work, changes nothing. One thread a Random. SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, section 4).

#include <cmath>
#include <cstdint>
#include <numbers>

namespace poise {

__extension__ using Wide = unsigned __int128;

class Random {
 public:
  constexpr explicit Random(std::uint64_t seed, std::uint64_t stream = 0, std::uint64_t index = 0)
      : key_(mix(mix(mix(seed) ^ stream) ^ index)) {}

  constexpr std::uint64_t next() { return mix(key_ + 0x9e3779b97f4a7c15ULL * ++counter_); }
  /// Uniform in [0, 1).
  constexpr double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in [0, n), n > 0.
  constexpr std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64U);
  }
  /// Standard normal (Box and Muller).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace poise
