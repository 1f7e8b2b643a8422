#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer_same(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  return one_output(DType::kFloat32, inputs[0].shape);
}

template <typename F>
void map_elements(const Tensor& input, Tensor& output, F function) {
  std::transform(input.floats().begin(), input.floats().end(), output.floats().begin(), function);
}

void run_relu(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  map_elements(*inputs[0], outputs[0], [](float x) { return std::max(x, 0.0F); });  // NaN stays NaN
}

void run_sigmoid(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  map_elements(*inputs[0], outputs[0],
               [](float x) { return static_cast<float>(1.0 / (1.0 + std::exp(-static_cast<double>(x)))); });
}

InferResult infer_clip(const Node& node, std::span<const ValueInfo> inputs) {
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!has_input(node, i)) continue;
    const char* what = i == 1 ? "lower bound" : "upper bound";
    POISE_RETURN_IF_ERROR(expect_float(inputs[i], what));
    POISE_TRY(const std::int64_t count, element_count(inputs[i].shape));
    if (count != 1) return malformed(std::string("the ") + what + " must be one number");
  }
  return infer_same(node, inputs);
}

// The bounds are inputs since opset 11, attributes before.
float bound(const Node& node, std::span<const Tensor* const> inputs, std::size_t i, const char* name, float fallback) {
  return has_input(node, i) ? inputs[i]->floats()[0] : node.real(name, fallback);
}

void run_clip(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const float low = bound(node, inputs, 1, "min", std::numeric_limits<float>::lowest());
  const float high = bound(node, inputs, 2, "max", std::numeric_limits<float>::max());
  // Where low > high all become high, as ONNX has it: std::clamp would not do.
  map_elements(*inputs[0], outputs[0], [low, high](float x) { return std::min(std::max(x, low), high); });
}

InferResult infer_identity(const Node&, std::span<const ValueInfo> inputs) { return std::vector<ValueInfo>{inputs[0]}; }

void run_identity(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  copy_elements(*inputs[0], outputs[0]);
}

constexpr AttributeRule kClipAttributes[] = {{"max", AttributeKind::kReal}, {"min", AttributeKind::kReal}};

}  // namespace

const Operator kRelu{"Relu", 1, 1, {}, infer_same, run_relu};
const Operator kSigmoid{"Sigmoid", 1, 1, {}, infer_same, run_sigmoid};
const Operator kClip{"Clip", 1, 3, kClipAttributes, infer_clip, run_clip};
const Operator kIdentity{"Identity", 1, 1, {}, infer_identity, run_identity};

}  // namespace poise
