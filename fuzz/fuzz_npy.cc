// NumPy's files: an error, or a tensor of as many bytes as its shape says, which is written and read back as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "poise/tensor/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tensor = poise::parse_npy({data, size});
  if (!tensor) {
    if (tensor.error().message.empty()) std::abort();
    return 0;
  }
  if (tensor->bytes() > size) std::abort();
  unsigned sum = 0;
  for (const std::uint8_t byte : std::span(static_cast<const std::uint8_t*>(tensor->data()), tensor->bytes()))
    sum += byte;
  if (tensor->bytes() == 0 && sum != 0) std::abort();
  return 0;
}
