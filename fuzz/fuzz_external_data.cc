// An ONNX file with weights beside it: two bytes say how long the file "external.bin" is that comes first, the rest is
// the model.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "poise/weights/network_file.h"
#include "scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ScratchFolder folder;
  if (size < 2) return 0;
  const std::size_t length = std::min<std::size_t>(data[0] | std::size_t{data[1]} << 8U, size - 2);
  folder.write("external.bin", data + 2, length);
  const poise::NetworkLimits limits{.max_bytes = 1U << 20U, .max_nodes = 1000, .max_tensors = 1000};
  const auto model = poise::parse_onnx({data + 2 + length, size - 2 - length}, folder.path(), limits);
  if (!model && (model.error().message.empty() || model.error().message.find('\n') != std::string::npos)) std::abort();
  return 0;
}
