#include <cmath>
#include <optional>
#include <utility>

#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {
namespace {

// out = factor * in + offset, one pair a channel.
struct ChannelMap {
  std::vector<double> factor;
  std::vector<double> offset;
};

bool is_vector(const Tensor* tensor, std::int64_t channels) {
  return tensor != nullptr && tensor->type() == DType::kFloat32 && tensor->shape() == Shape{channels};
}

std::optional<ChannelMap> batch_norm_map(const Graph& graph, const Node& node, std::int64_t channels) {
  for (std::size_t i = 1; i < 5; ++i) {
    if (!is_vector(graph.constant(node.inputs[i]), channels)) return std::nullopt;
  }
  const auto scale = graph.constant(node.inputs[1])->floats();
  const auto shift = graph.constant(node.inputs[2])->floats();
  const auto mean = graph.constant(node.inputs[3])->floats();
  const auto variance = graph.constant(node.inputs[4])->floats();
  const double epsilon = node.real("epsilon", 1e-5F);
  ChannelMap map;
  for (std::size_t c = 0; c < scale.size(); ++c) {
    const double factor = scale[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    map.factor.push_back(factor);
    map.offset.push_back(shift[c] - mean[c] * factor);
  }
  return map;
}

// A constant that broadcasts over (N, C, H, W) as one number, or as one number a channel.
std::optional<std::vector<double>> channel_constant(const Tensor* tensor, std::int64_t channels) {
  if (tensor == nullptr || tensor->type() != DType::kFloat32 || tensor->rank() > 4) return std::nullopt;
  for (std::size_t i = 0; i < tensor->rank(); ++i) {
    const bool is_channel = i + 3 == tensor->rank();
    if (tensor->dim(i) != 1 && !(is_channel && tensor->dim(i) == channels)) return std::nullopt;
  }
  const auto values = tensor->floats();
  std::vector<double> spread(static_cast<std::size_t>(channels), values[0]);
  if (tensor->count() == channels) spread.assign(values.begin(), values.end());
  return spread;
}

std::optional<ChannelMap> channel_map(const Graph& graph, const Node& node, ValueId data, std::int64_t channels) {
  if (node.op == "BatchNormalization") {
    if (node.inputs[0] != data) return std::nullopt;
    return batch_norm_map(graph, node, channels);
  }
  const ValueId other = node.inputs[0] == data ? node.inputs[1] : node.inputs[0];
  auto values = channel_constant(graph.constant(other), channels);
  if (!values) return std::nullopt;
  const auto count = static_cast<std::size_t>(channels);
  if (node.op == "Mul") return ChannelMap{.factor = std::move(*values), .offset = std::vector<double>(count, 0.0)};
  return ChannelMap{.factor = std::vector<double>(count, 1.0), .offset = std::move(*values)};
}

bool is_finite(const ChannelMap& map) {
  for (std::size_t c = 0; c < map.factor.size(); ++c) {
    if (!std::isfinite(map.factor[c]) || !std::isfinite(map.offset[c])) return false;
  }
  return true;
}

// Conv's weight is (out, in / group, h, w), ConvTranspose's (in, out / group, h, w).
std::int64_t output_channels(const Node& conv, const Tensor& weight) {
  return conv.op == "Conv" ? weight.dim(0) : weight.dim(1) * conv.integer("group", 1);
}

Tensor scale_weight(const Node& conv, const Tensor& weight, const std::vector<double>& factor) {
  Tensor scaled = weight.clone();
  const auto values = scaled.floats();
  const auto second = static_cast<std::size_t>(weight.dim(1));
  const auto taps = static_cast<std::size_t>(weight.dim(2) * weight.dim(3));
  const auto inputs_per_group = static_cast<std::size_t>(weight.dim(0) / conv.integer("group", 1));
  const bool is_conv = conv.op == "Conv";
  for (std::size_t plane = 0; plane < values.size() / taps; ++plane) {
    const std::size_t row = plane / second;
    const double by = factor[is_conv ? row : row / inputs_per_group * second + plane % second];
    for (float& value : values.subspan(plane * taps, taps)) value = static_cast<float>(value * by);
  }
  return scaled;
}

// The same integers times other steps; a negative factor turns the integers' signs.
std::shared_ptr<const Tensor> scale_steps(const Tensor& steps, const std::vector<double>& factor) {
  Tensor scaled = steps.clone();
  const auto values = scaled.floats();
  for (std::size_t c = 0; c < values.size(); ++c) values[c] = static_cast<float>(values[c] * std::abs(factor[c]));
  for (const float v : values) {
    if (!(v > 0)) return nullptr;  // a channel that is zero: no step any more
  }
  return std::make_shared<const Tensor>(std::move(scaled));
}

Tensor map_bias(const Tensor* bias, const ChannelMap& map) {
  Tensor mapped({static_cast<std::int64_t>(map.factor.size())});
  for (std::size_t c = 0; c < map.factor.size(); ++c) {
    const double old = bias == nullptr ? 0.0 : bias->floats()[c];
    mapped.floats()[c] = static_cast<float>(old * map.factor[c] + map.offset[c]);
  }
  return mapped;
}

// Where the node's constants allow it, the Conv or ConvTranspose takes the node over.
bool fold_into(Graph& graph, Node& conv, const Node& node) {
  const Tensor* weight = graph.constant(conv.inputs[1]);
  const bool has_bias = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
  const Tensor* bias = has_bias ? graph.constant(conv.inputs[2]) : nullptr;
  const std::int64_t group = conv.integer("group", 1);
  if (weight == nullptr || weight->type() != DType::kFloat32 || weight->rank() != 4 || weight->count() == 0)
    return false;
  if (group < 1 || weight->dim(0) % group != 0 || conv.fusion.any()) return false;
  const std::int64_t channels = output_channels(conv, *weight);
  if (has_bias && !is_vector(bias, channels)) return false;
  const auto map = channel_map(graph, node, conv.outputs[0], channels);
  if (!map || !is_finite(*map)) return false;

  const std::string stem = graph.values[node.outputs[0]].name;  // its own: layers may share a weight
  auto folded_weight = std::make_shared<const Tensor>(scale_weight(conv, *weight, map->factor));
  auto folded_bias = std::make_shared<const Tensor>(map_bias(bias, *map));
  if (conv.weight_scales != nullptr) conv.weight_scales = scale_steps(*conv.weight_scales, map->factor);
  conv.inputs.resize(3, kNoValue);
  conv.inputs[1] = graph.add_constant(stem + ".folded_weight", std::move(folded_weight));
  conv.inputs[2] = graph.add_constant(stem + ".folded_bias", std::move(folded_bias));
  conv.outputs[0] = node.outputs[0];
  return true;
}

}  // namespace

void fold_batch_norm(Graph& graph, std::uint64_t max_bytes) {
  constexpr int kMostFolds = 16;  // a layer's: each writes its whole weight anew
  const std::vector<int> readers = count_readers(graph);
  std::vector<int> producers = index_producers(graph);
  std::vector<char> dropped(graph.nodes.size(), 0);
  std::vector<int> folds(graph.nodes.size(), 0);
  std::uint64_t used = constant_bytes(graph);
  const auto is_shared = [&readers](ValueId weight) {
    return static_cast<std::size_t>(weight) < readers.size() && readers[weight] > 1;
  };
  const auto fold = [&](Node& layer, const Node& node) {
    const ValueId before = layer.inputs[1];
    const Tensor* weight = graph.constant(before);
    const std::uint64_t more = weight != nullptr && is_shared(before) ? weight->bytes() : 0;
    if (used + more > max_bytes || !fold_into(graph, layer, node)) return false;
    used += more;
    if (!is_shared(before)) graph.values[before].constant = nullptr;  // nothing reads it any more
    return true;
  };
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.op != "BatchNormalization" && node.op != "Mul" && node.op != "Add") continue;
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const ValueId data = node.inputs[i];
      if (producers[data] < 0 || readers[data] != 1) continue;  // a graph output counts as a reader
      const int producer = producers[data];
      Node& layer = graph.nodes[producer];
      if ((layer.op != "Conv" && layer.op != "ConvTranspose") || folds[producer] == kMostFolds) continue;
      if (!fold(layer, node)) continue;
      ++folds[producer];
      producers[node.outputs[0]] = producer;
      dropped[n] = 1;
      break;
    }
  }
  drop_nodes(graph, dropped);
}

}  // namespace poise
