// JSON texts: what is read is written, and read again. From then on it stays (-0.0 is written -0, which reads as 0).

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "poise/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = poise::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!json.ok()) {
    if (json.error().message.empty() || json.error().message.find('\n') != std::string::npos) std::abort();
    return 0;
  }
  const auto again = poise::parse_json(json->dump());
  if (!again.ok()) std::abort();
  const auto once_more = poise::parse_json(again->dump());
  if (!once_more.ok() || once_more->dump() != again->dump()) std::abort();
  return 0;
}
