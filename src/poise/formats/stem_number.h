#pragma once
// The number in the name of a picture file.

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace poise {

/// The number that ends the stem, as COCO names its pictures: COCO_val2014_000000000139.jpg -> 139. Nothing where the
/// stem ends otherwise, or the number does not fit. Pure.
inline std::optional<std::int64_t> stem_number(const std::filesystem::path& picture) {
  const std::string stem = picture.stem().string();
  std::size_t begin = stem.size();
  while (begin > 0 && stem[begin - 1] >= '0' && stem[begin - 1] <= '9') --begin;
  std::int64_t number = 0;
  const char* end = stem.data() + stem.size();
  const auto [stop, error] = std::from_chars(stem.data() + begin, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace poise
