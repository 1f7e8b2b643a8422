#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {
namespace {

/// The step whose rounding errs least in the mean square, among a few: clipping rare outliers spares all the others.
float best_step(const std::vector<float>& values) {
  float largest = 0;
  for (const float v : values) largest = std::max(largest, std::abs(v));
  constexpr float kLevels = 127.0F;
  if (largest / kLevels < std::numeric_limits<float>::min()) return 1.0F;  // all zeros, or next to it
  float best = largest / kLevels;
  double least = std::numeric_limits<double>::infinity();
  for (int percent = 100; percent >= 70; percent -= 2) {
    const float step = largest / kLevels * static_cast<float>(percent) / 100.0F;
    double sum = 0;
    for (const float v : values) {
      const double error = std::clamp(std::nearbyint(v / step), -kLevels, kLevels) * step - v;
      sum += error * error;
    }
    if (sum < least) {
      least = sum;
      best = step;
    }
  }
  return best;
}

}  // namespace

int output_axis(const Node& node, const Tensor& weight) {
  if (weight.type() != DType::kFloat32 || weight.rank() < 2) return -1;
  if (node.op == "Conv") return 0;
  if (node.op == "ConvTranspose") return node.integer("group", 1) == 1 ? 1 : -1;
  if (node.op == "Gemm") return node.integer("transB", 0) != 0 ? 0 : 1;
  return -1;
}

Int8Weight to_int8(const Tensor& weight, int axis) {
  const auto extent = weight.dim(static_cast<std::size_t>(axis));
  std::int64_t inner = 1;
  for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < weight.rank(); ++i) inner *= weight.dim(i);
  Int8Weight stored{Tensor(weight.shape(), DType::kInt8), Tensor(Shape{extent})};
  const auto from = weight.floats();
  const auto to = stored.values.as<std::int8_t>();
  const std::int64_t outer = extent * inner == 0 ? 0 : weight.count() / (extent * inner);
  std::vector<float> channel;
  for (std::int64_t c = 0; c < extent; ++c) {
    const auto each = [&](auto visit) {
      for (std::int64_t o = 0; o < outer; ++o) {
        for (std::int64_t i = 0; i < inner; ++i) visit((o * extent + c) * inner + i);
      }
    };
    channel.clear();
    each([&](std::int64_t i) { channel.push_back(from[i]); });
    const float step = best_step(channel);
    stored.scales.floats()[c] = step;
    each([&](std::int64_t i) {
      to[i] = static_cast<std::int8_t>(std::clamp(std::nearbyint(from[i] / step), -127.0F, 127.0F));
    });
  }
  return stored;
}

namespace {

/// What gives `id`, a constant until now, from its integers.
Node int8_weight_node(Graph& graph, ValueId id, Int8Weight stored, int axis) {
  const std::string name = graph.values[id].name;
  Node node;
  node.op = "DequantizeLinear";
  node.name = name + "_dequantize";
  node.inputs = {graph.add_constant(name + "_quantized", std::make_shared<const Tensor>(std::move(stored.values))),
                 graph.add_constant(name + "_scale", std::make_shared<const Tensor>(std::move(stored.scales)))};
  node.outputs = {id};
  node.attributes["axis"] = static_cast<std::int64_t>(axis);
  graph.values[id].constant = nullptr;
  graph.values[id].shape.clear();
  return node;
}

}  // namespace

void put_int8_weights(Graph& graph, std::span<const std::pair<ValueId, int>> weights) {
  std::vector<Node> nodes;
  for (const auto& [id, axis] : weights)
    nodes.push_back(int8_weight_node(graph, id, to_int8(*graph.constant(id), axis), axis));
  std::ranges::reverse(nodes);  // as if each were put in front
  std::ranges::move(graph.nodes, std::back_inserter(nodes));
  graph.nodes = std::move(nodes);
}

void store_weights_as_int8(Graph& graph) {
  constexpr std::int64_t kSmall = 1024;         // elements: what is smaller stays as it is
  std::vector<std::pair<ValueId, int>> chosen;  // weight and axis
  const std::vector<int> readers = count_readers(graph);
  for (const Node& layer : graph.nodes) {
    if (layer.inputs.size() < 2) continue;
    const ValueId id = layer.inputs[1];
    const auto weight = id == kNoValue ? nullptr : graph.values[id].constant;
    const int axis = weight == nullptr ? -1 : output_axis(layer, *weight);
    if (axis < 0 || weight->count() < kSmall) continue;
    // Shared weights: the first layer's axis would have to fit all of them.
    if (readers[id] == 1) chosen.emplace_back(id, axis);
  }
  put_int8_weights(graph, chosen);
}

}  // namespace poise
