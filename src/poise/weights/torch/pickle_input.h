#pragma once
// A pickle's bytes, taken from front to back. Errors: kMalformed (cut short).

#include <cstdint>
#include <string_view>

#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

constexpr std::uint64_t kMaxPickle = 8ULL << 20U;  // bytes; a network of 2,000 tensors with Adam's state has 1 MB

class PickleInput {
 public:
  explicit PickleInput(BytesView bytes) : bytes_(bytes) {}

  Result<BytesView> take(std::uint64_t count);
  Result<std::uint8_t> take_u8();
  /// Little-endian, of 1, 2, 4 or 8 bytes.
  Result<std::uint64_t> take_number(std::size_t width);
  /// Up to a line end, which is taken too; a module's name is at most 256 bytes long.
  Result<std::string_view> take_line();

  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  /// After an error: whether more bytes would have let the reader go on.
  bool cut_short() const { return cut_short_; }

 private:
  BytesView bytes_;
  std::size_t at_ = 0;
  bool cut_short_ = false;
};

}  // namespace poise
