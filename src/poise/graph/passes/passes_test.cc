#include "poise/graph/passes/passes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <set>

#include "kit/graphs.h"

namespace poise {
namespace {

using kit::expect_near;
using kit::RandomNetwork;
using kit::run_graph;

std::vector<Tensor> copies(const Tensor& input) {
  std::vector<Tensor> inputs;
  inputs.push_back(input.clone());
  return inputs;
}

void fuse(Graph& graph) {
  const std::vector<Shape> shapes = {{1, 4, 8, 6}};
  fuse_activations_and_residuals(graph, infer_shapes(graph, shapes).value());
}

std::size_t count(const Graph& graph, const std::string& op) {
  return static_cast<std::size_t>(
      std::count_if(graph.nodes.begin(), graph.nodes.end(), [&op](const Node& node) { return node.op == op; }));
}

// Largest magnitude, so that a tolerance can be relative to the values that went through random layers.
float magnitude(const Tensor& tensor) {
  float most = 1.0F;
  for (const float value : tensor.floats()) most = std::max(most, std::abs(value));
  return most;
}

Tensor integers(const std::vector<std::int64_t>& values) {
  Tensor tensor({static_cast<std::int64_t>(values.size())}, DType::kInt64);
  std::memcpy(tensor.data(), values.data(), tensor.bytes());
  return tensor;
}

enum class Pass { kIdentities, kConstants, kBatchNorm, kFuse, kDead, kAll };

void apply(Pass pass, Graph& graph) {
  const bool all = pass == Pass::kAll;
  if (all || pass == Pass::kIdentities) remove_identities(graph);
  if (all || pass == Pass::kConstants) fold_constants(graph).value();
  if (all || pass == Pass::kBatchNorm) fold_batch_norm(graph);
  if (all || pass == Pass::kFuse) fuse(graph);
  if (all || pass == Pass::kDead) remove_dead(graph);
}

class KeepsOutputs : public testing::TestWithParam<Pass> {};

TEST_P(KeepsOutputs, OnRandomNetworks) {
  std::size_t changed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomNetwork network(seed);
    network.grow(12);
    ASSERT_TRUE(network.graph.validate().ok());
    const Tensor input = network.input();
    const auto expected = run_graph(network.graph, copies(input));
    Graph rewritten = network.graph;
    apply(GetParam(), rewritten);

    if (rewritten.nodes.size() != network.graph.nodes.size()) ++changed;
    std::vector<std::string> order;
    for (const Node& node : rewritten.nodes) order.push_back(node.name);
    ASSERT_TRUE(rewritten.validate().ok());
    for (std::size_t n = 0; n < order.size(); ++n) ASSERT_EQ(rewritten.nodes[n].name, order[n]);  // still sorted
    const auto actual = run_graph(rewritten, copies(input));
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(rewritten.values[rewritten.outputs[i]].name, network.graph.values[network.graph.outputs[i]].name);
      expect_near(actual[i], expected[i], 1e-5F * magnitude(expected[i]));
    }
  }
  EXPECT_GT(changed, 60U);
}

INSTANTIATE_TEST_SUITE_P(Passes, KeepsOutputs,
                         testing::Values(Pass::kIdentities, Pass::kConstants, Pass::kBatchNorm, Pass::kFuse,
                                         Pass::kDead, Pass::kAll));

TEST(RemoveIdentities, KeepsTheNamesOfOutputs) {
  RandomNetwork network(1);
  const ValueId hidden = network.node("Relu", {network.x});
  const ValueId through = network.node("Identity", {network.node("Identity", {hidden})});
  const ValueId heatmaps = network.graph.add_node("Identity", "last", {through}, "heatmaps");
  network.node("Sigmoid", {hidden});
  const ValueId copy = network.graph.add_node("Identity", "copy", {network.x}, "copy");
  network.graph.outputs = {heatmaps, copy};
  remove_identities(network.graph);
  EXPECT_EQ(count(network.graph, "Identity"), 1U);  // from an input to an output: somebody has to copy
  EXPECT_EQ(network.graph.values[network.graph.outputs[0]].name, "heatmaps");
  EXPECT_TRUE(network.graph.validate().ok());
}

