#include <algorithm>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

template <typename T>
const T* attribute(const Node& node, std::string_view name) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? nullptr : std::get_if<T>(&found->second);
}

using TensorAttribute = std::shared_ptr<const Tensor>;
using Reals = std::vector<float>;
using Integers = std::vector<std::int64_t>;

std::int64_t length(const auto& list) { return static_cast<std::int64_t>(list.size()); }

InferResult infer(const Node& node, std::span<const ValueInfo>) {
  if (node.attributes.size() != 1) return malformed("it must have one attribute: its value");
  if (const auto* value = attribute<TensorAttribute>(node, "value")) {
    return std::vector<ValueInfo>{{.type = (*value)->type(), .shape = (*value)->shape(), .constant = *value}};
  }
  if (const auto* list = attribute<Reals>(node, "value_floats")) return one_output(DType::kFloat32, {length(*list)});
  if (const auto* list = attribute<Integers>(node, "value_ints")) return one_output(DType::kInt64, {length(*list)});
  return one_output(node.attributes.contains("value_int") ? DType::kInt64 : DType::kFloat32, {});
}

void run(const Node& node, std::span<const Tensor* const>, std::span<Tensor> outputs) {
  Tensor& output = outputs[0];
  if (const auto* value = attribute<TensorAttribute>(node, "value")) {
    copy_elements(**value, output);
  } else if (const auto* reals = attribute<Reals>(node, "value_floats")) {
    std::copy(reals->begin(), reals->end(), output.as<float>().begin());
  } else if (const auto* integers = attribute<Integers>(node, "value_ints")) {
    std::copy(integers->begin(), integers->end(), output.as<std::int64_t>().begin());
  } else if (output.type() == DType::kInt64) {
    output.as<std::int64_t>()[0] = node.integer("value_int", 0);
  } else {
    output.as<float>()[0] = node.real("value_float", 0.0F);
  }
}

constexpr AttributeRule kAttributes[] = {
    {"value", AttributeKind::kTensor},        {"value_float", AttributeKind::kReal},
    {"value_floats", AttributeKind::kReals},  {"value_int", AttributeKind::kInteger},
    {"value_ints", AttributeKind::kIntegers},
};

}  // namespace

const Operator kConstant{"Constant", 0, 0, kAttributes, infer, run};

}  // namespace poise
