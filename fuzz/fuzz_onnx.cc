// Any bytes: parse_onnx refuses them or gives a graph whose shapes can be asked for.
#include <cstddef>
#include <cstdint>

#include "network_shapes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const poise::NetworkLimits limits{.max_bytes = 1U << 20U, .max_nodes = 1000, .max_tensors = 1000};
  look_at(poise::parse_onnx({data, size}, {}, limits));
  return 0;
}
