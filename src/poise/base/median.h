#pragma once
// The value in the middle. Thread-safe.

#include <algorithm>
#include <cstddef>
#include <vector>

namespace poise {

/// Of an even number the upper of the two in the middle. Needs a value; reorders them.
template <typename Value>
Value upper_median(std::vector<Value>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Of an even number the mean of the two in the middle. Needs a value; reorders them.
template <typename Value>
Value median(std::vector<Value>& values) {
  const Value upper = upper_median(values);
  if (values.size() % 2 == 1) return upper;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  return (upper + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace poise