TEST(RemoveIdentities, TurnsConstantNodesIntoConstants) {
  RandomNetwork network(2);
  const ValueId shape = network.node("Constant", {}, {{"value_ints", std::vector<std::int64_t>{1, -1}}});
  network.graph.outputs = {network.node("Reshape", {network.x, shape})};
  const std::vector<Shape> shapes = {{1, 4, 8, 6}};
  remove_identities(network.graph);
  EXPECT_EQ(network.graph.nodes.size(), 1U);
  EXPECT_NE(network.graph.constant(shape), nullptr);
  EXPECT_EQ(infer_shapes(network.graph, shapes).value()[network.graph.outputs[0]].shape, (Shape{1, 192}));
}

TEST(FoldKnown, TurnsWhatFollowsFromTheShapesIntoConstants) {
  RandomNetwork network(21);
  const ValueId shape = network.node("Constant", {}, {{"value_ints", std::vector<std::int64_t>{1, -1}}});
  const ValueId flat = network.node("Reshape", {network.x, shape});
  network.graph.outputs = {network.node("Relu", {flat})};
  const std::vector<Shape> shapes = {{1, 4, 8, 6}};
  const auto infos = infer_shapes(network.graph, shapes).value();
  EXPECT_EQ(infos[network.graph.outputs[0]].shape, (Shape{1, 192}));
  fold_known(network.graph, infos);
  EXPECT_EQ(network.graph.nodes.size(), 2U);
  EXPECT_NE(network.graph.constant(shape), nullptr);
  EXPECT_EQ(network.graph.constant(flat), nullptr);
  EXPECT_TRUE(network.graph.validate().ok());
}

TEST(FoldConstants, RunsWhatDependsOnConstantsAlone) {
  RandomNetwork network(3);
  Graph& graph = network.graph;
  const ValueId four = graph.add_constant("four", kit::shared(Tensor::from({1}, std::vector<std::int64_t>{4})));
  const ValueId two = graph.add_constant("two", kit::shared(Tensor::from({1}, std::vector<std::int64_t>{2})));
  const ValueId eight = network.node("Mul", {four, two});
  const ValueId shape =
      network.node("Concat", {eight, network.node("Div", {four, two}), two}, {{"axis", std::int64_t{0}}});
  const ValueId weight = network.node("Reshape", {network.constant({32}), shape});
  graph.outputs = {network.node("Add", {network.x, network.constant({1})}), weight};
  ASSERT_TRUE(fold_constants(graph).ok());
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.constant(weight)->shape(), (Shape{8, 2, 2}));
}

TEST(FoldConstants, IsRefusedBeforeItTakesMoreThanTheLimit) {
  Graph graph;
  const ValueId shape = graph.add_constant("shape", kit::shared(integers({1000, 1000})));
  const ValueId large = graph.add_node("ConstantOfShape", "large", {shape}, "large");
  graph.outputs = {graph.add_node("Relu", "relu", {large}, "y")};
  const std::uint64_t wanted = 2 * sizeof(std::int64_t) + 2 * 4'000'000;
  EXPECT_EQ(constant_bytes(graph) + folded_bytes(graph), wanted);
  const Status refused = fold_constants(graph, wanted - 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(constant_bytes(graph), 2 * sizeof(std::int64_t));
  fold_constants(graph, wanted).value();
  EXPECT_EQ(constant_bytes(graph), wanted);
}

TEST(FoldConstants, NamesTheNodeThatFails) {
  RandomNetwork network(4);
  network.graph.add_node("Add", "broken", {network.constant({2}), network.constant({3})}, "y");
  const Status status = fold_constants(network.graph);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message.find("Add \"broken\""), 0U) << status.error().message;
}

