#include <functional>
#include <queue>
#include <utility>

#include "poise/graph/graph.h"
#include "poise/graph/ops/operator.h"

namespace poise {
namespace {

constexpr int kNoNode = -1;

bool in_range(const Graph& graph, ValueId id) { return id >= 0 && static_cast<std::size_t>(id) < graph.values.size(); }

const char* kind_name(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::kInteger:
      return "an integer";
    case AttributeKind::kReal:
      return "a float";
    case AttributeKind::kText:
      return "a string";
    case AttributeKind::kIntegers:
      return "a list of integers";
    case AttributeKind::kReals:
      return "a list of floats";
    case AttributeKind::kTensor:
      return "a tensor";
  }
  return "";
}

Status check_attributes(const Node& node, const Operator& op) {
  for (const auto& [name, attribute] : node.attributes) {
    const AttributeRule* rule = nullptr;
    for (const AttributeRule& candidate : op.attributes) {
      if (candidate.name == name) rule = &candidate;
    }
    if (rule == nullptr) {
      return unsupported(node.label() + ": the attribute " + name + " is not supported");
    }
    const auto* tensor = std::get_if<std::shared_ptr<const Tensor>>(&attribute);
    if (attribute.index() != static_cast<std::size_t>(rule->kind) || (tensor != nullptr && *tensor == nullptr)) {
      return malformed(node.label() + ": the attribute " + name + " must be " + kind_name(rule->kind));
    }
  }
  return {};
}

Status check_node(const Graph& graph, const Node& node) {
  const Operator* op = find_operator(node.op);
  if (op == nullptr) return unsupported(node.label() + ": the operator " + node.op + " is not supported");
  if (node.inputs.size() < op->min_inputs || node.inputs.size() > op->max_inputs) {
    return malformed(node.label() + " has " + std::to_string(node.inputs.size()) + " inputs, it takes " +
                     std::to_string(op->min_inputs) +
                     (op->min_inputs == op->max_inputs ? "" : " to " + std::to_string(op->max_inputs)));
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue && i >= op->min_inputs) continue;
    if (node.inputs[i] == kNoValue) return malformed(node.label() + ": input " + std::to_string(i) + " is left out");
    if (!in_range(graph, node.inputs[i])) {
      return malformed(node.label() + ": input " + std::to_string(i) + " is no value of the graph");
    }
  }
  if (node.fusion.residual != kNoValue && !in_range(graph, node.fusion.residual)) {
    return malformed(node.label() + ": its residual is no value of the graph");
  }
  if (node.outputs.empty()) return malformed(node.label() + " has no outputs");
  if (node.outputs.size() > op->max_outputs) {
    return unsupported(node.label() + " has " + std::to_string(node.outputs.size()) + " outputs, only " +
                       std::to_string(op->max_outputs) + " can be had: export the model for inference");
  }
  for (const ValueId id : node.outputs) {
    if (!in_range(graph, id)) return malformed(node.label() + ": its output is no value of the graph");
  }
  return check_attributes(node, *op);
}

// Node indices by the value they produce; a constant or a graph input has none.
Result<std::vector<int>> find_producers(const Graph& graph) {
  std::vector<int> producers(graph.values.size(), kNoNode);
  std::vector<char> given(graph.values.size(), 0);
  for (std::size_t id = 0; id < graph.values.size(); ++id) given[id] = graph.values[id].constant != nullptr ? 1 : 0;
  for (const ValueId id : graph.inputs) {
    if (!in_range(graph, id)) return malformed("graph input " + std::to_string(id) + " is no value of the graph");
    if (given[id] != 0) {
      return malformed("graph input \"" + graph.values[id].name + "\" is listed twice or is also a constant");
    }
    given[id] = 1;
  }
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    for (const ValueId id : node.outputs) {
      if (given[id] != 0) {
        const std::string other = producers[id] == kNoNode ? "a graph input or a constant"
                                                           : "also the output of " + graph.nodes[producers[id]].label();
        return malformed(node.label() + ": its output \"" + graph.values[id].name + "\" is " + other);
      }
      given[id] = 1;
      producers[id] = static_cast<int>(n);
    }
  }
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && given[id] == 0) {
        return malformed(node.label() + " reads \"" + graph.values[id].name + "\", which nothing produces");
      }
    }
    if (node.fusion.residual != kNoValue && given[node.fusion.residual] == 0) {
      return malformed(node.label() + " adds \"" + graph.values[node.fusion.residual].name +
                       "\", which nothing produces");
    }
  }
  for (const ValueId id : graph.outputs) {
    if (!in_range(graph, id)) return malformed("graph output " + std::to_string(id) + " is no value of the graph");
    if (given[id] == 0) return malformed("graph output \"" + graph.values[id].name + "\" is produced by nothing");
  }
  return producers;
}

std::vector<int> predecessors(const Node& node, const std::vector<int>& producers) {
  std::vector<int> found;
  for (const ValueId id : node.inputs) {
    if (id != kNoValue && producers[id] != kNoNode) found.push_back(producers[id]);
  }
  if (node.fusion.residual != kNoValue && producers[node.fusion.residual] != kNoNode) {
    found.push_back(producers[node.fusion.residual]);
  }
  return found;
}

// Walks backwards among the nodes that could not be sorted until one comes up twice: that one lies on a cycle.
int node_on_cycle(const Graph& graph, const std::vector<int>& producers, const std::vector<int>& waiting) {
  int node = 0;
  while (waiting[node] == 0) ++node;
  std::vector<char> seen(graph.nodes.size(), 0);
  while (seen[node] == 0) {
    seen[node] = 1;
    for (const int before : predecessors(graph.nodes[node], producers)) {
      if (waiting[before] != 0) {
        node = before;
        break;
      }
    }
  }
  return node;
}

}  // namespace

Status Graph::validate() {
  for (const Node& node : nodes) POISE_RETURN_IF_ERROR(check_node(*this, node));
  POISE_TRY(const std::vector<int> producers, find_producers(*this));
  if (outputs.empty()) return malformed("the graph has no outputs");

  // Kahn's sort; the ready node of the lowest index goes first, so a sorted graph stays as it is.
  std::vector<std::vector<int>> readers(nodes.size());
  std::vector<int> waiting(nodes.size(), 0);
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const int before : predecessors(nodes[n], producers)) {
      readers[before].push_back(static_cast<int>(n));
      ++waiting[n];
    }
    if (waiting[n] == 0) ready.push(static_cast<int>(n));
  }
  std::vector<int> order;
  order.reserve(nodes.size());
  while (!ready.empty()) {
    const int n = ready.top();
    ready.pop();
    order.push_back(n);
    for (const int reader : readers[n]) {
      if (--waiting[reader] == 0) ready.push(reader);
    }
  }
  if (order.size() != nodes.size()) {
    return malformed(nodes[node_on_cycle(*this, producers, waiting)].label() +
                     " depends on its own output: the graph has a cycle");
  }
  std::vector<Node> sorted;
  sorted.reserve(nodes.size());
  for (const int n : order) sorted.push_back(std::move(nodes[n]));
  nodes = std::move(sorted);
  return {};
}

}  // namespace poise
