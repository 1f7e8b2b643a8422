#include "poise/quantize/qdq.h"

#include <algorithm>
#include <utility>

#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

bool keeps_sign_and_order(const Node& node) { return node.op == "Relu" || node.op == "Clip"; }

class Neighbours {
 public:
  explicit Neighbours(const Graph& graph)
      : graph_(graph), readers_(graph.values.size()), producer_(graph.values.size(), -1) {
    for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) {
      for (const ValueId id : graph.nodes[n].inputs) {
        if (id != kNoValue) readers_[id].push_back(n);
      }
      for (const ValueId id : graph.nodes[n].outputs) producer_[id] = n;
    }
  }
  const std::vector<int>& readers(ValueId id) const { return readers_[id]; }
  int producer(ValueId id) const { return producer_[id]; }
  bool is_output(ValueId id) const {
    return std::find(graph_.outputs.begin(), graph_.outputs.end(), id) != graph_.outputs.end();
  }
  /// The value behind a node's activation, where that alone reads it.
  ValueId behind_activation(ValueId id) const {
    if (readers_[id].size() != 1 || is_output(id)) return id;
    const Node& reader = graph_.nodes[readers_[id][0]];
    return keeps_sign_and_order(reader) ? reader.outputs[0] : id;
  }

 private:
  const Graph& graph_;
  std::vector<std::vector<int>> readers_;
  std::vector<int> producer_;
};

}  // namespace

std::vector<int> integer_candidates(const Graph& graph) {
  const Neighbours near(graph);
  std::vector<int> found;
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) {
    const Node& node = graph.nodes[n];
    if (node.op != "Conv" && node.op != "ConvTranspose") continue;
    const Tensor* weight = graph.constant(node.inputs[1]);
    if (weight == nullptr || weight->rank() != 4 || output_axis(node, *weight) < 0) continue;
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
    if (has_bias && graph.constant(node.inputs[2]) == nullptr) continue;
    if (graph.constant(node.inputs[0]) != nullptr || near.readers(node.inputs[1]).size() != 1) continue;
    found.push_back(n);
  }
  return found;
}

std::vector<Rounded> rounded_values(const Graph& graph, const std::set<int>& layers) {
  const Neighbours near(graph);
  std::map<ValueId, Rounded> rounded;
  const auto add = [&](ValueId id, ValueId like, int reader) {
    auto [entry, fresh] = rounded.try_emplace(id, Rounded{id, like, {}});
    entry->second.readers.push_back(reader);
  };
  for (const int n : layers) add(graph.nodes[n].inputs[0], graph.nodes[n].inputs[0], n);
  // A pooling between two layers in integers takes the largest of integers: its input is on its output's grid.
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) {
    const Node& pool = graph.nodes[n];
    if (pool.op != "MaxPool" || !rounded.contains(pool.outputs[0]) || rounded.contains(pool.inputs[0])) continue;
    const bool alone = near.readers(pool.inputs[0]).size() == 1 && !near.is_output(pool.inputs[0]);
    if (alone) add(pool.inputs[0], pool.outputs[0], n);
  }
  // Sums into a layer: its other side is rounded too, or is so already.
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) {
    const Node& sum = graph.nodes[n];
    if (sum.op != "Add" || !rounded.contains(near.behind_activation(sum.outputs[0]))) continue;
    const auto layer_of = [&](ValueId id) {
      const int layer = near.producer(id);
      return layers.contains(layer) && near.readers(id).size() == 1 && !near.is_output(id) ? layer : -1;
    };
    const int left = layer_of(sum.inputs[0]);
    const int right = layer_of(sum.inputs[1]);
    if (left < 0 && right < 0) continue;
    const ValueId other = left > right ? sum.inputs[1] : sum.inputs[0];
    if (rounded.contains(other) || std::min(left, right) >= 0) add(other, other, n);
  }
  std::vector<Rounded> list;
  for (auto& [id, entry] : rounded) list.push_back(std::move(entry));
  return list;
}

Graph to_qdq(const Graph& graph, const std::set<int>& layers, const std::map<ValueId, Grid>& grids,
             const std::map<int, std::vector<float>>& biases) {
  Graph qdq = graph;
  constexpr int kPerAxisOpset = 13;  // DequantizeLinear's axis
  qdq.opset = std::max(qdq.opset, kPerAxisOpset);
  for (const Rounded& entry : rounded_values(graph, layers)) {
    const ValueId back = add_rounding(qdq, entry.value, grids.at(entry.like), graph.values[entry.value].name);
    for (const int reader : entry.readers) {
      std::vector<ValueId>& inputs = qdq.nodes[reader].inputs;
      const bool is_layer = layers.contains(reader);
      for (std::size_t i = 0; i < (is_layer ? 1 : inputs.size()); ++i) {
        if (inputs[i] == entry.value) inputs[i] = back;
      }
    }
  }
  for (const auto& [n, bias] : biases) {
    if (!layers.contains(n)) continue;
    Node& layer = qdq.nodes[n];
    const std::string name = qdq.values[layer.inputs[1]].name + "_bias_corrected";
    layer.inputs.resize(3, kNoValue);
    const Shape shape{static_cast<std::int64_t>(bias.size())};
    layer.inputs[2] = qdq.add_constant(name, std::make_shared<const Tensor>(Tensor::from(shape, bias)));
  }
  std::vector<std::pair<ValueId, int>> weights;
  for (const int n : layers) {
    const ValueId id = qdq.nodes[n].inputs[1];
    weights.emplace_back(id, output_axis(qdq.nodes[n], *qdq.constant(id)));
  }
  put_int8_weights(qdq, weights);
  qdq.validate().value();  // sorts
  remove_dead(qdq);
  return qdq;
}

}  // namespace poise
