#pragma once
// Small graphs for tests: a plain executor that honours Node::fusion, and random networks.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "poise/base/random.h"
#include "poise/graph/graph.h"
#include "poise/graph/ops/operator.h"

namespace poise::kit {

inline Tensor random_tensor(Shape shape, Random& random, double low = -1.0, double high = 1.0) {
  Tensor tensor(std::move(shape));
  for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(low, high));
  return tensor;
}

inline std::shared_ptr<const Tensor> shared(Tensor tensor) { return std::make_shared<const Tensor>(std::move(tensor)); }

inline void apply_fusion(const Fusion& fusion, const Tensor* residual, Tensor& output) {
  for (std::int64_t i = 0; i < output.count(); ++i) {
    float x = output.floats()[i] + (residual == nullptr ? 0.0F : residual->floats()[i]);
    if (fusion.activation == Activation::kRelu) x = std::max(x, 0.0F);
    if (fusion.activation == Activation::kClip) x = std::min(std::max(x, fusion.low), fusion.high);
    if (fusion.activation == Activation::kSigmoid) x = 1.0F / (1.0F + std::exp(-x));
    if (fusion.activation == Activation::kLeakyRelu) x = x < 0 ? fusion.low * x : x;
    if (fusion.activation == Activation::kHardSwish) x *= std::clamp(x / 6 + 0.5F, 0.0F, 1.0F);
    output.floats()[i] = x;
  }
}

/// The outputs, by the plain implementations, node by node. The graph is sorted; throws where a shape is refused.
inline std::vector<Tensor> run_graph(const Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) shapes.push_back(input.shape());
  const auto infos = infer_shapes(graph, shapes).value();
  std::vector<Tensor> values(graph.values.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = inputs[i].clone();
  for (std::size_t id = 0; id < values.size(); ++id) {
    if (graph.values[id].constant != nullptr) values[id] = graph.values[id].constant->clone();
  }
  for (const Node& node : graph.nodes) {
    std::vector<const Tensor*> arguments;
    for (const ValueId id : node.inputs) arguments.push_back(id == kNoValue ? nullptr : &values[id]);
    std::vector<Tensor> results;
    results.emplace_back(infos[node.outputs[0]].shape, infos[node.outputs[0]].type);
    find_operator(node.op)->run(node, arguments, results);
    const ValueId residual = node.fusion.residual;
    if (node.fusion.any()) apply_fusion(node.fusion, residual == kNoValue ? nullptr : &values[residual], results[0]);
    values[node.outputs[0]] = std::move(results[0]);
  }
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs) outputs.push_back(values[id].clone());
  return outputs;
}

inline void expect_near(const Tensor& actual, const Tensor& expected, float tolerance) {
  ASSERT_EQ(actual.shape(), expected.shape());
  for (std::int64_t i = 0; i < actual.count(); ++i) {
    ASSERT_NEAR(actual.floats()[i], expected.floats()[i], tolerance) << "element " << i;
  }
}

/// Builds layers on a network of one input "x" (1, 4, 8, 6); all weights are random.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed) : random(seed) { x = graph.add_input("x", {-1, 4, 8, 6}); }

  ValueId constant(Shape shape, double low = -1.0, double high = 1.0) {
    return graph.add_constant(fresh("constant"), shared(random_tensor(std::move(shape), random, low, high)));
  }
  ValueId node(const std::string& op, std::vector<ValueId> inputs,
               std::map<std::string, Attribute, std::less<>> attributes = {}) {
    return graph.add_node(op, fresh(op), std::move(inputs), fresh("value"), std::move(attributes));
  }
  /// 4 channels in and out, same extents.
  ValueId conv(ValueId from, bool bias) {
    const std::int64_t group = random.below(2) == 0 ? 1 : 2;
    std::vector<ValueId> inputs = {from, constant({4, 4 / group, 3, 3})};
    if (bias) inputs.push_back(constant({4}));
    return node("Conv", std::move(inputs), {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}, {"group", group}});
  }
  ValueId deconv(ValueId from, bool bias) {
    const std::int64_t group = random.below(2) == 0 ? 1 : 2;
    std::vector<ValueId> inputs = {from, constant({4, 4 / group, 3, 3})};
    if (bias) inputs.push_back(constant({4}));
    return node("ConvTranspose", std::move(inputs),
                {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}, {"group", group}});
  }
  ValueId batch_norm(ValueId from) {
    return node("BatchNormalization", {from, constant({4}), constant({4}), constant({4}), constant({4}, 0.5, 2.0)});
  }
  ValueId clip(ValueId from) { return node("Clip", {from, constant({}, -0.5, 0.0), constant({}, 0.5, 1.0)}); }

  /// Layers over earlier values at random, so that some values have several readers; one to three outputs.
  void grow(int layers) {
    std::vector<ValueId> known = {x};
    for (int i = 0; i < layers; ++i) {
      // Mostly the latest value, so that chains to fold and fuse come up.
      const ValueId from = random.below(4) == 0 ? known[random.below(known.size())] : known.back();
      known.push_back(layer(from, known[random.below(known.size())]));
    }
    graph.outputs = {known.back()};
    for (std::uint64_t more = random.below(3); more > 0; --more) {
      const ValueId id = known[1 + random.below(known.size() - 1)];
      if (std::find(graph.outputs.begin(), graph.outputs.end(), id) == graph.outputs.end()) graph.outputs.push_back(id);
    }
  }

  Tensor input() { return random_tensor({1, 4, 8, 6}, random); }

  Graph graph;
  ValueId x = kNoValue;
  Random random;

 private:
  ValueId layer(ValueId from, ValueId other) {
    switch (random.below(11)) {
      case 0:
        return conv(from, true);
      case 1:
        return conv(from, false);
      case 2:
        return deconv(from, random.below(2) == 0);
      case 3:
      case 4:
        return batch_norm(from);
      case 5:
        return node("Relu", {from});
      case 6:
        return clip(from);
      case 7:
        return node("Add", {from, other});
      case 8:
        return node("Mul", {constant({1, 4, 1, 1}), from});
      case 9:
        return node("Add", {from, node("Mul", {constant({4, 1, 1}), constant({1})})});
      default:
        return node("Identity", {from});
    }
  }
  std::string fresh(const std::string& stem) { return stem + "_" + std::to_string(counter_++); }
  int counter_ = 0;
};

}  // namespace poise::kit
