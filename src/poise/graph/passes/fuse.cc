#include <algorithm>
#include <limits>
#include <optional>

#include "poise/graph/ops/rules.h"
#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {
namespace {

std::optional<float> clip_bound(const Graph& graph, const Node& node, std::size_t input, std::string_view attribute,
                                float fallback) {
  if (!has_input(node, input)) return node.real(attribute, fallback);
  const Tensor* bound = graph.constant(node.inputs[input]);
  if (bound == nullptr || bound->type() != DType::kFloat32 || bound->count() != 1) return std::nullopt;
  return bound->floats()[0];
}

std::optional<Fusion> activation_of(const Graph& graph, const Node& node) {
  Fusion fusion;
  if (node.op == "Relu") {
    fusion.activation = Activation::kRelu;
  } else if (node.op == "Sigmoid") {
    fusion.activation = Activation::kSigmoid;
  } else if (node.op == "Clip") {
    const auto bounds = clip_bounds(graph, node);
    if (!bounds) return std::nullopt;
    fusion.activation = Activation::kClip;
    fusion.low = bounds->first;
    fusion.high = bounds->second;
  } else if (node.op == "LeakyRelu") {
    fusion.activation = Activation::kLeakyRelu;
    fusion.low = node.real("alpha", 0.01F);
  } else if (node.op == "HardSwish") {
    fusion.activation = Activation::kHardSwish;
  } else if (node.op == "Swish") {
    fusion.activation = Activation::kSwish;
    fusion.low = node.real("alpha", 1.0F);
  } else if (node.op == "Gelu" && node.text("approximate", "none") == "none") {
    fusion.activation = Activation::kGelu;
  } else if (node.op == "Mish") {
    fusion.activation = Activation::kMish;
  } else {
    return std::nullopt;
  }
  return fusion;
}

class Fuser {
 public:
  Fuser(Graph& graph, const std::vector<ValueInfo>& infos)
      : graph_(graph), infos_(infos), readers_(count_readers(graph)), producers_(index_producers(graph)) {}

  void run() {
    std::vector<char> dropped(graph_.nodes.size(), 0);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (node.op == "Add" ? fuse_add(node) : fuse_activation(node)) dropped[n] = 1;
    }
    drop_nodes(graph_, dropped);
  }

 private:
  // The layer that may take over the value's only reader.
  Node* fusible(ValueId id) {
    if (producers_[id] < 0 || readers_[id] != 1) return nullptr;  // a graph output counts as a reader
    Node& node = graph_.nodes[producers_[id]];
    const bool is_conv = node.op == "Conv" || node.op == "ConvTranspose";
    if (!is_conv || node.fusion.activation != Activation::kNone) return nullptr;
    // Weights that are computed keep the layer out of the forms that take anything in.
    const auto known = [&](std::size_t i) {
      return node.inputs.size() <= i || node.inputs[i] == kNoValue || graph_.constant(node.inputs[i]) != nullptr;
    };
    return known(1) && known(2) ? &node : nullptr;
  }

  void take_over(Node& conv, const Node& node) {
    producers_[node.outputs[0]] = producers_[conv.outputs[0]];
    conv.outputs[0] = node.outputs[0];
  }

  bool fuse_activation(const Node& node) {
    const auto fusion = activation_of(graph_, node);
    if (!fusion) return false;
    Node* conv = fusible(node.inputs[0]);
    if (conv == nullptr) return false;
    const ValueId residual = conv->fusion.residual;
    conv->fusion = *fusion;
    conv->fusion.residual = residual;
    take_over(*conv, node);
    return true;
  }

  bool fuse_add(const Node& node) {
    ValueId later = node.inputs[0];
    ValueId other = node.inputs[1];
    if (producers_[later] < producers_[other]) std::swap(later, other);
    if (graph_.constant(other) != nullptr || infos_.at(later).shape != infos_.at(other).shape) return false;
    Node* conv = fusible(later);
    if (conv == nullptr || conv->fusion.residual != kNoValue) return false;
    conv->fusion.residual = other;
    take_over(*conv, node);
    return true;
  }

  Graph& graph_;
  const std::vector<ValueInfo>& infos_;
  std::vector<int> readers_;
  std::vector<int> producers_;
};

}  // namespace

std::optional<std::pair<float, float>> clip_bounds(const Graph& graph, const Node& node) {
  const auto low = clip_bound(graph, node, 1, "min", std::numeric_limits<float>::lowest());
  const auto high = clip_bound(graph, node, 2, "max", std::numeric_limits<float>::max());
  if (!low || !high) return std::nullopt;
  return std::pair{*low, *high};
}

void fuse_activations_and_residuals(Graph& graph, const std::vector<ValueInfo>& infos) { Fuser(graph, infos).run(); }

}  // namespace poise
