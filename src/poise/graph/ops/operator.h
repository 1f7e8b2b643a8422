#pragma once
// One entry an operator: its inputs and attributes, its shape rule, and its plain implementation, the oracle that every
// backend is held against. Graph::validate() holds nodes to the counts and kinds stated here, so
// the two functions index inputs freely. The table is constant, what it points to is pure.
// Semantics: the ONNX operator documentation, opset 13 (what came later: 24); the reader brings older forms up to it.

#include <span>
#include <string_view>
#include <vector>

#include "poise/graph/graph.h"

namespace poise {

/// In the order of Attribute's alternatives.
enum class AttributeKind { kInteger, kReal, kText, kIntegers, kReals, kTensor };

struct AttributeRule {
  std::string_view name;
  AttributeKind kind;
};

struct Operator {
  std::string_view name;
  std::size_t min_inputs;  // these must be present; the rest up to max_inputs may be kNoValue
  std::size_t max_inputs;
  std::span<const AttributeRule> attributes;
  /// One info an output from input infos (a missing optional input has an empty ValueInfo and constant == nullptr, and
  /// node.inputs[i] == kNoValue). Errors are one line, without the node's label: the caller adds it.
  Result<std::vector<ValueInfo>> (*infer)(const Node& node, std::span<const ValueInfo> inputs);
  /// inputs[i] is nullptr where the optional input is missing; outputs are allocated with the inferred shapes.
  void (*run)(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs);
  std::size_t max_outputs = 1;  // a node has one to this many, the last ones may be left out
  /// How large its outputs are hangs on its inputs' values: where these are not known, infer() gives open ones.
  bool counts_values = false;
};

/// nullptr where the operator is not known.
const Operator* find_operator(std::string_view name);
std::span<const Operator> operators();

}  // namespace poise
