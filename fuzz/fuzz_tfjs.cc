// A TensorFlow.js model: two bytes say how long its weights are, which come first; the rest is model.json.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "network_shapes.h"
#include "poise/weights/tfjs/tfjs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t length = std::min<std::size_t>(data[0] | std::size_t{data[1]} << 8U, size - 2);
  const poise::NetworkLimits limits{.max_bytes = 1U << 20U, .max_nodes = 1000, .max_tensors = 1000};
  const std::string_view json(reinterpret_cast<const char*>(data) + 2 + length, size - 2 - length);
  look_at(poise::parse_tfjs(json, {data + 2, length}, limits));
  return 0;
}
