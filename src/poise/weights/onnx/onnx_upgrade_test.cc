#include "poise/weights/onnx/onnx_upgrade.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

/// x -> op -> y, as a file of `opset` would have it.
Graph upgraded(int opset, const std::string& op, std::map<std::string, Attribute, std::less<>> attributes,
               const std::vector<Tensor>& constants = {}) {
  Graph graph;
  std::vector<ValueId> inputs{graph.add_input("x", {2, 4, 6, 6})};
  for (const Tensor& tensor : constants) {
    inputs.push_back(graph.add_constant("c", std::make_shared<const Tensor>(tensor.clone())));
  }
  graph.outputs = {graph.add_node(op, "n", inputs, "y", std::move(attributes))};
  graph.opset = opset;
  upgrade_nodes(graph, opset);
  return graph;
}

const Node& node_of(const Graph& graph, const std::string& op) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& n) { return n.op == op; });
  if (found == graph.nodes.end()) throw std::runtime_error("no " + op);
  return *found;
}

Ints ints_of(const Graph& graph, const Node& node, std::size_t i) {
  const auto values = graph.constant(node.inputs.at(i))->ints();
  return {values.begin(), values.end()};
}

float real_of(const Graph& graph, const Node& node, std::size_t i) {
  return graph.constant(node.inputs.at(i))->floats()[0];
}

TEST(OnnxUpgrade, AttributesBecomeInputs) {
  const Graph slice = upgraded(9, "Slice", {{"starts", Ints{1}}, {"ends", Ints{3}}, {"axes", Ints{2}}});
  EXPECT_EQ(ints_of(slice, slice.nodes[0], 1), Ints{1});
  EXPECT_EQ(ints_of(slice, slice.nodes[0], 2), Ints{3});
  EXPECT_EQ(ints_of(slice, slice.nodes[0], 3), Ints{2});
  EXPECT_TRUE(slice.nodes[0].attributes.empty());
  EXPECT_EQ(slice.opset, 13);

  const Graph clip = upgraded(10, "Clip", {{"max", 6.0F}});
  ASSERT_EQ(clip.nodes[0].inputs.size(), 3U);
  EXPECT_EQ(clip.nodes[0].inputs[1], kNoValue);
  EXPECT_EQ(real_of(clip, clip.nodes[0], 2), 6.0F);

  const Graph pad = upgraded(10, "Pad", {{"pads", Ints{0, 0, 1, 1, 0, 0, 1, 1}}, {"value", 0.5F}});
  EXPECT_EQ(ints_of(pad, pad.nodes[0], 1).size(), 8U);
  EXPECT_EQ(real_of(pad, pad.nodes[0], 2), 0.5F);

  const Graph squeeze = upgraded(12, "Squeeze", {{"axes", Ints{0}}});
  EXPECT_EQ(ints_of(squeeze, squeeze.nodes[0], 1), Ints{0});
  const Graph split = upgraded(12, "Split", {{"axis", std::int64_t{1}}, {"split", Ints{4}}});
  EXPECT_EQ(ints_of(split, split.nodes[0], 1), Ints{4});
  EXPECT_EQ(split.nodes[0].integer("axis", 0), 1);
}

TEST(OnnxUpgrade, WhatIsNewEnoughStays) {
  const Graph squeeze = upgraded(13, "Squeeze", {});
  EXPECT_EQ(squeeze.nodes[0].inputs.size(), 1U);
  const Graph softmax = upgraded(13, "Softmax", {{"axis", std::int64_t{1}}});
  EXPECT_EQ(softmax.nodes.size(), 1U);
  EXPECT_EQ(softmax.nodes[0].integer("axis", 0), 1);
  EXPECT_EQ(upgraded(16, "Relu", {}).opset, 16);
}

TEST(OnnxUpgrade, UpsampleAndTheFirstResizeTakePixelsFromTheLeft) {
  const auto scales = [] {
    std::vector<Tensor> list;
    list.push_back(Tensor::from({4}, std::vector<float>{1, 1, 2, 2}));
    return list;
  };
  const std::string nearest = "nearest";
  const Graph graphs[] = {
      upgraded(8, "Upsample", {{"scales", std::vector<float>{1, 1, 2, 2}}, {"mode", nearest}}),
      upgraded(9, "Upsample", {{"mode", nearest}}, scales()),
      upgraded(10, "Resize", {{"mode", nearest}}, scales()),
  };
  for (const Graph& graph : graphs) {
    const Node& node = graph.nodes[0];
    EXPECT_EQ(node.op, "Resize");
    ASSERT_EQ(node.inputs.size(), 3U);
    EXPECT_EQ(node.inputs[1], kNoValue);
    EXPECT_EQ(graph.constant(node.inputs[2])->floats()[3], 2.0F);
    EXPECT_EQ(node.text("coordinate_transformation_mode", ""), "asymmetric");
    EXPECT_EQ(node.text("nearest_mode", ""), "floor");
  }
}

TEST(OnnxUpgrade, OldSoftmaxNormalisesAllAxesTogether) {
  Graph graph = upgraded(11, "Softmax", {});
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(node_of(graph, "Flatten").integer("axis", 0), 1);
  EXPECT_EQ(node_of(graph, "Softmax").integer("axis", 0), -1);
  const std::vector<Shape> shapes{{2, 4, 6, 6}};
  const auto infos = infer_shapes(graph, shapes).value();
  EXPECT_EQ(infos[node_of(graph, "Softmax").outputs[0]].shape, (Shape{2, 144}));
  EXPECT_EQ(infos[graph.outputs[0]].shape, (Shape{2, 4, 6, 6}));
  EXPECT_EQ(graph.values[graph.outputs[0]].name, "y");
  EXPECT_EQ(upgraded(11, "Softmax", {{"axis", std::int64_t{-1}}}).nodes.size(), 1U);
}

TEST(OnnxUpgrade, UnreadOutputsAreDropped) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 4, 6, 6});
  const ValueId y = graph.add_node("MaxPool", "pool", {x}, "y", {{"kernel_shape", Ints{2, 2}}});
  graph.nodes[0].outputs.push_back(graph.add_value("indices"));
  graph.outputs = {y};
  Graph read = graph;
  read.outputs.push_back(graph.nodes[0].outputs[1]);
  upgrade_nodes(graph, 12);
  EXPECT_TRUE(graph.validate().ok());
  EXPECT_EQ(graph.nodes[0].outputs.size(), 1U);
  upgrade_nodes(read, 12);
  EXPECT_EQ(read.validate().error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace poise
