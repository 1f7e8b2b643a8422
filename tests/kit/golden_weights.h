#pragma once
// Numbers for networks whose answers are golden files: of names and shapes alone, as the scripts in tests/golden make
// them (make_networks.py's uniform() and fill()).

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>

#include "poise/base/random.h"
#include "poise/graph/graph.h"
#include "poise/tensor/tensor.h"

namespace poise::kit {

/// Random(0, FNV-1a of the name).uniform(low, high), element by element.
inline Tensor golden_uniform(const std::string& name, const Shape& shape, double low, double high) {
  std::uint64_t stream = 0xcbf29ce484222325ULL;
  for (const char c : name) stream = (stream ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  Random random(0, stream);
  Tensor tensor(shape);
  for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(low, high));
  return tensor;
}

/// All float constants but the scales of Resize.
inline void fill_golden(Graph& graph) {
  for (Value& value : graph.values) {
    if (value.constant == nullptr || value.constant->type() != DType::kFloat32) continue;
    if (value.name.ends_with(".scales")) continue;
    const Shape& shape = value.constant->shape();
    double low = -0.3, high = 0.3;
    if (shape.size() >= 2) {
      high = std::sqrt(6.0 / static_cast<double>(value.constant->count() / shape[0]));
      low = -high;
    } else if (value.name.ends_with(".running_var")) {
      low = 0.5, high = 2.0;
    } else if (value.name.ends_with(".weight")) {
      low = 0.3, high = 0.9;
    }
    value.constant = std::make_shared<Tensor>(golden_uniform(value.name, shape, low, high));
  }
}

}  // namespace poise::kit
