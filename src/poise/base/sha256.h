#pragma once
// SHA-256 of bytes and files.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "poise/base/file.h"

namespace poise {

/// FIPS 180-4, for bytes that arrive in pieces.
class Sha256 {
 public:
  void update(BytesView bytes);
  /// 64 lower-case hexadecimal digits of all bytes so far.
  std::string hex() const;

 private:
  static constexpr std::size_t kBlock = 64;
  // FIPS 180-4, section 5.3.3.
  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, kBlock> rest_{};  // the first bytes_ % kBlock are bytes not yet absorbed
  std::uint64_t bytes_ = 0;
};

/// FIPS 180-4; 64 lower-case hexadecimal digits. Pure.
std::string sha256_hex(BytesView bytes);

}  // namespace poise
