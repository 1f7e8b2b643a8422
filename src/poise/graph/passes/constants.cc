#include <algorithm>
#include <utility>

#include "poise/graph/ops/rules.h"
#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {
namespace {

void set_constant(Graph& graph, ValueId id, std::shared_ptr<const Tensor> tensor) {
  Value& value = graph.values[id];
  value.type = tensor->type();
  value.shape = tensor->shape();
  value.constant = std::move(tensor);
}

// The value of a node whose inputs are all constants, by the reference implementation.
Result<std::shared_ptr<const Tensor>> evaluate(const Graph& graph, const Node& node) {
  const Operator* op = find_operator(node.op);
  if (op == nullptr) return unsupported("the operator " + node.op + " is not supported");
  std::vector<ValueInfo> infos;
  std::vector<const Tensor*> inputs;
  for (const ValueId id : node.inputs) {
    const Tensor* tensor = graph.constant(id);
    inputs.push_back(tensor);
    infos.push_back(tensor == nullptr
                        ? ValueInfo{}
                        : ValueInfo{.type = tensor->type(), .shape = tensor->shape(), .constant = tensor});
  }
  POISE_TRY(const auto outputs, op->infer(node, infos));
  POISE_RETURN_IF_ERROR(check_output(outputs.front()));
  auto output = std::make_shared<Tensor>(outputs.front().shape, outputs.front().type);
  op->run(node, inputs, {output.get(), 1});
  return std::shared_ptr<const Tensor>(std::move(output));
}

// Ids by which a value is known after Identity nodes went; a chain is halved on every walk.
class Aliases {
 public:
  explicit Aliases(std::size_t size) : next_(size) {
    for (std::size_t id = 0; id < size; ++id) next_[id] = static_cast<ValueId>(id);
  }
  ValueId resolve(ValueId id) {
    if (id == kNoValue) return id;
    while (next_[id] != id) {
      next_[id] = next_[next_[id]];
      id = next_[id];
    }
    return id;
  }
  void forward(ValueId from, ValueId to) { next_[from] = to; }

 private:
  std::vector<ValueId> next_;
};

}  // namespace

void remove_identities(Graph& graph) {
  std::vector<char> dropped(graph.nodes.size(), 0);
  std::vector<char> is_output(graph.values.size(), 0);
  for (const ValueId id : graph.outputs) is_output[id] = 1;
  std::vector<char> computed(graph.values.size(), 0);
  Aliases aliases(graph.values.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    for (const ValueId id : node.outputs) computed[id] = 1;
    if (node.op == "Constant") {
      auto tensor = evaluate(graph, node);
      if (!tensor.ok()) continue;  // infer_shapes says what is wrong with it
      set_constant(graph, node.outputs[0], std::move(*tensor));
      computed[node.outputs[0]] = 0;
      dropped[n] = 1;
    } else if (node.op == "Identity") {
      const ValueId input = aliases.resolve(node.inputs[0]);
      const ValueId output = node.outputs[0];
      if (is_output[output] == 0) {
        aliases.forward(output, input);
      } else if (computed[input] != 0 && is_output[input] == 0) {
        aliases.forward(input, output);  // the output's name stays
      } else {
        continue;
      }
      dropped[n] = 1;
    }
  }
  drop_nodes(graph, dropped);
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) id = aliases.resolve(id);
    for (ValueId& id : node.outputs) id = aliases.resolve(id);
    node.fusion.residual = aliases.resolve(node.fusion.residual);
  }
}

Status fold_constants(Graph& graph) {
  std::vector<char> dropped(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool all_constant = std::all_of(node.inputs.begin(), node.inputs.end(), [&graph](ValueId id) {
      return id == kNoValue || graph.constant(id) != nullptr;
    });
    if (!all_constant || node.fusion.any()) continue;
    auto tensor = evaluate(graph, node);
    if (!tensor.ok()) return tensor.error().prefixed(node.label());
    set_constant(graph, node.outputs[0], std::move(*tensor));
    dropped[n] = 1;
  }
  drop_nodes(graph, dropped);
  return {};
}

}  // namespace poise
