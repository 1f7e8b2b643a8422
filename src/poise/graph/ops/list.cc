#include <algorithm>
#include <array>
#include <cstring>

#include "poise/graph/ops/rules.h"

namespace poise {

std::span<const Operator> operators() {
  static const std::array kOperators = {
      kAdd,
      kBatchNormalization,
      kClip,
      kConcat,
      kConstant,
      kConv,
      kConvTranspose,
      kDiv,
      kFlatten,
      kGemm,
      kIdentity,
      kMaxPool,
      kGlobalAveragePool,
      kMul,
      kRelu,
      kReshape,
      kSigmoid,
      kSub,
  };
  return kOperators;
}

const Operator* find_operator(std::string_view name) {
  for (const Operator& op : operators()) {
    if (op.name == name) return &op;
  }
  return nullptr;
}

bool has_input(const Node& node, std::size_t i) { return i < node.inputs.size() && node.inputs[i] != kNoValue; }

Status expect_type(const ValueInfo& info, std::string_view what, std::initializer_list<DType> types) {
  if (std::find(types.begin(), types.end(), info.type) != types.end()) return {};
  std::string wanted;
  for (const DType type : types) wanted += (wanted.empty() ? "" : " or ") + std::string(name_of(type));
  return unsupported("the " + std::string(what) + " is " + name_of(info.type) + ", it must be " + wanted);
}

Status expect_float(const ValueInfo& info, std::string_view what) { return expect_type(info, what, {DType::kFloat32}); }

Status expect_shape(const ValueInfo& info, std::string_view what, const Shape& shape) {
  if (info.shape == shape) return {};
  return malformed("the " + std::string(what) + " is " + to_string(info.shape) + ", it must be " + to_string(shape));
}

Result<std::size_t> resolve_axis(std::int64_t axis, std::size_t size) {
  const auto extent = static_cast<std::int64_t>(size);
  if (axis < -extent || axis >= extent) {
    return malformed("axis " + std::to_string(axis) + " is outside [" + std::to_string(-extent) + ", " +
                     std::to_string(extent) + ")");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + extent : axis);
}

InferResult one_output(DType type, Shape shape) {
  return std::vector<ValueInfo>{{.type = type, .shape = std::move(shape), .constant = nullptr}};
}

Result<std::int64_t> bounded_count(const Shape& shape) {
  POISE_TRY(const std::int64_t count, element_count(shape));
  if (count > std::int64_t{1} << 31U) {
    return too_large("the shape " + to_string(shape) + " has more than 2^31 elements: use a smaller input");
  }
  return count;
}

Status check_computed(const Shape& shape) {
  for (const std::int64_t extent : shape) {
    if (extent < 1) return malformed("the shape " + to_string(shape) + " has an extent below 1");
  }
  if (auto count = bounded_count(shape); !count.ok()) return count.error();
  return {};
}

Status check_output(const ValueInfo& output) {
  if (output.constant == nullptr) return check_computed(output.shape);
  if (auto count = bounded_count(output.shape); !count.ok()) return count.error();
  return {};
}

void copy_elements(const Tensor& from, Tensor& to) {
  POISE_CHECK(from.type() == to.type() && from.count() == to.count());
  if (from.bytes() > 0) std::memcpy(to.data(), from.data(), from.bytes());
}

}  // namespace poise
