#include <algorithm>
#include <numeric>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  Shape shape = inputs[0].shape;
  if (shape.size() < 3) return malformed("the input is " + to_string(shape) + ", it has no extents to average over");
  std::fill(shape.begin() + 2, shape.end(), 1);
  return one_output(DType::kFloat32, std::move(shape));
}

void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const std::int64_t area = inputs[0]->count() / outputs[0].count();
  const float* plane = inputs[0]->floats().data();
  for (float& mean : outputs[0].floats()) {
    mean = static_cast<float>(std::accumulate(plane, plane + area, 0.0) / static_cast<double>(area));
    plane += area;
  }
}

}  // namespace

const Operator kGlobalAveragePool{"GlobalAveragePool", 1, 1, {}, infer, run};

}  // namespace poise
