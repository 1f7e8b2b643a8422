#pragma once
// How much memory is taken at most for what a file asks for. Pure functions of values: thread-safe.

#include <cstdint>
#include <string>

#include "poise/base/result.h"

namespace poise {

/// 4 GiB, or half of the machine's memory where that is less.
std::uint64_t default_memory_limit();
/// What an option says: 0 is the default.
inline std::uint64_t memory_limit(std::uint64_t option) { return option > 0 ? option : default_memory_limit(); }

/// "the constants want 8465 MB, the limit is 4294 MB: ...". kTooLarge; before anything is allocated.
Error over_memory(const std::string& what, std::uint64_t bytes, std::uint64_t limit);

}  // namespace poise
