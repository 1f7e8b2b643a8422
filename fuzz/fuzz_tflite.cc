// Any bytes: parse_tflite refuses them in one line or gives a graph whose shapes can be asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "network_shapes.h"
#include "poise/weights/tflite/tflite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const poise::NetworkLimits limits{.max_bytes = 1U << 20U, .max_nodes = 1000, .max_tensors = 1000};
  look_at(poise::parse_tflite({data, size}, limits));
  return 0;
}
