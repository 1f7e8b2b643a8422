#pragma once
// Text of strangers, made fit for a message of one line. Pure functions of values: thread-safe.

#include <string>
#include <string_view>

namespace poise {

inline bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// A foreign name, quoted for a message of one line: control characters become '?', what is long is cut.
inline std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 120;
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) out += is_control(c) ? '?' : c;
  return out + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace poise
