#include <gtest/gtest.h>

#include <cmath>

#include "kit/graphs.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

/// Conv 3x3, deconvolution and Gemm, each large enough to be stored as int8; the Conv's bias and a 1x1 are not.
Graph network(Random& random) {
  Graph graph;
  graph.opset = 13;
  const auto constant = [&](const char* name, Shape shape) {
    return graph.add_constant(name, kit::shared(kit::random_tensor(std::move(shape), random)));
  };
  ValueId x = graph.add_input("x", {1, 8, 6, 5});
  const ValueId bias = constant("a.bias", {16});
  x = graph.add_node("Conv", "a", {x, constant("a.weight", {16, 8, 3, 3}), bias}, "a",
                     {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
  x = graph.add_node("ConvTranspose", "b", {x, constant("b.weight", {16, 8, 4, 4})}, "b",
                     {{"strides", std::vector<std::int64_t>{2, 2}}, {"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
  x = graph.add_node("Conv", "c", {x, constant("c.weight", {4, 8, 1, 1})}, "c");
  x = graph.add_node("Flatten", "flat", {x}, "flat");
  graph.outputs = {graph.add_node("Gemm", "d", {x, constant("d.weight", {3, 480}), constant("d.bias", {3})}, "d",
                                  {{"transB", std::int64_t{1}}})};
  return graph;
}

std::vector<Tensor> run(const Graph& graph, const Tensor& input) {
  std::vector<Tensor> inputs;
  inputs.push_back(input.clone());
  return kit::run_graph(graph, inputs);
}

TEST(StoreWeightsAsInt8, KeepsWhatTheNetworkSays) {
  Random random(4);
  Graph graph = network(random);
  ASSERT_TRUE(graph.validate().ok());
  const Tensor input = kit::random_tensor({1, 8, 6, 5}, random);
  const Tensor wanted = std::move(run(graph, input)[0]);
  const std::int64_t parameters = graph.parameter_count();

  store_weights_as_int8(graph);
  ASSERT_TRUE(graph.validate().ok());
  int stored = 0;
  for (const Node& node : graph.nodes) stored += node.op == "DequantizeLinear" ? 1 : 0;
  EXPECT_EQ(stored, 3);
  EXPECT_EQ(graph.parameter_count(), parameters);
  EXPECT_EQ(graph.constant(graph.find_value("a.weight")), nullptr);
  EXPECT_NE(graph.constant(graph.find_value("c.weight")), nullptr);
  EXPECT_EQ(graph.constant(graph.find_value("b.weight_scale"))->count(), 8);
  EXPECT_EQ(graph.constant(graph.find_value("d.weight_scale"))->count(), 3);
  const Tensor found = std::move(run(graph, input)[0]);
  double error = 0, size = 0;
  for (std::int64_t i = 0; i < wanted.count(); ++i) {
    error += std::pow(found.floats()[i] - wanted.floats()[i], 2);
    size += std::pow(wanted.floats()[i], 2);
  }
  EXPECT_GT(error, 0);
  EXPECT_LT(std::sqrt(error), 0.02 * std::sqrt(size));
}

TEST(StoreWeightsAsInt8, EngineGetsFloatsBack) {
  Random random(5);
  Graph graph = network(random);
  Graph original = graph;
  store_weights_as_int8(graph);
  ASSERT_TRUE(graph.validate().ok());
  fold_constants(graph).value();
  for (const char* name : {"a.weight", "b.weight", "d.weight"}) {
    const Tensor* folded = graph.constant(graph.find_value(name));
    const Tensor* wanted = original.constant(original.find_value(name));
    ASSERT_NE(folded, nullptr) << name;
    ASSERT_EQ(folded->shape(), wanted->shape());
    for (std::int64_t i = 0; i < wanted->count(); ++i) {
      // Values lie in [-1, 1]: a step is at most 1/127, and clipping at most 30 % of the largest.
      EXPECT_NEAR(folded->floats()[i], wanted->floats()[i], 0.31F) << name;
    }
  }
}

TEST(StoreWeightsAsInt8, LeavesSharedWeightsAndZerosWhole) {
  Random random(6);
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 16, 4, 4});
  const ValueId shared = graph.add_constant("w", kit::shared(kit::random_tensor({16, 16, 3, 3}, random)));
  const ValueId zeros = graph.add_constant("z", kit::shared(Tensor(Shape{16, 16, 3, 3})));
  const std::map<std::string, Attribute, std::less<>> same{{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}};
  const ValueId a = graph.add_node("Conv", "a", {x, shared}, "a", same);
  const ValueId b = graph.add_node("Conv", "b", {a, shared}, "b", same);
  graph.outputs = {graph.add_node("Conv", "c", {b, zeros}, "c", same)};
  store_weights_as_int8(graph);
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_NE(graph.constant(shared), nullptr);
  EXPECT_EQ(graph.constant(zeros), nullptr);
  const std::vector<Tensor> outputs = run(graph, kit::random_tensor({1, 16, 4, 4}, random));
  for (const float value : outputs[0].floats()) EXPECT_EQ(value, 0.0F);
}

TEST(StoreWeightsAsInt8, KeepsTheOrderOfManyLayers) {
  Random random(7);
  Graph graph;
  ValueId x = graph.add_input("x", {1, 32, 1, 1});
  const auto weight = kit::shared(kit::random_tensor({32, 32, 1, 1}, random));
  constexpr std::size_t kLayers = 300;
  for (std::size_t i = 0; i < kLayers; ++i) {
    const std::string name = "w" + std::to_string(i);
    x = graph.add_node("Conv", "c" + name, {x, graph.add_constant(name, weight)}, "y" + name);
  }
  graph.outputs = {x};
  store_weights_as_int8(graph);
  ASSERT_EQ(graph.nodes.size(), 2 * kLayers);
  for (std::size_t i = 0; i < kLayers; ++i) {
    EXPECT_EQ(graph.nodes[i].op, "DequantizeLinear");
    EXPECT_EQ(graph.nodes[kLayers + i].name, "cw" + std::to_string(i));
  }
  EXPECT_TRUE(graph.validate().ok());
}

}  // namespace
}  // namespace poise
