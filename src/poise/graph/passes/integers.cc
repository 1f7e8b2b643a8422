// Finds what a file in QDQ form (QuantizeLinear and DequantizeLinear around float layers) says of integers.

#include <algorithm>
#include <utility>

#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {
namespace {

bool is_layer(const Node& node) { return node.op == "Conv" || node.op == "ConvTranspose"; }

bool all_zero(const Tensor* zeros) {
  if (zeros == nullptr) return true;
  const auto values = zeros->as<std::int8_t>();
  return std::all_of(values.begin(), values.end(), [](std::int8_t z) { return z == 0; });
}

/// One step an output channel; null where the weight is stored otherwise.
std::shared_ptr<const Tensor> weight_steps(const Graph& graph, const Node& layer, const Node& dequantize) {
  const Tensor* values = graph.constant(dequantize.inputs[0]);
  const Tensor* scales = graph.constant(dequantize.inputs[1]);
  const bool has_zero = dequantize.inputs.size() > 2 && dequantize.inputs[2] != kNoValue;
  const Tensor* zeros = has_zero ? graph.constant(dequantize.inputs[2]) : nullptr;
  if (values == nullptr || scales == nullptr || values->type() != DType::kInt8 || values->rank() != 4) return nullptr;
  if (scales->type() != DType::kFloat32 || (has_zero && (zeros == nullptr || !all_zero(zeros)))) return nullptr;
  const bool transposed = layer.op == "ConvTranspose";
  if (transposed && layer.integer("group", 1) != 1) return nullptr;
  const std::int64_t axis = transposed ? 1 : 0;
  const std::int64_t channels = values->dim(static_cast<std::size_t>(axis));
  const std::int64_t given = dequantize.integer("axis", 1);
  if (scales->count() != 1 && (scales->count() != channels || (given != axis && given != axis - 4))) return nullptr;
  Tensor steps(Shape{channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    steps.floats()[c] = scales->floats()[scales->count() == 1 ? 0 : c];
    if (!(steps.floats()[c] > 0)) return nullptr;
  }
  return std::make_shared<const Tensor>(std::move(steps));
}

bool has_negatives(const Grid& grid) { return grid.zero > (grid.type == DType::kInt8 ? -128 : 0); }

/// The nodes that read each value.
std::vector<std::vector<int>> index_readers(const Graph& graph) {
  std::vector<std::vector<int>> readers(graph.values.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].inputs) {
      if (id != kNoValue) readers[id].push_back(static_cast<int>(n));
    }
  }
  return readers;
}

/// QuantizeLinear and DequantizeLinear move to right behind what they read: a sum's other side is ready early.
void move_roundings_up(Graph& graph) {
  std::vector<Node> order;
  std::vector<char> taken(graph.nodes.size(), 0);
  const std::vector<std::vector<int>> readers = index_readers(graph);
  std::vector<int> next;  // a chain of roundings may be as long as the graph
  const auto take = [&](int node) {
    next.push_back(node);
    while (!next.empty()) {
      const int n = next.back();
      next.pop_back();
      if (std::exchange(taken[n], 1) != 0) continue;
      order.push_back(graph.nodes[n]);
      const std::size_t before = next.size();
      for (const ValueId id : graph.nodes[n].outputs) {
        for (const int reader : readers[id]) {
          if (graph.grid_of(graph.nodes[reader]).any()) next.push_back(reader);
        }
      }
      std::reverse(next.begin() + static_cast<std::ptrdiff_t>(before), next.end());
    }
  };
  for (const ValueId id : graph.inputs) {
    for (const int reader : readers[id]) {
      if (graph.grid_of(graph.nodes[reader]).any()) take(reader);
    }
  }
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) take(n);
  graph.nodes = std::move(order);
}

/// Each pair's first node, named by its output, to right before its second one, which comes later.
void move_before(Graph& graph, const std::vector<std::pair<ValueId, ValueId>>& moves) {
  if (moves.empty()) return;
  const std::vector<int> producers = index_producers(graph);
  std::vector<int> first(graph.nodes.size(), -1);  // of each second node
  std::vector<char> moved(graph.nodes.size(), 0);
  for (const auto& [from, to] : moves) {
    first[producers[to]] = producers[from];
    moved[producers[from]] = 1;
  }
  std::vector<Node> order;
  order.reserve(graph.nodes.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (first[n] >= 0) order.push_back(std::move(graph.nodes[first[n]]));
    if (moved[n] == 0) order.push_back(std::move(graph.nodes[n]));
  }
  graph.nodes = std::move(order);
}

}  // namespace

Grid Graph::grid_of(const Node& node) const {
  if (node.op != "QuantizeLinear" && node.op != "DequantizeLinear") return {};
  const Tensor* scale = constant(node.inputs[1]);
  if (scale == nullptr || scale->type() != DType::kFloat32 || scale->count() != 1) return {};
  Grid grid;
  grid.scale = scale->floats()[0];
  const bool has_zero = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  if (has_zero) {
    const Tensor* zero = constant(node.inputs[2]);
    if (zero == nullptr || zero->count() != 1) return {};
    grid.type = zero->type();
    if (grid.type != DType::kUint8 && grid.type != DType::kInt8) return {};
    grid.zero = grid.type == DType::kInt8 ? zero->as<std::int8_t>()[0] : zero->as<std::uint8_t>()[0];
  } else if (node.op == "DequantizeLinear" && values.at(node.inputs[0]).constant != nullptr) {
    return {};
  }
  return grid.scale > 0 ? grid : Grid{};
}

