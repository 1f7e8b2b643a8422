#include <algorithm>
#include <numeric>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input"));
  Shape shape = inputs[0].shape;
  if (shape.size() < 3) return malformed("the input is " + to_string(shape) + ", it has no extents to pool over");
  std::fill(shape.begin() + 2, shape.end(), 1);
  return one_output(DType::kFloat32, std::move(shape));
}

// Each output is f(begin, end) of its plane.
template <typename F>
void over_planes(const Tensor& input, Tensor& output, F f) {
  const std::int64_t area = input.count() / output.count();
  const float* plane = input.floats().data();
  for (float& value : output.floats()) {
    value = f(plane, plane + area);
    plane += area;
  }
}

void run_average(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  over_planes(*inputs[0], outputs[0], [](const float* begin, const float* end) {
    return static_cast<float>(std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin));
  });
}

void run_max(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  over_planes(*inputs[0], outputs[0],
              [](const float* begin, const float* end) { return *std::max_element(begin, end); });
}

}  // namespace

const Operator kGlobalAveragePool{"GlobalAveragePool", 1, 1, {}, infer, run_average};
const Operator kGlobalMaxPool{"GlobalMaxPool", 1, 1, {}, infer, run_max};

}  // namespace poise
