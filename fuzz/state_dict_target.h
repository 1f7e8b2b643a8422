#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "poise/weights/state_dict.h"

/// Parses the bytes; what comes out keeps what the header promises. 0, as libFuzzer wants it.
inline int check_state_dict(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kMaxBytes = 1U << 24U;
  const auto state = poise::parse_state_dict({data, size}, {.max_bytes = kMaxBytes, .max_tensors = 1000});
  if (!state) {
    const std::string& message = state.error().message;
    if (message.empty() || message.find('\n') != std::string::npos) std::abort();
    return 0;
  }
  std::uint64_t bytes = 0;
  unsigned sum = 0;
  for (const auto& [name, tensor] : state->tensors) {
    bytes += tensor->bytes();
    for (const std::uint8_t byte : std::span(static_cast<const std::uint8_t*>(tensor->data()), tensor->bytes()))
      sum += byte;
  }
  if (bytes > kMaxBytes || state->tensors.size() > 1000 || (bytes == 0 && sum != 0)) std::abort();
  return 0;
}
