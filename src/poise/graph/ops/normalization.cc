// Normalizations by the input's own statistics: InstanceNormalization, LayerNormalization, LRN. In double.

#include <algorithm>
#include <cmath>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

struct Moments {
  double mean;
  double deviation;  // sqrt(variance + epsilon)
};

Moments moments_of(std::span<const float> values, double epsilon) {
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const float x : values) sum += x;
  const double mean = sum / count;
  double squares = 0;
  for (const float x : values) squares += (x - mean) * (x - mean);
  return {mean, std::sqrt(squares / count + epsilon)};
}

InferResult infer_instance(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  if (shape.size() < 3) return malformed("the input is " + to_string(shape) + ", it has no extents to normalize over");
  constexpr std::string_view kNames[] = {"input", "scale", "bias"};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    POISE_RETURN_IF_ERROR(expect_float(inputs[i], kNames[i]));
    POISE_RETURN_IF_ERROR(expect_shape(inputs[i], kNames[i], {shape[1]}));
  }
  return infer_same_float(node, inputs);
}

void run_instance(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const double epsilon = node.real("epsilon", 1e-5F);
  const std::int64_t planes = input.dim(0) * input.dim(1);
  const auto area = static_cast<std::size_t>(input.count() / planes);
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    const auto from = input.floats().subspan(static_cast<std::size_t>(plane) * area, area);
    const Moments moments = moments_of(from, epsilon);
    const double scale = inputs[1]->floats()[plane % input.dim(1)];
    const double bias = inputs[2]->floats()[plane % input.dim(1)];
    std::transform(from.begin(), from.end(), outputs[0].floats().begin() + plane * static_cast<std::int64_t>(area),
                   [&](float x) { return static_cast<float>((x - moments.mean) / moments.deviation * scale + bias); });
  }
}

// Over all axes from `axis` on; scale and bias have their extents.
InferResult infer_layer(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", -1), shape.size()));
  const Shape normalized(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end());
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "scale"));
  POISE_RETURN_IF_ERROR(expect_shape(inputs[1], "scale", normalized));
  if (has_input(node, 2)) {
    POISE_RETURN_IF_ERROR(expect_float(inputs[2], "bias"));
    POISE_RETURN_IF_ERROR(expect_shape(inputs[2], "bias", normalized));
  }
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  Shape one_each = shape;
  std::fill(one_each.begin() + static_cast<std::ptrdiff_t>(axis), one_each.end(), 1);
  std::vector<ValueInfo> infos(node.outputs.size(),
                               {.type = DType::kFloat32, .shape = std::move(one_each), .constant = nullptr});
  infos[0].shape = shape;
  return infos;
}

// Outputs: the values, the means, and one over the deviations.
void run_layer(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const auto input = inputs[0]->floats();
  const auto scale = inputs[1]->floats();
  const double epsilon = node.real("epsilon", 1e-5F);
  for (std::size_t first = 0; first < input.size(); first += scale.size()) {
    const Moments moments = moments_of(input.subspan(first, scale.size()), epsilon);
    const std::size_t group = first / scale.size();
    if (outputs.size() > 1) outputs[1].floats()[group] = static_cast<float>(moments.mean);
    if (outputs.size() > 2) outputs[2].floats()[group] = static_cast<float>(1.0 / moments.deviation);
    for (std::size_t i = 0; i < scale.size(); ++i) {
      const double bias = has_input(node, 2) ? inputs[2]->floats()[i] : 0.0F;
      const double value = (input[first + i] - moments.mean) / moments.deviation * scale[i] + bias;
      outputs[0].floats()[first + i] = static_cast<float>(value);
    }
  }
}

InferResult infer_lrn(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  if (shape.size() < 2) return malformed("the input is " + to_string(shape) + ", it must have channels");
  if (node.integer("size", 0) < 1) return malformed("its size must be 1 or more");
  return infer_same_float(node, inputs);
}

// Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks", section 3.3, with alpha
// divided by the size as ONNX has it.
void run_lrn(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Parts parts = split_at(inputs[0]->shape(), 1);
  const std::int64_t size = node.integer("size", 1);
  const std::int64_t before = std::min((size - 1) / 2, parts.extent);
  const std::int64_t after = std::min(size / 2, parts.extent);
  const double alpha = node.real("alpha", 1e-4F);
  const double beta = node.real("beta", 0.75F);
  const double bias = node.real("bias", 1.0F);
  for (std::int64_t i = 0; i < inputs[0]->count(); ++i) {
    const std::int64_t channel = i / parts.inner % parts.extent;
    const float* at = inputs[0]->floats().data() + i;
    double squares = 0;
    for (std::int64_t c = -std::min(before, channel); c <= std::min(after, parts.extent - 1 - channel); ++c) {
      const double x = at[c * parts.inner];
      squares += x * x;
    }
    outputs[0].floats()[i] =
        static_cast<float>(*at / std::pow(bias + alpha / static_cast<double>(size) * squares, beta));
  }
}

constexpr AttributeRule kInstanceAttributes[] = {{"epsilon", AttributeKind::kReal}};
constexpr AttributeRule kLayerAttributes[] = {
    {"axis", AttributeKind::kInteger},
    {"epsilon", AttributeKind::kReal},
    {"stash_type", AttributeKind::kInteger},  // of training alone
};
constexpr AttributeRule kLrnAttributes[] = {
    {"alpha", AttributeKind::kReal},
    {"beta", AttributeKind::kReal},
    {"bias", AttributeKind::kReal},
    {"size", AttributeKind::kInteger},
};

}  // namespace

const Operator kInstanceNormalization{"InstanceNormalization", 3, 3, kInstanceAttributes, infer_instance, run_instance};
const Operator kLayerNormalization{"LayerNormalization", 2, 3, kLayerAttributes, infer_layer, run_layer, 3};
const Operator kLrn{"LRN", 1, 1, kLrnAttributes, infer_lrn, run_lrn};

}  // namespace poise