ValueId add_rounding(Graph& graph, ValueId value, const Grid& grid, const std::string& name) {
  Tensor zero(Shape{}, grid.type);
  if (grid.type == DType::kInt8) {
    zero.as<std::int8_t>()[0] = static_cast<std::int8_t>(grid.zero);
  } else {
    zero.as<std::uint8_t>()[0] = static_cast<std::uint8_t>(grid.zero);
  }
  const ValueId scale = graph.add_constant(
      name + "_scale", std::make_shared<const Tensor>(Tensor::from({}, std::vector<float>{grid.scale})));
  const ValueId point = graph.add_constant(name + "_zero_point", std::make_shared<const Tensor>(std::move(zero)));
  const ValueId integers =
      graph.add_node("QuantizeLinear", name + "_quantize", {value, scale, point}, name + "_quantized");
  return graph.add_node("DequantizeLinear", name + "_dequantize", {integers, scale, point}, name + "_dequantized");
}

void note_weight_scales(Graph& graph) {
  const std::vector<int> producers = index_producers(graph);
  for (Node& node : graph.nodes) {
    if (!is_layer(node) || node.inputs.size() < 2 || producers[node.inputs[1]] < 0) continue;
    const Node& producer = graph.nodes[producers[node.inputs[1]]];
    if (producer.op == "DequantizeLinear") node.weight_scales = weight_steps(graph, node, producer);
  }
}

bool has_integer_layers(const Graph& graph) {
  const std::vector<int> producers = index_producers(graph);
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    if (node.weight_scales == nullptr || producers[node.inputs[0]] < 0) return false;
    return graph.grid_of(graph.nodes[producers[node.inputs[0]]]).any();
  });
}

void drop_roundings_before_sums(Graph& graph) {
  move_roundings_up(graph);
  const std::vector<int> producers = index_producers(graph);
  const std::vector<int> counts = count_readers(graph);
  std::vector<char> dropped(graph.nodes.size(), 0);
  // The layer behind one side of a sum, and whether its integers stand between; -1 where it cannot take the sum in.
  struct Side {
    int layer = -1;
    bool rounded = false;
  };
  const auto side_of = [&](ValueId id) -> Side {
    const auto alone = [&](ValueId value) { return producers[value] >= 0 && counts[value] == 1; };
    if (!alone(id)) return {};
    const Node& last = graph.nodes[producers[id]];
    if (last.weight_scales != nullptr) return {producers[id], false};
    const Grid grid = graph.grid_of(last);
    if (last.op != "DequantizeLinear" || !grid.any() || !has_negatives(grid) || !alone(last.inputs[0])) return {};
    const Node& quantize = graph.nodes[producers[last.inputs[0]]];
    if (quantize.op != "QuantizeLinear" || graph.grid_of(quantize) != grid || !alone(quantize.inputs[0])) return {};
    const int layer = producers[quantize.inputs[0]];
    return graph.nodes[layer].weight_scales != nullptr ? Side{layer, true} : Side{};
  };
  std::vector<std::pair<ValueId, ValueId>> delayed;  // outputs of layers, and of the Adds that they are moved to
  for (Node& add : graph.nodes) {
    if (add.op != "Add") continue;
    const Side left = side_of(add.inputs[0]);
    const Side right = side_of(add.inputs[1]);
    const Side& later = left.layer > right.layer ? left : right;
    const Side& earlier = left.layer > right.layer ? right : left;
    if (later.layer < 0 || !later.rounded) continue;
    if (earlier.layer >= 0 && !earlier.rounded) {
      delayed.emplace_back(graph.nodes[earlier.layer].outputs[0], add.outputs[0]);
      continue;
    }
    ValueId& input = add.inputs[left.layer > right.layer ? 0 : 1];
    const int dequantize = producers[input];
    dropped[dequantize] = 1;
    dropped[producers[graph.nodes[dequantize].inputs[0]]] = 1;
    input = graph.nodes[later.layer].outputs[0];
  }
  drop_nodes(graph, dropped);
  move_before(graph, delayed);
}

void fuse_roundings(Graph& graph) {
  const std::vector<int> producers = index_producers(graph);
  const std::vector<int> counts = count_readers(graph);
  const std::vector<std::vector<int>> readers = index_readers(graph);
  std::vector<char> dropped(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& quantize = graph.nodes[n];
    if (quantize.op != "QuantizeLinear" || producers[quantize.inputs[0]] < 0) continue;
    const Grid grid = graph.grid_of(quantize);
    Node& layer = graph.nodes[producers[quantize.inputs[0]]];
    if (!grid.any() || layer.weight_scales == nullptr || layer.fusion.grid.any()) continue;
    if (counts[quantize.inputs[0]] != 1) continue;  // a graph output counts as a reader
    const ValueId integers = quantize.outputs[0];
    const bool only_turned_back = std::all_of(readers[integers].begin(), readers[integers].end(), [&](int reader) {
      return graph.nodes[reader].op == "DequantizeLinear" && graph.grid_of(graph.nodes[reader]) == grid;
    });
    if (!only_turned_back || counts[integers] != static_cast<int>(readers[integers].size())) continue;
    layer.fusion.grid = grid;
    layer.outputs[0] = integers;
    dropped[n] = 1;
  }
  drop_nodes(graph, dropped);
}

}  // namespace poise
