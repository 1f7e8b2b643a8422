// Any text: parse_yaml refuses it or gives a value that can be written as JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "poise/base/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = poise::parse_yaml({reinterpret_cast<const char*>(data), size});
  if (!value) {
    if (value.error().message.find('\n') != std::string::npos) std::abort();
    return 0;
  }
  if (value->dump().empty()) std::abort();
  return 0;
}
