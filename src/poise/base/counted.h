#pragma once
// How many of what, as people say it. Pure.

#include <concepts>
#include <string>
#include <string_view>

namespace poise {

/// "1 error", "12 errors"; where the plural is no mere s, or a verb goes with it, it is given: "3 people", "2 boxes
/// are".
template <std::integral Count>
std::string counted(Count count, std::string_view one, std::string_view many = {}) {
  std::string text = std::to_string(count) + " ";
  if (count == 1) return text.append(one);
  return many.empty() ? text.append(one).append("s") : text.append(many);
}

}  // namespace poise
