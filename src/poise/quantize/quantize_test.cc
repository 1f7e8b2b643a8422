#include "poise/quantize/quantize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kit/qdq.h"
#include "poise/engine/session.h"
#include "poise/graph/passes/passes.h"
#include "poise/quantize/qdq.h"

namespace poise {
namespace {

constexpr Grid kOne{.scale = 1, .zero = 0, .type = DType::kUint8};

bool computes_integers() {
  const auto native = native_precisions();
  return std::find(native.begin(), native.end(), Precision::kInt8) != native.end();
}

/// The kit's small pose network without its roundings: floats throughout.
Graph float_net(std::uint64_t seed) {
  Graph graph = kit::small_pose_net(seed, kOne, kOne, kOne, false);
  std::map<ValueId, ValueId> instead;
  for (const Node& node : graph.nodes) {
    if (node.op != "QuantizeLinear") continue;
    for (const Node& back : graph.nodes) {
      if (back.op == "DequantizeLinear" && back.inputs[0] == node.outputs[0]) instead[back.outputs[0]] = node.inputs[0];
    }
  }
  std::erase_if(graph.nodes, [&](const Node& node) {
    return node.op == "QuantizeLinear" || (node.op == "DequantizeLinear" && instead.contains(node.outputs[0]));
  });
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) {
      while (instead.contains(id)) id = instead[id];
    }
  }
  graph.values[graph.inputs[0]].shape[0] = -1;
  graph.validate().value();
  return graph;
}

std::vector<Tensor> pictures(int count) {
  std::vector<Tensor> list;
  Random random(8);
  for (int i = 0; i < count; ++i) list.push_back(kit::random_tensor({2, 3, 32, 24}, random, -2, 2.5));
  return list;
}

Tensor run(const Graph& graph, Precision precision, const Tensor& input) {
  Session session = Session::create(Graph(graph), {"onednn", 1, precision}).value();
  std::vector<Tensor> outputs;
  const TensorView view(input);
  session.run({&view, 1}, outputs).value();
  return std::move(outputs[0]);
}

double apart(const Tensor& have, const Tensor& want) {
  double error = 0, size = 0;
  for (std::int64_t i = 0; i < want.count(); ++i) {
    error += std::pow(static_cast<double>(have.floats()[i]) - want.floats()[i], 2);
    size += std::pow(static_cast<double>(want.floats()[i]), 2);
  }
  return std::sqrt(error / size);
}

TEST(Quantize, ASmallPoseNetworkKeepsItsOutputs) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  const Graph graph = float_net(3);
  const auto batches = pictures(8);
  std::vector<std::string> said;
  QuantizeOptions options;
  options.progress = [&](std::size_t done, std::size_t total, const std::string& what) {
    EXPECT_LE(done, total);
    said.push_back(what);
    return true;
  };
  const Quantized quantized = quantize(graph, batches, options).value();
  EXPECT_EQ(quantized.layers.size(), 8U);
  EXPECT_LT(quantized.damage, 0.05);
  EXPECT_GT(said.size(), quantized.layers.size());
  for (const QuantizedLayer& layer : quantized.layers) {
    EXPECT_TRUE(layer.integers) << layer.name;
    EXPECT_GT(layer.damage, 0.0) << layer.name;
    EXPECT_GT(layer.multiply_adds, 0) << layer.name;
  }
  EXPECT_TRUE(holds_integers(quantized.graph));
  Random random(99);
  const Tensor fresh = kit::random_tensor({2, 3, 32, 24}, random, -2, 2.5);
  const Tensor want = run(graph, Precision::kFloat32, fresh);
  EXPECT_LT(apart(run(quantized.graph, Precision::kInt8, fresh), want), 0.06);
  EXPECT_LT(apart(run(quantized.graph, Precision::kFloat32, fresh), want), 0.06);  // rounded floats: any runtime
}

TEST(Quantize, WhatDoesTheMostDamageStaysInFloats) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  const auto batches = pictures(4);
  const Graph graph = float_net(3);
  const Quantized all = quantize(graph, batches, {}).value();
  QuantizeOptions options;
  options.most_damage = all.damage * 0.7;
  const Quantized fewer = quantize(graph, batches, options).value();
  EXPECT_LE(fewer.damage, options.most_damage);
  double least_left = 1, most_kept = 0;
  int left = 0;
  for (const QuantizedLayer& layer : fewer.layers) {
    if (layer.integers) {
      most_kept = std::max(most_kept, layer.damage);
    } else {
      least_left = std::min(least_left, layer.damage);
      ++left;
    }
  }
  EXPECT_GT(left, 0);
  EXPECT_GE(least_left, most_kept);
  options.most_damage = 1e-9;
  const auto none = quantize(graph, batches, options);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("outputs would err"), std::string::npos);
}

TEST(Quantize, SumsAndPoolingsStayInIntegers) {
  Graph graph = float_net(3);
  fold_constants(graph).value();
  const auto layers = integer_candidates(graph);
  const auto rounded = rounded_values(graph, {layers.begin(), layers.end()});
  int pools = 0, sums = 0;
  for (const Rounded& entry : rounded) {
    pools += entry.like != entry.value ? 1 : 0;
    for (const int reader : entry.readers) sums += graph.nodes[reader].op == "Add" ? 1 : 0;
  }
  EXPECT_EQ(pools, 1);
  EXPECT_EQ(sums, 2);
}

TEST(Quantize, BiasesTakeUpWhatRoundingTheWeightsAdds) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  // One layer, all inputs near 1: the weights' rounding errors add up to a shift of each output channel.
  Graph graph;
  const ValueId x = graph.add_input("x", {-1, 64, 8, 8});
  Random random(2);
  const ValueId weight = graph.add_constant("w", kit::shared(kit::random_tensor({8, 64, 1, 1}, random)));
  graph.outputs = {graph.add_node("Conv", "conv", {x, weight}, "y")};
  graph.validate().value();
  std::vector<Tensor> batches;
  for (int i = 0; i < 4; ++i) batches.push_back(kit::random_tensor({2, 64, 8, 8}, random, 0.9, 1.0));
  QuantizeOptions plain;
  plain.correct_biases = false;
  const Quantized without = quantize(graph, batches, plain).value();
  const Quantized with = quantize(graph, batches, {}).value();
  EXPECT_TRUE(with.biases_corrected);
  EXPECT_FALSE(without.biases_corrected);
  EXPECT_LT(with.damage, 0.5 * without.damage);
}

TEST(Quantize, RefusesWhatItCannotDo) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  const Graph graph = float_net(3);
  EXPECT_EQ(quantize(graph, pictures(1)).error().code, ErrorCode::kInvalidArgument);
  Graph empty;
  const ValueId x = empty.add_input("x", {-1, 3, 32, 24});
  empty.outputs = {empty.add_node("Relu", "relu", {x}, "y")};
  EXPECT_NE(quantize(empty, pictures(2)).error().message.find("no layer"), std::string::npos);
  QuantizeOptions stop;
  stop.progress = [](std::size_t, std::size_t, const std::string&) { return false; };
  EXPECT_EQ(quantize(graph, pictures(2), stop).error().message, "stopped");
}

}  // namespace
}  // namespace poise
