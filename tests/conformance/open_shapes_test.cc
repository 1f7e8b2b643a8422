// Networks that count what they see: shapes that are known only once they have run.

#include <gtest/gtest.h>

#include <numeric>

#include "poise/engine/session.h"
#include "poise/graph/open_part.h"
#include "poise/graph/ops/operator.h"

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

struct Net {
  Graph graph;
  ValueId constant(Tensor tensor) {
    return graph.add_constant("c" + std::to_string(graph.values.size()),
                              std::make_shared<const Tensor>(std::move(tensor)));
  }
  ValueId ints(const Ints& values) {
    return constant(Tensor::from({static_cast<std::int64_t>(values.size())}, values));
  }
  ValueId number(float value) { return constant(Tensor::from(Shape{}, std::vector<float>{value})); }
  ValueId add(const std::string& op, std::vector<ValueId> inputs,
              std::map<std::string, Attribute, std::less<>> attributes = {}) {
    const std::string name = op + std::to_string(graph.nodes.size());
    return graph.add_node(op, name, std::move(inputs), name, std::move(attributes));
  }
};

constexpr std::int64_t kMost = 4;  // rows of the answer

/// As exporters write it: of scores (8), those above .5; of them the best and their doubles, in rows of an answer that
/// has `kMost`, whatever comes. Beside it the answer as long as it is.
Graph rows_of_the_best() {
  Net net;
  const ValueId scores = net.graph.add_input("scores", {8});
  const ValueId doubled = net.add("Mul", {scores, net.number(2)});
  const ValueId chosen = net.add("NonZero", {net.add("Greater", {doubled, net.number(1)})});
  const ValueId above = net.add("GatherND", {doubled, net.add("Transpose", {chosen}, {{"perm", Ints{1, 0}}})});
  const ValueId count = net.add("Shape", {above});
  const ValueId best = net.add("TopK", {above, net.add("Min", {count, net.ints({kMost})})});
  net.graph.nodes.back().outputs.push_back(net.graph.add_value("places"));
  const ValueId rest = net.add("Sub", {net.ints({kMost}), net.add("Shape", {best})});
  const ValueId padded = net.add("Pad", {best, net.add("Concat", {net.ints({0}), rest}, {{"axis", std::int64_t{0}}})});
  const ValueId rows = net.add("Reshape", {padded, net.ints({1, -1})});
  const ValueId empty = net.constant(Tensor(Shape{2, kMost}));
  net.graph.outputs = {net.add("ScatterND", {empty, net.constant(Tensor::from({1, 1}, Ints{1})), rows}), best};
  net.graph.validate().value();
  return std::move(net.graph);
}

std::vector<std::vector<float>> run(Session& session, const std::vector<float>& scores) {
  const Tensor input = Tensor::from({8}, scores);
  const TensorView view(input);
  std::vector<Tensor> outputs;
  session.run(std::span(&view, 1), outputs).value();
  std::vector<std::vector<float>> values;
  for (const Tensor& output : outputs) values.emplace_back(output.floats().begin(), output.floats().end());
  EXPECT_EQ(outputs.at(0).shape(), (Shape{2, kMost}));
  return values;
}

TEST(OpenShapes, ArePicturesOwnOnEachBackend) {
  using Values = std::vector<std::vector<float>>;
  for (const std::string& backend : backend_names()) {
    SCOPED_TRACE(backend);
    Session session = Session::create(rows_of_the_best(), {.backend = backend, .threads = 1}).value();
    EXPECT_EQ(run(session, {0, 0.75F, 0, 1, 0, 0, 0.625F, 0}),
              (Values{{0, 0, 0, 0, 2, 1.5F, 1.25F, 0}, {2, 1.5F, 1.25F}}));
    EXPECT_EQ(run(session, std::vector<float>(8, 0.25F)), (Values{std::vector<float>(8, 0.0F), {}}));
    EXPECT_EQ(run(session, std::vector<float>(8, 1.0F)), (Values{{0, 0, 0, 0, 2, 2, 2, 2}, {2, 2, 2, 2}}));
    Session sibling = session.sibling(1);
    EXPECT_EQ(run(sibling, {0, 0, 0, 0, 0, 0, 0, 1}), (Values{{0, 0, 0, 0, 2, 0, 0, 0}, {2}}));
  }
}

TEST(OpenShapes, AreToldFromThoseThatFollowFromTheInput) {
  const Graph graph = rows_of_the_best();
  const Shape shape{8};
  const auto infos = infer_shapes(graph, std::span(&shape, 1)).value();
  EXPECT_FALSE(infos[graph.outputs[0]].open);  // written into rows that are there
  EXPECT_EQ(infos[graph.outputs[0]].shape, (Shape{2, kMost}));
  EXPECT_TRUE(infos[graph.outputs[1]].open);
  const OpenCut cut = cut_open_part(graph).value().value();
  EXPECT_EQ(cut.head.nodes.size(), 2U);  // Mul, Greater: what can be planned
  for (const Node& node : cut.head.nodes) EXPECT_FALSE(find_operator(node.op)->counts_values);
}

TEST(OpenShapes, WhatIsCountedFromShapesAloneIsPlanned) {
  Net net;
  const ValueId x = net.graph.add_input("x", {1, 3, -1, -1});
  const ValueId one = net.constant(Tensor::from({1}, Ints{1}));
  const ValueId places = net.add("NonZero", {net.add("ConstantOfShape", {net.add("Shape", {x})})});
  net.graph.outputs = {net.add("Add", {net.add("Size", {places}), one})};
  net.graph.validate().value();
  EXPECT_FALSE(cut_open_part(net.graph).value().has_value());
}

TEST(OpenShapes, WhatDoesNotFitIsSaidWhenItComes) {
  Net net;
  const ValueId x = net.graph.add_input("x", {4});
  const ValueId found = net.add("NonZero", {x});
  net.graph.outputs = {net.add("Reshape", {found, net.ints({2, 1})})};
  net.graph.validate().value();
  Session session = Session::create(std::move(net.graph), {.threads = 1}).value();
  const Tensor two = Tensor::from({4}, std::vector<float>{0, 3, 0, 5});
  const TensorView view(two);
  std::vector<Tensor> outputs;
  session.run(std::span(&view, 1), outputs).value();
  EXPECT_EQ(outputs[0].ints()[1], 3);
  const Tensor three = Tensor::from({4}, std::vector<float>{1, 3, 0, 5});
  const TensorView more(three);
  const Status refused = session.run(std::span(&more, 1), outputs);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("Reshape"), std::string::npos) << refused.error().message;
}

TEST(OpenShapes, MemoryIsBounded) {
  Net net;
  const ValueId x = net.graph.add_input("x", {4});
  const ValueId count = net.add("Cast", {net.add("NonZero", {x})}, {{"to", std::int64_t{7}}});
  const ValueId far = net.add("Mul", {count, net.ints({1 << 20})});
  const ValueId list = net.add("Reshape", {far, net.ints({-1})});
  net.graph.outputs = {net.add("ConstantOfShape", {list})};
  net.graph.validate().value();
  Session session =
      Session::create(std::move(net.graph), {.threads = 1, .max_memory = std::uint64_t{1} << 20U}).value();
  const Tensor one = Tensor::from({4}, std::vector<float>{0, 3, 0, 0});
  const TensorView view(one);
  std::vector<Tensor> outputs;
  const Status refused = session.run(std::span(&view, 1), outputs);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge) << refused.error().message;
}

}  // namespace
}  // namespace poise
