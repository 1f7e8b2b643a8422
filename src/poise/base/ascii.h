#pragma once
// Words of protocols and files, whose letters are ASCII whatever the locale is. Pure.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace poise {

constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower_case(c); });
  return out;
}

/// Without the blanks at both ends.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r") {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// "UTF-16" or "UTF-32" where a text that should be UTF-8 begins with a letter or a mark of that; else nullptr.
constexpr const char* other_encoding(std::string_view text) {
  const auto begins = [&](std::string_view with) { return text.starts_with(with); };
  if (begins({"\xFF\xFE\0\0", 4}) || begins({"\0\0\xFE\xFF", 4})) return "UTF-32";
  if (begins("\xFF\xFE") || begins("\xFE\xFF")) return "UTF-16";
  if (text.size() < 4) return nullptr;
  unsigned zeros = 0;  // a bit a byte
  for (std::size_t i = 0; i < 4; ++i) zeros = zeros << 1U | (text[i] == '\0' ? 1U : 0U);
  if (zeros == 0b1110 || zeros == 0b0111) return "UTF-32";
  return zeros == 0b1010 || zeros == 0b0101 ? "UTF-16" : nullptr;
}

}  // namespace poise
