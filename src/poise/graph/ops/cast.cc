// Cast and CastLike between element types, and Dropout, which does nothing at inference.

#include <algorithm>
#include <type_traits>

#include "poise/graph/ops/cast_number.h"
#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

// onnx/onnx.proto, TensorProto.DataType. Narrow and wide floats are float32 with us, as the reader has them.
Result<DType> target(const Node& node) {
  const std::int64_t to = node.integer("to", 0);
  switch (to) {
    case 1:   // float
    case 10:  // float16
    case 11:  // double
    case 16:  // bfloat16
      return DType::kFloat32;
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 6:
      return DType::kInt32;
    case 7:
      return DType::kInt64;
    case 9:
      return DType::kBool;
    default:
      return unsupported("it casts to ONNX data type " + std::to_string(to) + ", which is not supported");
  }
}

InferResult infer_cast(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY(const DType type, target(node));
  return one_output(type, inputs[0].shape);
}

// Fractions go towards zero; what an integer cannot hold becomes its nearest value; integers wrap among themselves.
template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) return saturate<To>(value);
  return static_cast<To>(value);
}

void run_cast(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  with_type(inputs[0]->type(), [&](auto from_zero) {
    using From = decltype(from_zero);
    const auto from = inputs[0]->as<From>();
    if (outputs[0].type() == DType::kBool) {
      std::transform(from.begin(), from.end(), outputs[0].as<std::uint8_t>().begin(),
                     [](From value) { return static_cast<std::uint8_t>(value != 0 ? 1 : 0); });
      return;
    }
    with_type(outputs[0].type(), [&](auto to_zero) {
      using To = decltype(to_zero);
      std::transform(from.begin(), from.end(), outputs[0].as<To>().begin(), convert<To, From>);
    });
  });
}

InferResult infer_cast_like(const Node&, std::span<const ValueInfo> inputs) {
  return one_output(inputs[1].type, inputs[0].shape);
}

InferResult infer_dropout(const Node& node, std::span<const ValueInfo> inputs) {
  if (has_input(node, 2)) {
    POISE_RETURN_IF_ERROR(expect_type(inputs[2], "input training_mode", {DType::kBool}));
    POISE_RETURN_IF_ERROR(expect_known(inputs[2], "training_mode"));
    const auto modes = inputs[2].constant->as<std::uint8_t>();
    if (std::any_of(modes.begin(), modes.end(), [](std::uint8_t mode) { return mode != 0; })) {
      return unsupported("training_mode is set: export for inference");
    }
  }
  std::vector<ValueInfo> infos = {inputs[0]};
  if (node.outputs.size() == 2) {
    infos.push_back({.type = DType::kBool, .shape = inputs[0].shape, .constant = nullptr});
  }
  return infos;
}

void run_dropout(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  copy_elements(*inputs[0], outputs[0]);
  if (outputs.size() < 2) return;
  const auto kept = outputs[1].as<std::uint8_t>();
  std::fill(kept.begin(), kept.end(), std::uint8_t{1});
}

// How values become types of eight bits and less, which are not ours.
constexpr AttributeRule kCastAttributes[] = {
    {"round_mode", AttributeKind::kText},
    {"saturate", AttributeKind::kInteger},
    {"to", AttributeKind::kInteger},
};
constexpr AttributeRule kCastLikeAttributes[] = {{"round_mode", AttributeKind::kText},
                                                 {"saturate", AttributeKind::kInteger}};
constexpr AttributeRule kDropoutAttributes[] = {{"seed", AttributeKind::kInteger}};

}  // namespace

std::int64_t cast_number(DType type) {
  switch (type) {
    case DType::kFloat32:
      return 1;
    case DType::kUint8:
      return 2;
    case DType::kInt8:
      return 3;
    case DType::kInt32:
      return 6;
    case DType::kInt64:
      return 7;
    case DType::kBool:
      return 9;
    case DType::kFloat64:
      break;
  }
  return 11;
}

const Operator kCast{"Cast", 1, 1, kCastAttributes, infer_cast, run_cast};
const Operator kCastLike{"CastLike", 2, 2, kCastLikeAttributes, infer_cast_like, run_cast};
const Operator kDropout{"Dropout", 1, 3, kDropoutAttributes, infer_dropout, run_dropout, 2};

}  // namespace poise
