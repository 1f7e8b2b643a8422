// Normalizations by the input's own statistics: of instances, groups, layers, LRN, RMS and Lp norms. In double.

#include <algorithm>
#include <cmath>

#include "poise/graph/ops/elements.h"

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

InferResult infer_group(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  const std::int64_t groups = node.integer("num_groups", 0);
  if (shape.size() < 3) return malformed("the input is " + to_string(shape) + ", it has no extents to normalize over");
  if (groups < 1 || shape[1] % groups != 0) {
    return malformed("num_groups is " + std::to_string(groups) + ", it must divide the channels of " +
                     to_string(shape));
  }
  constexpr std::string_view kNames[] = {"input", "scale", "bias"};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    POISE_RETURN_IF_ERROR(expect_float(inputs[i], kNames[i]));
    if (inputs[i].shape == Shape{groups}) continue;  // one a group, as opset 18 has them
    POISE_RETURN_IF_ERROR(expect_shape(inputs[i], kNames[i], {shape[1]}));
  }
  return infer_same_float(node, inputs);
}

void run_group(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const double epsilon = node.real("epsilon", 1e-5F);
  const std::int64_t channels = input.dim(1);
  const std::int64_t each = channels / node.integer("num_groups", 1);
  const std::int64_t area = input.count() / (input.dim(0) * channels);
  const auto factor = [&](std::size_t i, std::int64_t channel) -> double {
    const auto values = inputs[i]->floats();
    return values[static_cast<std::int64_t>(values.size()) == channels ? channel : channel / each];
  };
  for (std::int64_t first = 0; first < input.count(); first += each * area) {
    const Moments moments = moments_of(input.floats().subspan(first, each * area), epsilon);
    for (std::int64_t i = first; i < first + each * area; ++i) {
      const std::int64_t channel = i / area % channels;
      const double value = (input.floats()[i] - moments.mean) / moments.deviation;
      outputs[0].floats()[i] = static_cast<float>(value * factor(1, channel) + factor(2, channel));
    }
  }
}

// Over all axes from `axis` on, whose extents scale and bias have, or broadcast to.
Result<Shape> normalized_extents(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", -1), shape.size()));
  Shape normalized(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end());
  constexpr std::string_view kNames[] = {"input", "scale", "bias"};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!has_input(node, i)) continue;
    POISE_RETURN_IF_ERROR(expect_float(inputs[i], kNames[i]));
    const auto together = broadcast(normalized, inputs[i].shape);
    if (!together.ok() || *together != normalized) {
      POISE_RETURN_IF_ERROR(expect_shape(inputs[i], kNames[i], normalized));
    }
  }
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input"));
  return normalized;
}

/// Scale or bias with one element for each of the normalized ones.
std::vector<float> spread(const Tensor& values, const Shape& normalized) {
  std::vector<float> all(static_cast<std::size_t>(element_count(normalized).value()));
  Walk<1> walk(normalized, {broadcast_steps(values.shape(), normalized)});
  for (float& value : all) {
    value = values.floats()[walk[0]];
    walk.next();
  }
  return all;
}

Shape normalized_shape(const Node& node, const Shape& shape) {
  const std::size_t axis = resolve_axis(node.integer("axis", -1), shape.size()).value();
  return {shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end()};
}

InferResult infer_layer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY(const Shape normalized, normalized_extents(node, inputs));
  Shape one_each = inputs[0].shape;
  std::fill(one_each.end() - static_cast<std::ptrdiff_t>(normalized.size()), one_each.end(), 1);
  std::vector<ValueInfo> infos(node.outputs.size(),
                               {.type = DType::kFloat32, .shape = std::move(one_each), .constant = nullptr});
  infos[0].shape = inputs[0].shape;
  return infos;
}

