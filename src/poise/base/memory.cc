#include "poise/base/memory.h"

#include <unistd.h>

#include <algorithm>

namespace poise {
namespace {

std::string megabytes(std::uint64_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

}  // namespace

std::uint64_t default_memory_limit() {
  constexpr std::uint64_t kMost = std::uint64_t{4} << 30U;
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return kMost;
  return std::min(kMost, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 2);
}

Error over_memory(const std::string& what, std::uint64_t bytes, std::uint64_t limit) {
  return too_large(what + " " + megabytes(bytes) + " of memory, the limit is " + megabytes(limit) +
                   ": raise option \"max_memory\", or take a smaller network, input or batch");
}

Error ReadingBudget::spent() const {
  return too_large("it holds so many small parts that they would take over " + megabytes(limit_) +
                   " of memory, six times its size and more: is it damaged? else split it");
}

}  // namespace poise
