#include <algorithm>
#include <limits>

#include "poise/base/counted.h"
#include "poise/graph/graph.h"
#include "poise/graph/known.h"
#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

/// Whether the node's outputs, of open inputs, are open too: what is written into a list that is known is as long as
/// that.
bool opens(const Node& node, std::span<const ValueInfo> inputs) {
  if (node.op == "ScatterND" || node.op == "ScatterElements") return inputs[0].open;
  return std::any_of(inputs.begin(), inputs.end(), [](const ValueInfo& info) { return info.open; });
}

/// What the file itself says of the node's outputs.
std::vector<ValueInfo> as_declared(const Graph& graph, const Node& node) {
  std::vector<ValueInfo> infos;
  for (const ValueId id : node.outputs) {
    const Value& value = graph.values.at(id);
    infos.push_back({.type = value.type, .shape = value.shape, .constant = nullptr, .open = true});
  }
  return infos;
}

/// The node's outputs, checked.
Result<std::vector<ValueInfo>> infer_node(const Graph& graph, const Node& node, std::span<const ValueInfo> inputs) {
  const Operator* op = find_operator(node.op);
  if (op == nullptr) return unsupported("the operator " + node.op + " is not supported");
  if (opens(node, inputs)) return as_declared(graph, node);
  const bool written_into = std::any_of(inputs.begin(), inputs.end(), [](const ValueInfo& info) { return info.open; });
  if (written_into) return std::vector<ValueInfo>{{inputs[0].type, inputs[0].shape, nullptr}};
  POISE_TRY(std::vector<ValueInfo> outputs, op->infer(node, inputs));
  POISE_CHECK(outputs.size() == node.outputs.size());
  if (outputs.front().open) return as_declared(graph, node);
  for (const ValueInfo& output : outputs) POISE_RETURN_IF_ERROR(check_output(output));
  return outputs;
}

Status check_input(const Value& value, const Shape& shape) {
  const auto matches = [](std::int64_t declared, std::int64_t given) { return declared == -1 || declared == given; };
  if (!std::equal(value.shape.begin(), value.shape.end(), shape.begin(), shape.end(), matches)) {
    return malformed("it is " + to_string(shape) + ", the graph wants " + to_string(value.shape));
  }
  return check_computed(shape);
}

}  // namespace

Result<std::vector<ValueInfo>> infer_shapes(const Graph& graph, std::span<const Shape> input_shapes) {
  if (input_shapes.size() != graph.inputs.size()) {
    return malformed(std::to_string(input_shapes.size()) + " input shapes given, the graph has " +
                     counted(graph.inputs.size(), "input"));
  }
  std::vector<ValueInfo> infos(graph.values.size());
  for (std::size_t id = 0; id < graph.values.size(); ++id) {
    const auto& constant = graph.values[id].constant;
    if (constant == nullptr) continue;
    infos[id] = {.type = constant->type(), .shape = constant->shape(), .constant = constant};
    if (auto count = bounded_count(constant->shape()); !count.ok()) {
      return count.error().prefixed("constant \"" + graph.values[id].name + "\"");
    }
  }
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const Value& value = graph.values.at(graph.inputs[i]);
    if (auto status = check_input(value, input_shapes[i]); !status.ok()) {
      return status.error().prefixed("input \"" + value.name + "\"");
    }
    infos[graph.inputs[i]] = {.type = value.type, .shape = input_shapes[i], .constant = nullptr};
  }
  KnownValues known;
  std::vector<ValueInfo> inputs;
  for (const Node& node : graph.nodes) {
    inputs.clear();
    for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? ValueInfo{} : infos.at(id));
    auto outputs = infer_node(graph, node, inputs);
    if (!outputs.ok()) return outputs.error().prefixed(node.label());
    const Shape& shape = outputs->front().shape;
    if (node.fusion.residual != kNoValue && infos.at(node.fusion.residual).shape != shape) {
      return malformed(node.label() + ": the residual is " + to_string(infos[node.fusion.residual].shape) +
                       ", the output is " + to_string(shape));
    }
    known.compute(node, *find_operator(node.op), inputs, *outputs);
    for (std::size_t i = 0; i < outputs->size(); ++i) infos.at(node.outputs[i]) = std::move((*outputs)[i]);
  }
  return infos;
}

std::int64_t multiply_adds(const Node& node, const std::vector<ValueInfo>& infos) {
  const auto is_open = [&infos](ValueId id) { return id != kNoValue && infos.at(id).open; };
  if (std::any_of(node.inputs.begin(), node.inputs.end(), is_open) || is_open(node.outputs.at(0))) return 0;
  // Each factor has passed bounded_count, so the product of two stays below 2^62.
  const auto product = [](const Shape& shape) { return bounded_count(shape).value(); };
  const auto shape_of = [&infos](ValueId id) -> const Shape& { return infos.at(id).shape; };
  if (node.op == "Conv" || node.op == "ConvTranspose") {
    const Shape& weight = shape_of(node.inputs.at(1));
    const Shape taps(weight.begin() + 1, weight.end());
    // Conv gathers (in / group) * kernel products an output; ConvTranspose scatters (out / group) * kernel an input.
    const ValueId moving = node.op == "Conv" ? node.outputs.at(0) : node.inputs.at(0);
    return product(shape_of(moving)) * product(taps);
  }
  if (node.op == "Gemm") {
    const Shape& a = shape_of(node.inputs.at(0));
    return product(shape_of(node.outputs.at(0))) * a.at(node.integer("transA", 0) != 0 ? 0 : 1);
  }
  if (node.op == "MatMul") return product(shape_of(node.outputs.at(0))) * shape_of(node.inputs.at(0)).back();
  return 0;
}

std::int64_t multiply_adds(const Graph& graph, const std::vector<ValueInfo>& infos) {
  std::int64_t total = 0;
  for (const Node& node : graph.nodes) {
    const std::int64_t more = multiply_adds(node, infos);
    if (more > std::numeric_limits<std::int64_t>::max() - total) return std::numeric_limits<std::int64_t>::max();
    total += more;
  }
  return total;
}

}  // namespace poise
