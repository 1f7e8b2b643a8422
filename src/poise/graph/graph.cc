#include "poise/graph/graph.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

namespace poise {
namespace {

template <typename T>
const T* find_attribute(const Node& node, std::string_view name) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? nullptr : std::get_if<T>(&found->second);
}

// Bounds, scales, epsilons, running statistics and what shapes are worked out with are no parameters.
bool holds_parameters(std::string_view op, std::size_t input, const Tensor& tensor) {
  const auto is_one_of = [op](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), op) != names.end();
  };
  if (is_one_of({"Conv", "ConvTranspose", "Gemm", "MatMul"})) return true;
  if (is_one_of({"BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization",
                 "RMSNormalization"}))
    return input == 1 || input == 2;
  if (op == "PRelu") return input == 1;
  return is_one_of({"Add", "Sub", "Mul", "Div"}) && tensor.count() > 1;
}

}  // namespace

std::string Node::label() const { return op + " \"" + name + "\""; }

std::int64_t Node::integer(std::string_view attribute, std::int64_t fallback) const {
  const auto* value = find_attribute<std::int64_t>(*this, attribute);
  return value != nullptr ? *value : fallback;
}

float Node::real(std::string_view attribute, float fallback) const {
  const auto* value = find_attribute<float>(*this, attribute);
  return value != nullptr ? *value : fallback;
}

std::string Node::text(std::string_view attribute, std::string_view fallback) const {
  const auto* value = find_attribute<std::string>(*this, attribute);
  return value != nullptr ? *value : std::string(fallback);
}

std::vector<std::int64_t> Node::integers(std::string_view attribute) const {
  const auto* value = find_attribute<std::vector<std::int64_t>>(*this, attribute);
  return value != nullptr ? *value : std::vector<std::int64_t>{};
}

ValueId Graph::add_input(std::string value_name, Shape shape, DType type) {
  const ValueId id = add_value(std::move(value_name));
  values.back().shape = std::move(shape);
  values.back().type = type;
  inputs.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string value_name, std::shared_ptr<const Tensor> tensor) {
  POISE_CHECK(tensor != nullptr);
  const ValueId id = add_value(std::move(value_name));
  values.back().type = tensor->type();
  values.back().shape = tensor->shape();
  values.back().constant = std::move(tensor);
  return id;
}

ValueId Graph::add_value(std::string value_name) {
  values.push_back({.name = std::move(value_name), .type = DType::kFloat32, .shape = {}, .constant = nullptr});
  return static_cast<ValueId>(values.size()) - 1;
}

ValueId Graph::add_node(std::string op, std::string node_name, std::vector<ValueId> node_inputs,
                        std::string output_name, std::map<std::string, Attribute, std::less<>> attributes) {
  const ValueId output = add_value(std::move(output_name));
  nodes.push_back({.op = std::move(op),
                   .name = std::move(node_name),
                   .inputs = std::move(node_inputs),
                   .outputs = {output},
                   .attributes = std::move(attributes),
                   .fusion = {}});
  return output;
}

ValueId Graph::find_value(std::string_view value_name) const {
  for (std::size_t id = 0; id < values.size(); ++id) {
    if (values[id].name == value_name) return static_cast<ValueId>(id);
  }
  return kNoValue;
}

std::int64_t Graph::parameter_count() const {
  std::set<ValueId> counted;  // shared weights count once
  std::int64_t total = 0;
  for (const Node& node : nodes) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const Tensor* tensor = constant(node.inputs[i]);
      if (tensor == nullptr) continue;
      const bool stored_as_integers = node.op == "DequantizeLinear" && i == 0;
      const bool plain = tensor->type() == DType::kFloat32 && holds_parameters(node.op, i, *tensor);
      if (!plain && !stored_as_integers) continue;
      if (counted.insert(node.inputs[i]).second) total += tensor->count();
    }
  }
  return total;
}

}  // namespace poise
