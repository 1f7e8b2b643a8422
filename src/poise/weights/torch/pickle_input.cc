#include "poise/weights/torch/pickle_input.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "poise/base/counted.h"

namespace poise {

Result<BytesView> PickleInput::take(std::uint64_t count) {
  if (count > left()) {
    cut_short_ = count <= kMaxPickle;
    return malformed("the pickle is cut short: it wants " + counted(count, "byte") + ", there are " +
                     std::to_string(left()));
  }
  const BytesView taken = bytes_.subspan(at_, static_cast<std::size_t>(count));
  at_ += taken.size();
  return taken;
}

Result<std::uint8_t> PickleInput::take_u8() {
  POISE_TRY(const BytesView byte, take(1));
  return byte[0];
}

Result<std::uint64_t> PickleInput::take_number(std::size_t width) {
  POISE_TRY(const BytesView taken, take(width));
  std::uint64_t value = 0;
  std::memcpy(&value, taken.data(), width);
  return value;
}

Result<std::string_view> PickleInput::take_line() {
  constexpr std::size_t kLongest = 256;
  const BytesView rest = bytes_.subspan(at_);
  const auto end = std::find(rest.begin(), rest.begin() + std::min(rest.size(), kLongest), '\n');
  const auto length = static_cast<std::size_t>(end - rest.begin());
  if (length == kLongest) return malformed("the pickle holds a module name over 256 bytes long");
  POISE_TRY(const BytesView taken, take(length + 1));  // an error where there is no line end
  return std::string_view(reinterpret_cast<const char*>(taken.data()), length);
}

}  // namespace poise
