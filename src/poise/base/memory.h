#pragma once
// How much memory is taken at most for what a file asks for, and for what it is read into. Pure functions of values:
// thread-safe.

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

/// What one file or text may be read into: six times its bytes and 48 MB more, so that a process stays below ten times
/// the file plus 64 MB with the bytes themselves and what is made of them next. Readers take from it before they
/// allocate what grows with the number of a file's parts. One reader, one budget: not thread-safe.
class ReadingBudget {
 public:
  explicit ReadingBudget(std::uint64_t source_bytes) : limit_(6 * source_bytes + (std::uint64_t{48} << 20U)) {}
  /// kTooLarge once all of it is taken.
  Status take(std::uint64_t bytes) {
    taken_ += bytes;
    return taken_ <= limit_ ? Status() : Status(spent());
  }
  void give_back(std::uint64_t bytes) { taken_ -= bytes; }

 private:
  Error spent() const;

  std::uint64_t limit_;
  std::uint64_t taken_ = 0;
};

}  // namespace poise
