#pragma once
// POISE_CHECK guards our own invariants, never user input: throws std::logic_error, never prints. Thread-safe.

#include <stdexcept>
#include <string>

namespace poise {
[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  throw std::logic_error(std::string(file) + ":" + std::to_string(line) + ": internal check failed: " + what);
}
}  // namespace poise

#define POISE_CHECK(condition)                                               \
  do {                                                                       \
    if (!(condition)) ::poise::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
