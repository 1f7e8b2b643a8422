#pragma once
// What both .mat readers hold to. Not for users.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "poise/formats/mat_file.h"

namespace poise::mat {

inline constexpr std::uint64_t kMaxNumbers = std::uint64_t{1} << 24U;     // LSPET has 420,000, MPII's test set 230,000
inline constexpr std::uint64_t kMaxInflated = std::uint64_t{128} << 20U;  // bytes
inline constexpr std::size_t kMaxVariables = 4096;
inline constexpr std::size_t kMaxRank = 16;

/// 64 characters at most, what is not printable ASCII as '?'.
std::string printable(std::string_view text);
/// "3x14x2000".
std::string sides(const std::vector<std::uint64_t>& dims);
/// The product. Errors: kTooLarge over kMaxNumbers.
Result<std::uint64_t> count_of(const std::vector<std::uint64_t>& dims);

}  // namespace poise::mat
