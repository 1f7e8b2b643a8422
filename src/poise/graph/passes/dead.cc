#include <utility>

#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {

std::vector<int> count_readers(const Graph& graph) {
  std::vector<int> readers(graph.values.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) ++readers[id];
    }
    if (node.fusion.residual != kNoValue) ++readers[node.fusion.residual];
  }
  for (const ValueId id : graph.outputs) ++readers[id];
  return readers;
}

std::vector<int> index_producers(const Graph& graph) {
  std::vector<int> producers(graph.values.size(), -1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs) producers[id] = static_cast<int>(n);
  }
  return producers;
}

void drop_nodes(Graph& graph, const std::vector<char>& dropped) {
  std::vector<Node> kept;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (dropped[n] == 0) kept.push_back(std::move(graph.nodes[n]));
  }
  graph.nodes = std::move(kept);
}

std::vector<std::vector<ValueId>> find_last_uses(const Graph& graph) {
  std::vector<char> read_later(graph.values.size(), 0);
  for (const ValueId id : graph.outputs) read_later[id] = 1;
  std::vector<std::vector<ValueId>> last_uses(graph.nodes.size());
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    const auto visit = [&](ValueId id) {
      if (id == kNoValue || graph.constant(id) != nullptr || read_later[id] != 0) return;
      read_later[id] = 1;
      last_uses[n].push_back(id);
    };
    for (const ValueId id : graph.nodes[n].outputs) visit(id);  // an output that nothing reads
    for (const ValueId id : graph.nodes[n].inputs) visit(id);
  }
  return last_uses;
}

void remove_dead(Graph& graph) {
  std::vector<char> needed(graph.values.size(), 0);
  for (const ValueId id : graph.outputs) needed[id] = 1;
  std::vector<char> dropped(graph.nodes.size(), 1);
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {  // sorted: readers come after what they read
    const Node& node = graph.nodes[n];
    for (const ValueId id : node.outputs) {
      if (needed[id] != 0) dropped[n] = 0;
    }
    if (dropped[n] != 0) continue;
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) needed[id] = 1;
    }
    if (node.fusion.residual != kNoValue) needed[node.fusion.residual] = 1;
  }
  drop_nodes(graph, dropped);
  for (const ValueId id : graph.inputs) needed[id] = 1;  // the caller gives them, read or not
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.outputs) needed[id] = 1;
  }

  std::vector<ValueId> renumbered(graph.values.size(), kNoValue);
  std::vector<Value> values;
  for (std::size_t id = 0; id < graph.values.size(); ++id) {
    if (needed[id] == 0) continue;
    renumbered[id] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph.values[id]));
  }
  graph.values = std::move(values);
  const auto renumber = [&renumbered](ValueId& id) {
    if (id != kNoValue) id = renumbered[id];
  };
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) renumber(id);
    for (ValueId& id : node.outputs) renumber(id);
    renumber(node.fusion.residual);
  }
  for (ValueId& id : graph.inputs) renumber(id);
  for (ValueId& id : graph.outputs) renumber(id);
}

}  // namespace poise
