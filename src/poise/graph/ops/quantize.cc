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
  if (node.integer("block_size", 0) != 0) return unsupported("a scale for each block of numbers is not supported");
  const auto is_one = [](const Shape& list) { return list.empty() || list == Shape{1}; };  // one number, either way
  if (has_input(node, 2)) {
    POISE_RETURN_IF_ERROR(expect_type(inputs[2], "zero point", types));
    if (!is_one(scale) || !is_one(inputs[2].shape)) {
      POISE_RETURN_IF_ERROR(expect_shape(inputs[2], "zero point", scale));
    }
  }
  if (is_one(scale)) return {};
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 1), shape.size()));
  return expect_shape(inputs[1], "scale", {shape[axis]});
}

// onnx/onnx.proto, TensorProto.DataType: what output_dtype (opset 21) says where no zero point does.
Result<DType> integers_of(const Node& node, const DType* zero) {
  constexpr std::int64_t kUint8 = 2;
  constexpr std::int64_t kInt8 = 3;
  const std::int64_t wanted = node.integer("output_dtype", 0);
  const DType type = zero != nullptr ? *zero : wanted == kInt8 ? DType::kInt8 : DType::kUint8;
  const bool agrees = wanted == 0 || wanted == (type == DType::kInt8 ? kInt8 : kUint8);
  if (agrees) return type;
  return unsupported("it makes ONNX data type " + std::to_string(wanted) + ": uint8 and int8 are supported");
}

InferResult infer_quantize(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(check_scale(node, inputs, {DType::kUint8, DType::kInt8}));
  POISE_TRY(const DType type, integers_of(node, has_input(node, 2) ? &inputs[2].type : nullptr));
  return one_output(type, inputs[0].shape);
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
  std::int64_t i = 0;
  for (std::int64_t part = 0; part < parts.outer * parts.extent; ++part) {
    const std::int64_t k = part % parts.extent;
    const float scale = scales[k];
    const Q zero = zeros == nullptr ? Q{0} : zeros[k];
    for (const std::int64_t end = i + parts.inner; i < end; ++i) to[i] = f(from[i], scale, zero);
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

constexpr AttributeRule kAttributes[] = {
    {"axis", AttributeKind::kInteger},
    {"block_size", AttributeKind::kInteger},
    {"output_dtype", AttributeKind::kInteger},
    {"precision", AttributeKind::kInteger},  // of the division: ours is float32
    {"saturate", AttributeKind::kInteger},   // of floats of eight bits alone
};

}  // namespace

const Operator kQuantizeLinear{"QuantizeLinear", 2, 3, kAttributes, infer_quantize, run_quantize};
const Operator kDequantizeLinear{"DequantizeLinear", 2, 3, kAttributes, infer_dequantize, run_dequantize};

}  // namespace poise