TEST(FoldBatchNorm, TakesWholeChains) {
  for (const bool transposed : {false, true}) {
    RandomNetwork network(5);
    const ValueId conv = transposed ? network.deconv(network.x, true) : network.conv(network.x, false);
    const ValueId scaled = network.node("Mul", {network.batch_norm(conv), network.constant({4, 1, 1})});
    network.graph.outputs = {network.node("Add", {network.constant({1, 1, 1}), scaled})};
    const Tensor input = network.input();
    const auto expected = run_graph(network.graph, copies(input));
    fold_batch_norm(network.graph);
    ASSERT_EQ(network.graph.nodes.size(), 1U);
    const auto actual = run_graph(network.graph, copies(input));
    expect_near(actual[0], expected[0], 1e-5F * magnitude(expected[0]));
  }
}

/// Each fold writes the whole weight anew.
TEST(FoldBatchNorm, OfALongChainTakesAFewAlone) {
  RandomNetwork network(6);
  ValueId last = network.conv(network.x, true);
  for (int i = 0; i < 40; ++i) last = network.batch_norm(last);
  network.graph.outputs = {last};
  const Tensor input = network.input();
  const auto expected = run_graph(network.graph, copies(input));
  fold_batch_norm(network.graph);
  EXPECT_EQ(count(network.graph, "BatchNormalization"), 24U);
  const auto actual = run_graph(network.graph, copies(input));
  expect_near(actual[0], expected[0], 1e-4F * magnitude(expected[0]));
}

/// Each with a batch normalisation of its own.
RandomNetwork two_layers_of_one_weight() {
  RandomNetwork network(6);
  const ValueId first = network.conv(network.x, false);
  const ValueId weight = network.graph.nodes.back().inputs[1];
  const ValueId second = network.conv(network.x, false);
  network.graph.nodes.back().inputs[1] = weight;
  network.graph.outputs = {network.node("Add", {network.batch_norm(first), network.batch_norm(second)})};
  return network;
}

TEST(FoldBatchNorm, WeightsPartWithinTheMemoryAlone) {
  RandomNetwork network = two_layers_of_one_weight();
  const std::uint64_t held = constant_bytes(network.graph);
  fold_batch_norm(network.graph, held);
  EXPECT_EQ(count(network.graph, "BatchNormalization"), 2U);
  fold_batch_norm(network.graph, 2 * held);
  EXPECT_EQ(count(network.graph, "BatchNormalization"), 0U);
}

/// A file tells values by their names.
TEST(FoldBatchNorm, LayersOfOneWeightGetTheirOwn) {
  RandomNetwork network = two_layers_of_one_weight();
  fold_batch_norm(network.graph);
  EXPECT_EQ(count(network.graph, "BatchNormalization"), 0U);
  std::set<std::string> names;
  for (const Value& value : network.graph.values) EXPECT_TRUE(names.insert(value.name).second) << value.name;
}

TEST(FoldBatchNorm, LeavesWhatItWouldChange) {
  RandomNetwork read_twice(6);
  const ValueId shared = read_twice.conv(read_twice.x, true);
  read_twice.graph.outputs = {read_twice.batch_norm(shared), read_twice.node("Relu", {shared})};
  fold_batch_norm(read_twice.graph);
  EXPECT_EQ(read_twice.graph.nodes.size(), 3U);

  RandomNetwork is_output(7);
  const ValueId seen = is_output.conv(is_output.x, true);
  is_output.graph.outputs = {is_output.batch_norm(seen), seen};
  fold_batch_norm(is_output.graph);
  EXPECT_EQ(is_output.graph.nodes.size(), 2U);

  RandomNetwork along_width(8);  // one number a column is not one number a channel
  along_width.graph.outputs = {
      along_width.node("Mul", {along_width.conv(along_width.x, true), along_width.constant({6})})};
  fold_batch_norm(along_width.graph);
  EXPECT_EQ(along_width.graph.nodes.size(), 2U);

  RandomNetwork negative(9);  // a variance below -epsilon has no root
  const ValueId one = negative.constant({4});
  negative.graph.outputs = {negative.node(
      "BatchNormalization", {negative.conv(negative.x, true), one, one, one, negative.constant({4}, -2.0, -1.0)})};
  fold_batch_norm(negative.graph);
  EXPECT_EQ(negative.graph.nodes.size(), 2U);
}

