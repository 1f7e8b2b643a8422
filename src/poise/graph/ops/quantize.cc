// QuantizeLinear and DequantizeLinear, run plainly: one scale for the tensor, or one for each index of an axis.

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

// The scales are one number, or a list along the axis; the zero points, where given, are as many.
Status check_scale(const Node& node, std::span<const ValueInfo> inputs, std::initializer_list<DType> types) {
  const Shape& shape = inputs[0].shape;
  const Shape& scale = inputs[1].shape;
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "scale"));
  if (has_input(node, 2)) {
    POISE_RETURN_IF_ERROR(expect_type(inputs[2], "zero point", types));
    POISE_RETURN_IF_ERROR(expect_shape(inputs[2], "zero point", scale));
  }
  if (scale.empty() || scale == Shape{1}) return {};
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 1), shape.size()));
  return expect_shape(inputs[1], "scale", {shape[axis]});
}

InferResult infer_quantize(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(check_scale(node, inputs, {DType::kUint8, DType::kInt8}));
  return one_output(has_input(node, 2) ? inputs[2].type : DType::kUint8, inputs[0].shape);
}

InferResult infer_dequantize(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "input", {DType::kUint8, DType::kInt8, DType::kInt32}));
  POISE_RETURN_IF_ERROR(check_scale(node, inputs, {inputs[0].type}));
  return one_output(DType::kFloat32, inputs[0].shape);
}

// to[i] = f(from[i], its scale, its zero point); Q is the integers' type.
template <typename Q, typename From, typename To, typename F>
void with_scales(const Node& node, Inputs inputs, Tensor& output, F f) {
  const auto from = inputs[0]->as<From>();
  const auto to = output.as<To>();
  const auto scales = inputs[1]->floats();
  const Q* zeros = has_input(node, 2) ? inputs[2]->as<Q>().data() : nullptr;
  Parts parts{.outer = 1, .extent = 1, .inner = output.count()};
  if (scales.size() > 1) {
    parts = split_at(output.shape(), resolve_axis(node.integer("axis", 1), output.rank()).value());
  }
  for (std::int64_t i = 0; i < output.count(); ++i) {
    const std::int64_t k = i / parts.inner % parts.extent;
    to[i] = f(from[i], scales[k], zeros == nullptr ? Q{0} : zeros[k]);
  }
}

// Division in float32, as the operator's documentation has it; a half goes to the even neighbour.
template <typename Q>
void quantize(const Node& node, Inputs inputs, Tensor& output) {
  with_scales<Q, float, Q>(node, inputs, output, [](float x, float scale, Q zero) {
    return saturate<Q>(std::nearbyint(static_cast<double>(x / scale)) + zero);
  });
}

void run_quantize(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  if (outputs[0].type() == DType::kInt8) return quantize<std::int8_t>(node, inputs, outputs[0]);
  quantize<std::uint8_t>(node, inputs, outputs[0]);
}

void run_dequantize(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  with_type(inputs[0]->type(), [&](auto type) {
    using Q = decltype(type);
    with_scales<Q, Q, float>(node, inputs, outputs[0], [](Q x, float scale, Q zero) {
      return static_cast<float>((static_cast<double>(x) - static_cast<double>(zero)) * scale);
    });
  });
}

constexpr AttributeRule kAttributes[] = {{"axis", AttributeKind::kInteger}};

}  // namespace

const Operator kQuantizeLinear{"QuantizeLinear", 2, 3, kAttributes, infer_quantize, run_quantize};
const Operator kDequantizeLinear{"DequantizeLinear", 2, 3, kAttributes, infer_dequantize, run_dequantize};

}  // namespace poise
