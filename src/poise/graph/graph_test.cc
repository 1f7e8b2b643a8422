#include "poise/graph/graph.h"

#include <gtest/gtest.h>

#include "poise/graph/ops/operator.h"

namespace poise {
namespace {

std::shared_ptr<const Tensor> zeros(Shape shape) { return std::make_shared<const Tensor>(std::move(shape)); }

Graph chain() {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 3, 4, 4});
  const ValueId a = graph.add_node("Relu", "first", {x}, "a");
  graph.outputs = {graph.add_node("Sigmoid", "second", {a}, "y")};
  return graph;
}

TEST(Graph, SortsNodesAndKeepsASortedOrder) {
  Graph graph = chain();
  std::swap(graph.nodes[0], graph.nodes[1]);
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(graph.nodes[0].name, "first");
  EXPECT_EQ(graph.nodes[1].name, "second");
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(graph.nodes[0].name, "first");
}

TEST(Graph, SortsAResidualAsAnInput) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 1, 4, 4});
  const ValueId w = graph.add_constant("w", zeros({1, 1, 1, 1}));
  const ValueId y = graph.add_node("Conv", "conv", {x, w}, "y");
  graph.nodes[0].fusion.residual = graph.add_node("Relu", "side", {x}, "r");
  graph.outputs = {y};
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(graph.nodes[0].name, "side");
}

TEST(Graph, NamesANodeOnTheCycle) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1});
  const ValueId back = graph.add_value("back");
  const ValueId a = graph.add_node("Add", "loop_a", {x, back}, "a");
  graph.nodes.push_back(
      {.op = "Relu", .name = "loop_b", .inputs = {a}, .outputs = {back}, .attributes = {}, .fusion = {}});
  graph.outputs = {graph.add_node("Relu", "behind", {back}, "y")};
  std::swap(graph.nodes.front(), graph.nodes.back());  // the walk starts outside the cycle
  const Status status = graph.validate();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kMalformed);
  EXPECT_NE(status.error().message.find("\"loop_"), std::string::npos) << status.error().message;
  EXPECT_NE(status.error().message.find("cycle"), std::string::npos);
}

TEST(Graph, NamesAnUnknownOperator) {
  Graph graph = chain();
  graph.nodes[1].op = "Wobble";
  const Status status = graph.validate();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(status.error().message, "Wobble \"second\": the operator Wobble is not supported");
}

TEST(Graph, RefusesTwoProducersOfAValue) {
  Graph graph = chain();
  graph.nodes.push_back(graph.nodes[0]);
  graph.nodes.back().name = "third";
  const Status status = graph.validate();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("third"), std::string::npos) << status.error().message;
  EXPECT_NE(status.error().message.find("first"), std::string::npos) << status.error().message;

  Graph onto_input = chain();
  onto_input.nodes[0].outputs = {onto_input.inputs[0]};
  EXPECT_FALSE(onto_input.validate().ok());
}

TEST(Graph, RefusesIdsOutOfRangeAndValuesThatNothingProduces) {
  for (const ValueId id : {kNoValue, -7, 99}) {
    Graph as_input = chain();
    as_input.nodes[0].inputs = {id};
    EXPECT_FALSE(as_input.validate().ok()) << id;
    Graph as_output = chain();
    as_output.nodes[0].outputs = {id};
    EXPECT_FALSE(as_output.validate().ok()) << id;
    Graph as_graph_output = chain();
    as_graph_output.outputs = {id};
    EXPECT_FALSE(as_graph_output.validate().ok()) << id;
    Graph as_graph_input = chain();
    as_graph_input.inputs.push_back(id);
    EXPECT_FALSE(as_graph_input.validate().ok()) << id;
  }
  Graph orphan = chain();
  orphan.nodes[0].inputs = {orphan.add_value("orphan")};
  const Status status = orphan.validate();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("\"orphan\""), std::string::npos);
  Graph bare = chain();
  bare.outputs = {bare.add_value("bare")};
  EXPECT_FALSE(bare.validate().ok());
  Graph silent = chain();
  silent.outputs.clear();
  EXPECT_FALSE(silent.validate().ok());
}