// Outputs: the values, the means, and one over the deviations.
void run_layer(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const auto input = inputs[0]->floats();
  const Shape normalized = normalized_shape(node, inputs[0]->shape());
  const std::vector<float> scale = spread(*inputs[1], normalized);
  const std::vector<float> bias =
      has_input(node, 2) ? spread(*inputs[2], normalized) : std::vector<float>(scale.size(), 0.0F);
  const double epsilon = node.real("epsilon", 1e-5F);
  for (std::size_t first = 0; first < input.size(); first += scale.size()) {
    const Moments moments = moments_of(input.subspan(first, scale.size()), epsilon);
    const std::size_t group = first / scale.size();
    if (outputs.size() > 1) outputs[1].floats()[group] = static_cast<float>(moments.mean);
    if (outputs.size() > 2) outputs[2].floats()[group] = static_cast<float>(1.0 / moments.deviation);
    for (std::size_t i = 0; i < scale.size(); ++i) {
      const double value = (input[first + i] - moments.mean) / moments.deviation * scale[i] + bias[i];
      outputs[0].floats()[first + i] = static_cast<float>(value);
    }
  }
}

InferResult infer_rms(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY([[maybe_unused]] const Shape normalized, normalized_extents(node, inputs));
  return infer_same_float(node, inputs);
}

// Zhang and Sennrich 2019, "Root mean square layer normalization", equation 4.
void run_rms(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const auto input = inputs[0]->floats();
  const std::vector<float> scale = spread(*inputs[1], normalized_shape(node, inputs[0]->shape()));
  const double epsilon = node.real("epsilon", 1e-5F);
  for (std::size_t first = 0; first < input.size(); first += scale.size()) {
    double squares = 0;
    for (std::size_t i = 0; i < scale.size(); ++i) squares += static_cast<double>(input[first + i]) * input[first + i];
    const double deviation = std::sqrt(squares / static_cast<double>(scale.size()) + epsilon);
    for (std::size_t i = 0; i < scale.size(); ++i) {
      outputs[0].floats()[first + i] = static_cast<float>(input[first + i] / deviation * scale[i]);
    }
  }
}

InferResult infer_lp(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY([[maybe_unused]] const std::size_t axis, resolve_axis(node.integer("axis", -1), inputs[0].shape.size()));
  const std::int64_t p = node.integer("p", 2);
  if (p != 1 && p != 2) return malformed("p is " + std::to_string(p) + ", it must be 1 or 2");
  return infer_same_float(node, inputs);
}

void run_lp(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Parts parts = split_at(input.shape(), resolve_axis(node.integer("axis", -1), input.rank()).value());
  const bool squares = node.integer("p", 2) == 2;
  for (std::int64_t line = 0; line < parts.outer * parts.inner; ++line) {
    const std::int64_t first = line / parts.inner * parts.extent * parts.inner + line % parts.inner;
    const std::int64_t end = first + parts.extent * parts.inner;
    double sum = 0;
    for (std::int64_t i = first; i < end; i += parts.inner) {
      const double x = input.floats()[i];
      sum += squares ? x * x : std::fabs(x);
    }
    const double norm = squares ? std::sqrt(sum) : sum;
    for (std::int64_t i = first; i < end; i += parts.inner) {
      outputs[0].floats()[i] = norm > 0 ? static_cast<float>(input.floats()[i] / norm) : 0.0F;
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
constexpr AttributeRule kGroupAttributes[] = {
    {"epsilon", AttributeKind::kReal},
    {"num_groups", AttributeKind::kInteger},
    {"stash_type", AttributeKind::kInteger},
};
constexpr AttributeRule kLpAttributes[] = {{"axis", AttributeKind::kInteger}, {"p", AttributeKind::kInteger}};
constexpr AttributeRule kLrnAttributes[] = {
    {"alpha", AttributeKind::kReal},
    {"beta", AttributeKind::kReal},
    {"bias", AttributeKind::kReal},
    {"size", AttributeKind::kInteger},
};

}  // namespace

const Operator kInstanceNormalization{"InstanceNormalization", 3, 3, kInstanceAttributes, infer_instance, run_instance};
const Operator kLayerNormalization{"LayerNormalization", 2, 3, kLayerAttributes, infer_layer, run_layer, 3};
const Operator kGroupNormalization{"GroupNormalization", 3, 3, kGroupAttributes, infer_group, run_group};
const Operator kRmsNormalization{"RMSNormalization", 2, 2, kLayerAttributes, infer_rms, run_rms};
const Operator kLpNormalization{"LpNormalization", 1, 1, kLpAttributes, infer_lp, run_lp};
const Operator kLrn{"LRN", 1, 1, kLrnAttributes, infer_lrn, run_lrn};

}  // namespace poise
