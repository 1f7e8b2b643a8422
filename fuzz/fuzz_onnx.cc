// Any bytes: parse_onnx refuses them or gives a graph whose shapes can be asked for.
#include <cstddef>
#include <cstdint>

#include "poise/graph/graph.h"
#include "poise/weights/network_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const poise::NetworkLimits limits{.max_bytes = 1U << 20U, .max_nodes = 1000, .max_tensors = 1000};
  const auto model = poise::parse_onnx({data, size}, {}, limits);
  if (!model) return 0;
  std::vector<poise::Shape> shapes;
  for (const poise::ValueId id : model->graph.inputs) {
    shapes.push_back(model->graph.values.at(static_cast<std::size_t>(id)).shape);
    for (std::int64_t& extent : shapes.back())
      if (extent < 0) extent = 1;
  }
  if (const auto infos = poise::infer_shapes(model->graph, shapes)) (void)poise::multiply_adds(model->graph, *infos);
  return 0;
}
