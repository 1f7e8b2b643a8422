#include <algorithm>
#include <optional>
#include <utility>

#include "poise/graph/known.h"
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

Error too_many_bytes(std::uint64_t bytes, std::uint64_t max_bytes) {
  return over_memory("the network's constants, with what follows from them, take", bytes, max_bytes);
}

// The values of a node whose inputs are all constants, by the reference implementation; with the
// `used` bytes of others no more than `max_bytes`.
Result<std::vector<std::shared_ptr<const Tensor>>> evaluate(const Graph& graph, const Node& node, std::uint64_t used,
                                                            std::uint64_t max_bytes) {
  const Operator* op = find_operator(node.op);
  if (op == nullptr) return unsupported("the operator " + node.op + " is not supported");
  std::vector<ValueInfo> infos;
  std::vector<const Tensor*> inputs;
  for (const ValueId id : node.inputs) {
    const auto tensor = id == kNoValue ? nullptr : graph.values.at(id).constant;
    inputs.push_back(tensor.get());
    infos.push_back(tensor == nullptr
                        ? ValueInfo{}
                        : ValueInfo{.type = tensor->type(), .shape = tensor->shape(), .constant = tensor});
  }
  POISE_TRY(const auto known, op->infer(node, infos));
  for (const ValueInfo& info : known) {
    POISE_RETURN_IF_ERROR(check_output(info));
    used += bytes_of(info);
    if (used > max_bytes) return too_many_bytes(used, max_bytes);
  }
  std::vector<Tensor> outputs;
  for (const ValueInfo& info : known) outputs.emplace_back(info.shape, info.type);
  op->run(node, inputs, outputs);
  std::vector<std::shared_ptr<const Tensor>> tensors;
  tensors.reserve(outputs.size());
  for (Tensor& output : outputs) tensors.push_back(std::make_shared<const Tensor>(std::move(output)));
  return tensors;
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
      auto tensors = evaluate(graph, node, 0, default_memory_limit());
      if (!tensors.ok()) continue;  // infer_shapes says what is wrong with it
      set_constant(graph, node.outputs[0], std::move(tensors->front()));
      computed[node.outputs[0]] = 0;
      dropped[n] = 1;
    } else if (node.op == "Identity" || (node.op == "Dropout" && node.outputs.size() == 1)) {
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

std::uint64_t constant_bytes(const Graph& graph) {
  std::uint64_t bytes = 0;
  for (const Value& value : graph.values) {
    if (value.constant != nullptr) bytes += value.constant->bytes();
  }
  return bytes;
}

std::uint64_t folded_bytes(const Graph& graph) {
  std::vector<std::optional<ValueInfo>> known(graph.values.size());  // constants, and what would become one
  for (std::size_t id = 0; id < graph.values.size(); ++id) {
    const auto& constant = graph.values[id].constant;
    if (constant != nullptr) known[id] = {.type = constant->type(), .shape = constant->shape(), .constant = constant};
  }
  std::uint64_t bytes = 0;
  KnownValues values;
  std::vector<ValueInfo> inputs;
  for (const Node& node : graph.nodes) {
    const Operator* op = find_operator(node.op);
    const bool all_known = std::all_of(node.inputs.begin(), node.inputs.end(),
                                       [&known](ValueId id) { return id == kNoValue || known[id].has_value(); });
    if (op == nullptr || !all_known || node.fusion.any()) continue;
    inputs.clear();
    for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? ValueInfo{} : *known[id]);
    auto outputs = op->infer(node, inputs);
    if (!outputs.ok()) continue;  // it wants to know a large value, or is wrong
    if (!std::all_of(outputs->begin(), outputs->end(), [](const ValueInfo& info) { return check_output(info).ok(); })) {
      continue;
    }
    values.compute(node, *op, inputs, *outputs);
    for (std::size_t i = 0; i < outputs->size(); ++i) {
      bytes += bytes_of((*outputs)[i]);
      known[node.outputs[i]] = std::move((*outputs)[i]);
    }
  }
  return bytes;
}

Status fold_constants(Graph& graph, std::uint64_t max_bytes) {
  std::uint64_t used = constant_bytes(graph);
  if (const std::uint64_t more = folded_bytes(graph); used + more > max_bytes) {
    return too_many_bytes(used + more, max_bytes);
  }
  std::vector<char> dropped(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool all_constant = std::all_of(node.inputs.begin(), node.inputs.end(), [&graph](ValueId id) {
      return id == kNoValue || graph.constant(id) != nullptr;
    });
    if (!all_constant || node.fusion.any()) continue;
    auto tensors = evaluate(graph, node, used, max_bytes);
    if (!tensors.ok()) return tensors.error().prefixed(node.label());
    for (std::size_t i = 0; i < tensors->size(); ++i) {
      used += (*tensors)[i]->bytes();
      set_constant(graph, node.outputs[i], std::move((*tensors)[i]));
    }
    dropped[n] = 1;
  }
  drop_nodes(graph, dropped);
  return {};
}

void fold_known(Graph& graph, const std::vector<ValueInfo>& infos) {
  std::vector<char> dropped(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool all_known = std::all_of(node.outputs.begin(), node.outputs.end(),
                                       [&infos](ValueId id) { return infos.at(id).constant != nullptr; });
    if (!all_known) continue;
    for (const ValueId id : node.outputs) set_constant(graph, id, infos[id].constant);
    dropped[n] = 1;
  }
  drop_nodes(graph, dropped);
}

}  // namespace poise