TEST(Fuse, ABottleneckBecomesItsConvolutions) {
  RandomNetwork network(10);
  const ValueId shortcut = network.conv(network.x, true);
  const ValueId inner = network.node("Relu", {network.conv(network.x, true)});
  const ValueId sum = network.node("Add", {network.conv(inner, true), shortcut});
  network.graph.outputs = {network.node("Relu", {sum})};
  fuse(network.graph);
  ASSERT_EQ(network.graph.nodes.size(), 3U);
  const Fusion& last = network.graph.nodes[2].fusion;
  EXPECT_EQ(last.residual, shortcut);
  EXPECT_EQ(last.activation, Activation::kRelu);
  EXPECT_EQ(network.graph.nodes[0].fusion.activation, Activation::kNone);
}

TEST(Fuse, AnActivationBeforeTheAddKeepsTheAdd) {
  RandomNetwork network(11);
  const ValueId inner = network.node("Relu", {network.conv(network.x, true)});
  network.graph.outputs = {network.node("Add", {inner, network.x})};
  fuse(network.graph);
  EXPECT_EQ(count(network.graph, "Add"), 1U);
  EXPECT_EQ(count(network.graph, "Relu"), 0U);
}

TEST(Fuse, LeavesBroadcastsSelfSumsAndComputedBounds) {
  RandomNetwork broadcast(12);
  const ValueId pooled = broadcast.node("GlobalAveragePool", {broadcast.x});
  broadcast.graph.outputs = {broadcast.node("Add", {broadcast.conv(broadcast.x, true), pooled})};
  fuse(broadcast.graph);
  EXPECT_EQ(count(broadcast.graph, "Add"), 1U);

  RandomNetwork twice(13);
  const ValueId conv = twice.conv(twice.x, true);
  twice.graph.outputs = {twice.node("Add", {conv, conv})};
  fuse(twice.graph);
  EXPECT_EQ(count(twice.graph, "Add"), 1U);

  RandomNetwork computed(14);
  const ValueId bound = computed.graph.add_input("bound", {});
  computed.graph.outputs = {computed.node("Clip", {computed.conv(computed.x, true), bound})};
  const std::vector<Shape> shapes = {{1, 4, 8, 6}, {}};
  fuse_activations_and_residuals(computed.graph, infer_shapes(computed.graph, shapes).value());
  EXPECT_EQ(count(computed.graph, "Clip"), 1U);
}

TEST(Fuse, ReadsBothFormsOfClip) {
  RandomNetwork network(15);
  const ValueId first = network.node("Clip", {network.conv(network.x, true)}, {{"min", 0.0F}, {"max", 6.0F}});
  const ValueId low = network.graph.add_constant("low", kit::shared(Tensor::from({}, std::vector<float>{-1.0F})));
  network.graph.outputs = {network.node("Clip", {network.conv(first, true), low})};
  fuse(network.graph);
  ASSERT_EQ(network.graph.nodes.size(), 2U);
  EXPECT_EQ(network.graph.nodes[0].fusion.high, 6.0F);
  EXPECT_EQ(network.graph.nodes[1].fusion.low, -1.0F);
  EXPECT_EQ(network.graph.nodes[1].fusion.high, std::numeric_limits<float>::max());
}

TEST(RemoveDead, KeepsInputsAndResiduals) {
  RandomNetwork network(16);
  network.graph.add_input("unread", {1});
  const ValueId side = network.node("Relu", {network.x});
  network.graph.outputs = {network.node("Add", {network.conv(network.x, true), side})};
  network.node("Sigmoid", {side});
  const std::vector<Shape> shapes = {{1, 4, 8, 6}, {1}};
  fuse_activations_and_residuals(network.graph, infer_shapes(network.graph, shapes).value());
  remove_dead(network.graph);
  EXPECT_EQ(count(network.graph, "Relu"), 1U);
  EXPECT_EQ(count(network.graph, "Sigmoid"), 0U);
  EXPECT_EQ(network.graph.inputs.size(), 2U);
  EXPECT_EQ(network.graph.values.size(), 6U);  // two inputs, weight, bias, the relu's value, the output
  EXPECT_TRUE(network.graph.validate().ok());
}

}  // namespace
}  // namespace poise
