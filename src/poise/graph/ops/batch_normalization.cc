#include <cmath>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  const Shape& shape = inputs[0].shape;
  if (shape.size() < 2) return malformed("the input is " + to_string(shape) + ", it must have channels");
  if (node.integer("training_mode", 0) != 0) return unsupported("training_mode is set: export for inference");
  if (node.integer("spatial", 1) != 1) return unsupported("spatial is 0: only one mean a channel is supported");
  constexpr std::string_view kNames[] = {"input", "scale", "bias", "mean", "variance"};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    POISE_RETURN_IF_ERROR(expect_float(inputs[i], kNames[i]));
    POISE_RETURN_IF_ERROR(expect_shape(inputs[i], kNames[i], {shape[1]}));
  }
  return one_output(DType::kFloat32, shape);
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const std::int64_t channels = input.dim(1);
  const std::int64_t planes = input.dim(0) * channels;
  const std::int64_t area = input.count() / planes;
  const double epsilon = node.real("epsilon", 1e-5F);
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    const std::int64_t c = plane % channels;
    const double deviation = std::sqrt(static_cast<double>(inputs[4]->floats()[c]) + epsilon);
    const double factor = inputs[1]->floats()[c] / deviation;
    const double shift = inputs[2]->floats()[c];
    const double mean = inputs[3]->floats()[c];
    for (std::int64_t i = plane * area; i < (plane + 1) * area; ++i) {
      outputs[0].floats()[i] = static_cast<float>((input.floats()[i] - mean) * factor + shift);
    }
  }
}

constexpr AttributeRule kAttributes[] = {
    {"epsilon", AttributeKind::kReal},
    {"momentum", AttributeKind::kReal},  // of training
    {"spatial", AttributeKind::kInteger},
    {"training_mode", AttributeKind::kInteger},
};

}  // namespace

const Operator kBatchNormalization{"BatchNormalization", 5, 5, kAttributes, infer, run};

}  // namespace poise
