#include <gtest/gtest.h>

#include "kit/qdq.h"
#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {
namespace {

constexpr Grid kPositive{.scale = 0.02F, .zero = 0, .type = DType::kUint8};
constexpr Grid kEither{.scale = 0.04F, .zero = 0, .type = DType::kInt8};

std::ptrdiff_t count(const Graph& graph, const std::string& op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op == op; });
}

Graph prepared(bool before_sum, const Grid& either, bool branch_rounded = true) {
  Graph graph = kit::small_pose_net(2, kPositive, kPositive, either, before_sum, branch_rounded);
  note_weight_scales(graph);
  fold_constants(graph).value();
  return graph;
}

/// As long as a file may be: no call for each.
TEST(Integers, AChainOfRoundingsMayBeLong) {
  kit::QdqNetwork net(3);
  ValueId x = net.input({1, 4, 4, 4});
  for (int i = 0; i < 45000; ++i) x = net.round(x, kPositive);
  net.graph.outputs = {x};
  const std::size_t nodes = net.graph.nodes.size();
  drop_roundings_before_sums(net.graph);
  EXPECT_EQ(net.graph.nodes.size(), nodes);
}

TEST(Integers, GridsAreReadFromTheNodes) {
  kit::QdqNetwork net(1);
  const ValueId x = net.input({1, 4, 4, 4});
  const Grid grid{.scale = 0.5F, .zero = -3, .type = DType::kInt8};
  net.graph.outputs = {net.round(x, grid)};
  EXPECT_EQ(net.graph.grid_of(net.graph.nodes[0]), grid);
  EXPECT_EQ(net.graph.grid_of(net.graph.nodes[1]), grid);
  Node relu;
  relu.op = "Relu";
  EXPECT_FALSE(net.graph.grid_of(relu).any());
}

TEST(Integers, StepsOfWeightsAreNotedAndFollowAFoldedNorm) {
  kit::QdqNetwork net(1);
  ValueId x = net.round(net.input({1, 4, 4, 4}), kPositive);
  x = net.conv(x, {6, 4, 3, 3});
  const Tensor factor = kit::random_tensor({1, 6, 1, 1}, net.random, -2, -1);
  x = net.apply("Mul", {x, net.graph.add_constant("factor", kit::shared(factor.clone()))});
  net.graph.outputs = {x};
  note_weight_scales(net.graph);
  EXPECT_TRUE(has_integer_layers(net.graph));
  fold_constants(net.graph).value();
  const auto layer = [&]() -> const Node& {
    return *std::find_if(net.graph.nodes.begin(), net.graph.nodes.end(), [](const Node& n) { return n.op == "Conv"; });
  };
  const Tensor before = layer().weight_scales->clone();
  fold_batch_norm(net.graph);
  ASSERT_NE(layer().weight_scales, nullptr);
  const Tensor& weight = *net.graph.constant(layer().inputs[1]);
  for (std::int64_t c = 0; c < 6; ++c) {
    const float step = layer().weight_scales->floats()[c];
    EXPECT_FLOAT_EQ(step, before.floats()[c] * -factor.floats()[c]);
    for (std::int64_t i = 0; i < 36; ++i) {
      const float q = weight.floats()[c * 36 + i] / step;
      EXPECT_NEAR(q, std::nearbyint(q), 1e-3F);
    }
  }
}

TEST(Integers, LayersTakeTheRoundingIn) {
  Graph graph = prepared(false, kEither);
  const std::ptrdiff_t before = count(graph, "QuantizeLinear");
  const auto infos = infer_shapes(graph, std::vector<Shape>{{2, 3, 32, 24}}).value();
  drop_roundings_before_sums(graph);
  fuse_activations_and_residuals(graph, infos);
  fuse_roundings(graph);
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(before, 9);
  EXPECT_EQ(count(graph, "QuantizeLinear"), 2);  // the picture's and the one behind the pooling
  EXPECT_EQ(count(graph, "Add"), 0);
  EXPECT_EQ(count(graph, "Relu"), 0);
}

TEST(Integers, RoundingsBeforeASumGoUnlessTheyCutNegativesOff) {
  Graph graph = prepared(true, kEither);
  const std::ptrdiff_t before = count(graph, "QuantizeLinear");
  drop_roundings_before_sums(graph);
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(count(graph, "QuantizeLinear"), before - 2);
  Graph cut = prepared(true, kPositive);
  drop_roundings_before_sums(cut);
  EXPECT_EQ(count(cut, "QuantizeLinear"), before);
}

TEST(Integers, OfTwoLayersBeforeASumTheOneThatIsNotRoundedTakesItIn) {
  Graph graph = prepared(true, kEither, false);
  const auto infos = infer_shapes(graph, std::vector<Shape>{{2, 3, 32, 24}}).value();
  drop_roundings_before_sums(graph);
  fuse_activations_and_residuals(graph, infos);
  fuse_roundings(graph);
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(count(graph, "QuantizeLinear"), 2) << "the picture's and the one behind the pooling";
  EXPECT_EQ(count(graph, "Add"), 0);
  const std::vector<int> producers = index_producers(graph);
  int sums = 0;
  for (const Node& node : graph.nodes) {
    if (node.fusion.residual == kNoValue) continue;
    sums += 1;
    EXPECT_TRUE(graph.grid_of(graph.nodes[producers[node.fusion.residual]]).any()) << node.name;
  }
  EXPECT_EQ(sums, 2);
}

}  // namespace
}  // namespace poise
