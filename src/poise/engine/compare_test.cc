#include "poise/engine/compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kit/graphs.h"

namespace poise {
namespace {

/// Three blocks of Conv, BatchNormalization, Relu, each added to its input: x (1, 4, 8, 6) -> y.
Graph blocks() {
  kit::RandomNetwork net(7);
  ValueId x = net.x;
  for (int i = 0; i < 3; ++i) x = net.node("Add", {net.node("Relu", {net.batch_norm(net.conv(x, false))}), x});
  net.graph.outputs = {x};
  return net.graph;
}

Tensor input() {
  Random random(3);
  return kit::random_tensor({1, 4, 8, 6}, random);
}

Comparison compare_on(const Graph& a, const Graph& b, CompareOptions options = {}) {
  options.session.threads = 1;
  const Tensor tensor = input();
  const TensorView view(tensor);
  return compare(a, b, std::span(&view, 1), options).value();
}

const Node& nth(const Graph& graph, const std::string& op, int n) {
  for (const Node& node : graph.nodes) {
    if (node.op == op && n-- == 0) return node;
  }
  throw std::runtime_error("not so many " + op);
}

/// Adds `by` to every element of the constant.
void alter(Graph& graph, ValueId id, float by) {
  Tensor other = graph.values[id].constant->clone();
  for (float& value : other.floats()) value += by;
  graph.values[id].constant = kit::shared(std::move(other));
}

/// Other names for all that has one, as another exporter gives.
void rename(Graph& graph) {
  for (std::size_t i = 0; i < graph.values.size(); ++i) graph.values[i].name = std::to_string(7 * i % 1000);
  for (Node& node : graph.nodes) node.name += "_renamed";
}

TEST(Compare, TheSameIsEqual) {
  for (const std::string& backend : backend_names()) {
    const Comparison found = compare_on(blocks(), blocks(), {.tolerance = 0, .session = {.backend = backend}});
    EXPECT_TRUE(found.equal);
    EXPECT_FALSE(found.parting);
    EXPECT_EQ(found.structure, "");
    EXPECT_EQ(found.weights, "");
    EXPECT_EQ(found.layers, 12);
    EXPECT_EQ(found.matched, 12);
    ASSERT_EQ(found.outputs.size(), 1U);
    EXPECT_EQ(found.outputs[0].apart, 0);
    EXPECT_GT(found.outputs[0].largest, 0);
    EXPECT_EQ(found.outputs[0].shape, (Shape{1, 4, 8, 6}));
  }
}

TEST(Compare, TheAlteredLayerIsNamedOnEveryBackend) {
  const Graph a = blocks();
  for (const std::string& backend : backend_names()) {
    for (int n = 0; n < 3; ++n) {
      SCOPED_TRACE(backend + " " + std::to_string(n));
      Graph b = a;
      const Node& conv = nth(a, "Conv", n);
      alter(b, conv.inputs[1], 0.5F);
      const Comparison found = compare_on(a, b, {.session = {.backend = backend}});
      EXPECT_FALSE(found.equal);
      ASSERT_TRUE(found.parting);
      EXPECT_EQ(found.parting->first, conv.label());
      EXPECT_EQ(found.parting->second, conv.label());
      EXPECT_GT(found.parting->apart, 1e-4);
      const std::string weight = '"' + a.values[conv.inputs[1]].name + '"';
      EXPECT_TRUE(found.weights.starts_with(weight + " differs by ")) << found.weights;
      EXPECT_TRUE(found.cause.starts_with("its input " + weight + " differs by ")) << found.cause;
    }
  }
}

TEST(Compare, NamesOfAnotherExporterDoNotMatter) {
  const Graph a = blocks();
  Graph b = a;
  alter(b, nth(a, "BatchNormalization", 1).inputs[3], 0.5F);
  rename(b);
  const Comparison found = compare_on(a, b);
  EXPECT_EQ(found.matched, 12);
  EXPECT_EQ(found.structure, "");
  EXPECT_EQ(found.weights, "") << "no names in common";
  ASSERT_TRUE(found.parting);
  EXPECT_EQ(found.parting->first, nth(a, "BatchNormalization", 1).label());
  EXPECT_EQ(found.parting->second, nth(b, "BatchNormalization", 1).label());
  EXPECT_TRUE(found.cause.starts_with("its input ")) << found.cause;
}

TEST(Compare, AttributesAreACause) {
  const Graph a = blocks();
  Graph b = a;
  for (Node& node : b.nodes) {
    if (node.name == nth(a, "BatchNormalization", 2).name) node.attributes["epsilon"] = 0.25F;
  }
  const Comparison found = compare_on(a, b);
  ASSERT_TRUE(found.parting);
  EXPECT_EQ(found.parting->first, nth(a, "BatchNormalization", 2).label());
  EXPECT_EQ(found.cause, "its attribute epsilon is left out in a and 0.25 in b");
}

/// y = relu(conv(x) * 2) written with the factor in the weight: the convolutions are apart, and no fault.
TEST(Compare, LayersThatAreOnlyWrittenInAnotherWayAreNotNamed) {
  kit::RandomNetwork net(5);
  Graph& a = net.graph;
  const ValueId weight = net.constant({4, 4, 1, 1});
  const ValueId doubled =
      a.add_node("Mul", "double",
                 {a.add_node("Conv", "conv", {net.x, weight}, "c"),
                  a.add_constant("two", kit::shared(Tensor::from(Shape{1}, std::vector<float>{2})))},
                 "d");
  const ValueId up = a.add_node("Relu", "relu", {doubled}, "r");
  const ValueId last = net.constant({3, 4, 1, 1});
  a.outputs = {a.add_node("Conv", "last", {up, last}, "y")};

  Graph b;
  const ValueId x = b.add_input("x", {-1, 4, 8, 6});
  Tensor twice = a.constant(weight)->clone();
  for (float& v : twice.floats()) v *= 2;
  const ValueId conv = b.add_node("Conv", "conv", {x, b.add_constant("w", kit::shared(std::move(twice)))}, "c");
  const ValueId relu = b.add_node("Relu", "relu", {conv}, "r");
  Tensor other = a.constant(last)->clone();
  other.floats()[0] += 0.5F;
  b.outputs = {b.add_node("Conv", "last", {relu, b.add_constant("v", kit::shared(std::move(other)))}, "y")};

  const Comparison found = compare_on(a, b);
  EXPECT_EQ(found.matched, 3);
  EXPECT_EQ(found.structure, "a has Mul \"double\" (Mul 1x4x8x6), b has no layer like it");
  ASSERT_TRUE(found.parting);
  EXPECT_EQ(found.parting->first, "Conv \"last\"");
}

TEST(Compare, SaysWhereTheStructureParts) {
  kit::RandomNetwork deep(7);
  ValueId x = deep.x;
  for (int i = 0; i < 2; ++i) x = deep.node("Relu", {deep.conv(x, true)});
  deep.graph.outputs = {deep.node("Sigmoid", {x})};
  const Comparison found = compare_on(blocks(), deep.graph);
  EXPECT_FALSE(found.equal);
  EXPECT_TRUE(found.structure.starts_with("a has BatchNormalization")) << found.structure;
  EXPECT_LT(found.matched, found.layers);
}

TEST(Compare, OutputsThatOneLacksAreSaid) {
  const Graph a = blocks();
  Graph b = a;
  b.outputs.push_back(nth(a, "Relu", 0).outputs[0]);
  const Comparison found = compare_on(a, b);
  EXPECT_FALSE(found.equal);
  ASSERT_EQ(found.outputs.size(), 2U);
  EXPECT_EQ(found.outputs[0].apart, 0);
  EXPECT_EQ(found.outputs[1].first, "");
  EXPECT_NE(found.outputs[1].second, "");
  EXPECT_FALSE(found.parting);
}

TEST(Compare, LittleMemoryGivesTheSameAnswer) {
  const Graph a = blocks();
  Graph b = a;
  alter(b, nth(a, "Conv", 1).inputs[1], 0.5F);
  const Comparison all = compare_on(a, b);
  const Comparison one_by_one = compare_on(a, b, {.max_bytes = 1});
  ASSERT_TRUE(all.parting && one_by_one.parting);
  EXPECT_EQ(one_by_one.parting->first, all.parting->first);
  EXPECT_NEAR(one_by_one.parting->apart, all.parting->apart, 1e-6);
}

TEST(Compare, NotANumberIsEqualOnlyToItself) {
  const Graph a = blocks();
  Graph broken = a;
  alter(broken, nth(a, "BatchNormalization", 0).inputs[1], NAN);
  const Comparison found = compare_on(a, broken, {.session = {.backend = "reference"}});
  ASSERT_TRUE(found.parting);
  EXPECT_EQ(found.parting->first, nth(a, "BatchNormalization", 0).label());
  EXPECT_TRUE(std::isinf(found.parting->apart));
  EXPECT_TRUE(compare_on(broken, broken, {.session = {.backend = "reference"}}).equal);
}

TEST(Compare, ErrorsSayWhichNetwork) {
  const Tensor wrong(Shape{1, 4, 8, 7});
  const TensorView view(wrong);
  const Graph any = blocks();
  kit::RandomNetwork wide(1);
  wide.graph.values[wide.x].shape = {-1, 4, 8, 7};
  wide.graph.outputs = {wide.node("Relu", {wide.x})};
  const auto first = compare(any, wide.graph, std::span(&view, 1));
  ASSERT_FALSE(first.ok());
  EXPECT_TRUE(first.error().message.starts_with("a: input \"x\"")) << first.error().message;
  const auto second = compare(wide.graph, any, std::span(&view, 1));
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(second.error().message.starts_with("b: input \"x\"")) << second.error().message;
}

TEST(Compare, RandomInputsFitTheGraph) {
  Graph graph;
  graph.outputs = {graph.add_node("Relu", "relu", {graph.add_input("x", {-1, 2, 3})}, "y")};
  const std::vector<Tensor> inputs = random_inputs(graph, 1).value();
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_EQ(inputs[0].shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(random_inputs(graph, 1).value()[0].floats()[5], inputs[0].floats()[5]);
  EXPECT_NE(random_inputs(graph, 2).value()[0].floats()[5], inputs[0].floats()[5]);
  const TensorView view(inputs[0]);
  const Comparison found = compare(graph, graph, std::span(&view, 1)).value();
  const Json json = to_json(found, 1e-4);
  EXPECT_EQ(json.find("outputs")->as_array().at(0).string("a").value(), "y");
  EXPECT_TRUE(json.find("parting")->is_null());
  graph.values[graph.inputs[0]].shape = {1, 2, -1};
  EXPECT_FALSE(random_inputs(graph, 1).ok());
}

}  // namespace
}  // namespace poise
