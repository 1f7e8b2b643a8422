#include "poise/graph/open_part.h"

#include <algorithm>

#include "poise/graph/ops/operator.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

/// By value: 1 where it follows from constants and shapes alone, and so from the inputs' shapes.
std::vector<char> find_known(const Graph& graph) {
  std::vector<char> known(graph.values.size(), 0);
  for (std::size_t id = 0; id < known.size(); ++id) known[id] = graph.values[id].constant != nullptr ? 1 : 0;
  for (const Node& node : graph.nodes) {
    const bool of_shapes = node.op == "Shape" || node.op == "Size";
    const bool follows = std::all_of(node.inputs.begin(), node.inputs.end(),
                                     [&known](ValueId id) { return id == kNoValue || known[id] != 0; });
    if (!of_shapes && !follows) continue;
    for (const ValueId id : node.outputs) known[id] = 1;
  }
  return known;
}

/// Adds the value to the list unless it is there, or is a constant, which both parts have.
void want(ValueId id, const Graph& graph, std::vector<char>& wanted, std::vector<ValueId>& list) {
  if (id == kNoValue || graph.constant(id) != nullptr || wanted[id] != 0) return;
  wanted[id] = 1;
  list.push_back(id);
}

}  // namespace

std::vector<char> find_open_nodes(const Graph& graph) {
  std::vector<char> known = find_known(graph);
  std::vector<char> open_value(graph.values.size(), 0);
  std::vector<char> open(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const Operator* op = find_operator(node.op);
    const auto any = [&node](const std::vector<char>& marked, char value) {
      return std::any_of(node.inputs.begin(), node.inputs.end(),
                         [&](ValueId id) { return id != kNoValue && marked[id] == value; });
    };
    const bool counts = op != nullptr && op->counts_values && any(known, 0);
    if (!counts && !any(open_value, 1)) continue;
    open[n] = 1;
    for (const ValueId id : node.outputs) {
      open_value[id] = 1;
      known[id] = 0;  // of shapes that are not known either
    }
  }
  return open;
}

Result<std::optional<OpenCut>> cut_open_part(const Graph& graph) {
  const std::vector<char> open = find_open_nodes(graph);
  if (std::find(open.begin(), open.end(), 1) == open.end()) return std::optional<OpenCut>();
  OpenCut cut{graph, graph};  // values keep their numbers; tensors are shared
  cut.head.nodes.clear();
  cut.tail.nodes.clear();
  cut.tail.inputs.clear();
  std::vector<char> wanted(graph.values.size(), 0);
  std::vector<char> made_by_tail(graph.values.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    (open[n] != 0 ? cut.tail : cut.head).nodes.push_back(node);
    if (open[n] == 0) continue;
    for (const ValueId id : node.outputs) made_by_tail[id] = 1;
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && made_by_tail[id] == 0) want(id, graph, wanted, cut.tail.inputs);
    }
  }
  for (const ValueId id : graph.outputs) {
    if (made_by_tail[id] == 0) want(id, graph, wanted, cut.tail.inputs);
  }
  cut.head.outputs = cut.tail.inputs;
  POISE_RETURN_IF_ERROR(cut.head.validate());
  POISE_RETURN_IF_ERROR(cut.tail.validate());
  remove_dead(cut.head);
  remove_dead(cut.tail);
  return std::optional(std::move(cut));
}

}  // namespace poise
