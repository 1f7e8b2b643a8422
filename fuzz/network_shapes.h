#pragma once
// What is asked of every network that a fuzz target reads.
#include <cstdlib>
#include <vector>

#include "poise/graph/graph.h"
#include "poise/weights/network_file.h"

/// A message of one line, or a graph whose shapes can be asked for.
inline void look_at(const poise::Result<poise::NetworkFile>& model) {
  if (!model.ok()) {
    if (model.error().message.empty() || model.error().message.find('\n') != std::string::npos) std::abort();
    return;
  }
  std::vector<poise::Shape> shapes;
  for (const poise::ValueId id : model->graph.inputs) {
    shapes.push_back(model->graph.values.at(static_cast<std::size_t>(id)).shape);
    for (std::int64_t& extent : shapes.back()) {
      if (extent < 0) extent = 8;
    }
  }
  if (const auto infos = poise::infer_shapes(model->graph, shapes); infos.ok()) {
    (void)poise::multiply_adds(model->graph, *infos);
  }
}