TEST(Graph, HoldsNodesToTheirOperatorsCountsAndAttributes) {
  Graph too_many = chain();
  too_many.nodes[0].inputs.push_back(too_many.inputs[0]);
  EXPECT_EQ(too_many.validate().error().message, "Relu \"first\" has 2 inputs, it takes 1");
  Graph two_outputs = chain();
  two_outputs.nodes[0].outputs.push_back(two_outputs.add_value("indices"));
  EXPECT_EQ(two_outputs.validate().error().code, ErrorCode::kUnsupported);
  Graph unknown = chain();
  unknown.nodes[0].attributes["slope"] = 0.1F;
  EXPECT_EQ(unknown.validate().error().code, ErrorCode::kUnsupported);

  Graph wrong_kind = chain();
  wrong_kind.nodes[0].op = "Clip";
  wrong_kind.nodes[0].attributes["max"] = std::int64_t{6};
  EXPECT_EQ(wrong_kind.validate().error().message, "Clip \"first\": the attribute max must be a float");
  wrong_kind.nodes[0].attributes["max"] = 6.0F;
  EXPECT_TRUE(wrong_kind.validate().ok());
}

TEST(Graph, ReadsAttributesWithTheirFallbacks) {
  Node node;
  node.op = "Conv";
  node.name = "c";
  node.attributes = {{"group", std::int64_t{2}},
                     {"epsilon", 0.5F},
                     {"auto_pad", std::string("VALID")},
                     {"pads", std::vector<std::int64_t>{1, 2}}};
  EXPECT_EQ(node.label(), "Conv \"c\"");
  EXPECT_EQ(node.integer("group", 1), 2);
  EXPECT_EQ(node.integer("absent", 7), 7);
  EXPECT_EQ(node.real("epsilon", 0), 0.5F);
  EXPECT_EQ(node.text("auto_pad", ""), "VALID");
  EXPECT_EQ(node.integers("pads"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(node.integers("absent").empty());
}

TEST(Graph, CountsSharedWeightsOnceAndNoStatistics) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 2, 4, 4});
  const ValueId w = graph.add_constant("w", zeros({2, 2, 3, 3}));
  const ValueId b = graph.add_constant("b", zeros({2}));
  const ValueId mean = graph.add_constant("mean", zeros({2}));
  const ValueId variance = graph.add_constant("variance", zeros({2}));
  const ValueId scale = graph.add_constant("scale", zeros({2}));
  const ValueId first = graph.add_node("Conv", "one", {x, w, b}, "a");
  const ValueId second = graph.add_node("Conv", "two", {first, w}, "c");
  graph.outputs = {graph.add_node("BatchNormalization", "bn", {second, scale, b, mean, variance}, "y")};
  EXPECT_EQ(graph.parameter_count(), 36 + 2 + 2);
  EXPECT_EQ(graph.find_value("scale"), scale);
  EXPECT_EQ(graph.find_value("nobody"), kNoValue);
}

TEST(Graph, CountsNoScalesNorBounds) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 2, 4, 4});
  const ValueId one = graph.add_constant("one", zeros({}));
  const ValueId two = graph.add_constant("two", zeros({2, 1, 1}));
  ValueId y = graph.add_node("Clip", "clip", {x, one, one}, "a");
  y = graph.add_node("Mul", "scale", {y, one}, "b");
  y = graph.add_node("Add", "shift", {y, two}, "c");
  y = graph.add_node("PRelu", "slope", {y, graph.add_constant("slope", zeros({2, 1, 1}))}, "d");
  y = graph.add_node("MatMul", "product", {y, graph.add_constant("matrix", zeros({4, 3}))}, "e");
  graph.outputs = {graph.add_node("Pow", "square", {y, graph.add_constant("exponents", zeros({3}))}, "y")};
  EXPECT_EQ(graph.parameter_count(), 2 + 2 + 12);
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(multiply_adds(graph, infer_shapes(graph, {{{1, 2, 4, 4}}}).value()), 2 * 4 * 3 * 4);
}

TEST(Operators, AreListedOnceAndFound) {
  for (const Operator& op : operators()) EXPECT_EQ(find_operator(op.name), &op) << op.name;
  EXPECT_NE(find_operator("Conv"), nullptr);
  EXPECT_EQ(find_operator("conv"), nullptr);
}

}  // namespace
}  // namespace poise
