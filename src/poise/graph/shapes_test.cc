#include <gtest/gtest.h>

#include "poise/graph/graph.h"
#include "poise/graph/ops/conv.h"

namespace poise {
namespace {

using Integers = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute, std::less<>>;

Node node_with(std::string op, Attributes attributes) {
  return {
      .op = std::move(op), .name = "n", .inputs = {}, .outputs = {}, .attributes = std::move(attributes), .fusion = {}};
}

Shape conv_shape(const Shape& input, const Shape& weight, Attributes attributes = {}) {
  return conv_attributes(node_with("Conv", std::move(attributes)), input, weight).value().output;
}

Shape deconv_shape(const Shape& input, const Shape& weight, Attributes attributes = {}) {
  return conv_transpose_attributes(node_with("ConvTranspose", std::move(attributes)), input, weight).value().output;
}

Shape pool_shape(const Shape& input, Attributes attributes) {
  return pool_attributes(node_with("MaxPool", std::move(attributes)), input).value().output;
}

Graph one_node(const std::string& op, Shape input, std::vector<Shape> constants, Attributes attributes = {}) {
  Graph graph;
  std::vector<ValueId> inputs = {graph.add_input("x", std::move(input))};
  for (Shape& shape : constants) {
    inputs.push_back(graph.add_constant("c", std::make_shared<const Tensor>(std::move(shape))));
  }
  graph.outputs = {graph.add_node(op, "n", std::move(inputs), "y", std::move(attributes))};
  return graph;
}

TEST(Shapes, OfConv) {
  // The stem of ResNet: 7x7, stride 2, pads 3.
  EXPECT_EQ(conv_shape({1, 3, 256, 192}, {64, 3, 7, 7}, {{"strides", Integers{2, 2}}, {"pads", Integers{3, 3, 3, 3}}}),
            (Shape{1, 64, 128, 96}));
  EXPECT_EQ(conv_shape({2, 4, 9, 7}, {6, 2, 3, 2}, {{"group", std::int64_t{2}}, {"dilations", Integers{2, 3}}}),
            (Shape{2, 6, 5, 4}));
  EXPECT_EQ(conv_shape({1, 1, 5, 6}, {1, 1, 2, 2}, {{"pads", Integers{0, 1, 2, 3}}}), (Shape{1, 1, 6, 9}));
  EXPECT_EQ(conv_shape({1, 1, 5, 6}, {1, 1, 3, 3}, {{"auto_pad", std::string("VALID")}}), (Shape{1, 1, 3, 4}));
}

TEST(Shapes, SamePaddingPutsTheOddPixelWhereItSays) {
  const Attributes upper = {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Integers{2, 2}}};
  const Attributes lower = {{"auto_pad", std::string("SAME_LOWER")}, {"strides", Integers{2, 2}}};
  const auto up = conv_attributes(node_with("Conv", upper), {1, 1, 6, 5}, {1, 1, 3, 3}).value();
  const auto low = conv_attributes(node_with("Conv", lower), {1, 1, 6, 5}, {1, 1, 3, 3}).value();
  EXPECT_EQ(up.output, (Shape{1, 1, 3, 3}));
  EXPECT_EQ(up.pads_begin, (std::array<std::int64_t, 2>{0, 1}));
  EXPECT_EQ(up.pads_end, (std::array<std::int64_t, 2>{1, 1}));
  EXPECT_EQ(low.pads_begin, (std::array<std::int64_t, 2>{1, 1}));
  EXPECT_EQ(low.pads_end, (std::array<std::int64_t, 2>{0, 1}));
}

TEST(Shapes, OfConvTranspose) {
  // The deconvolution of Simple Baselines: 4x4, stride 2, pads 1.
  EXPECT_EQ(deconv_shape({1, 8, 8, 6}, {8, 4, 4, 4}, {{"strides", Integers{2, 2}}, {"pads", Integers{1, 1, 1, 1}}}),
            (Shape{1, 4, 16, 12}));
  EXPECT_EQ(deconv_shape({1, 8, 8, 6}, {8, 2, 3, 3},
                         {{"strides", Integers{2, 3}}, {"output_padding", Integers{1, 2}}, {"group", std::int64_t{2}}}),
            (Shape{1, 4, 18, 20}));
  EXPECT_EQ(deconv_shape({1, 1, 3, 3}, {1, 2, 3, 3}, {{"dilations", Integers{2, 2}}}), (Shape{1, 2, 7, 7}));
  EXPECT_EQ(
      deconv_shape({1, 1, 3, 4}, {1, 1, 3, 3}, {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Integers{2, 2}}}),
      (Shape{1, 1, 6, 8}));
}

TEST(Shapes, OutputShapeSplitsThePadding) {
  const Attributes wanted = {{"strides", Integers{3, 2}}, {"output_shape", Integers{8, 6}}};
  const auto a = conv_transpose_attributes(node_with("ConvTranspose", wanted), {1, 1, 3, 3}, {1, 1, 3, 3}).value();
  EXPECT_EQ(a.output, (Shape{1, 1, 8, 6}));  // the kernel reaches 9 and 7
  EXPECT_EQ(a.pads_begin, (std::array<std::int64_t, 2>{1, 1}));
  EXPECT_EQ(a.pads_end, (std::array<std::int64_t, 2>{0, 0}));
  const Attributes beyond = {{"output_shape", Integers{6, 5}}};
  EXPECT_EQ(conv_transpose_attributes(node_with("ConvTranspose", beyond), {1, 1, 3, 3}, {1, 1, 3, 3}).error().code,
            ErrorCode::kUnsupported);
}

TEST(Shapes, OfMaxPool) {
  const Attributes resnet = {
      {"kernel_shape", Integers{3, 3}}, {"strides", Integers{2, 2}}, {"pads", Integers{1, 1, 1, 1}}};
  EXPECT_EQ(pool_shape({1, 64, 128, 96}, resnet), (Shape{1, 64, 64, 48}));
  Attributes ceil = {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}};
  EXPECT_EQ(pool_shape({1, 1, 5, 4}, ceil), (Shape{1, 1, 2, 2}));
  ceil["ceil_mode"] = std::int64_t{1};
  EXPECT_EQ(pool_shape({1, 1, 5, 4}, ceil), (Shape{1, 1, 3, 2}));
  // Windows of 1 every 3 on 5: the third would start at 6, past the input, and is left out.
  EXPECT_EQ(pool_shape({1, 1, 5, 5},
                       {{"kernel_shape", Integers{1, 1}}, {"strides", Integers{3, 3}}, {"ceil_mode", std::int64_t{1}}}),
            (Shape{1, 1, 2, 2}));
}

TEST(Shapes, RefuseWhatALayerCannotBe) {
  const auto refused = [](Attributes attributes, const Shape& input = {1, 4, 8, 8},
                          const Shape& weight = {4, 4, 3, 3}) {
    return !conv_attributes(node_with("Conv", std::move(attributes)), input, weight).ok();
  };
  EXPECT_FALSE(refused({}));
  EXPECT_TRUE(refused({{"strides", Integers{0, 1}}}));
  EXPECT_TRUE(refused({{"strides", Integers{1}}}));
  EXPECT_TRUE(refused({{"strides", Integers{std::int64_t{1} << 62U, 1}}}));
  EXPECT_TRUE(refused({{"dilations", Integers{1, 0}}}));
  EXPECT_TRUE(refused({{"dilations", Integers{1, 4}}}));  // does not fit
  EXPECT_TRUE(refused({{"pads", Integers{0, 0, 0, -1}}}));
  EXPECT_TRUE(refused({{"pads", Integers{0, 0}}}));
  EXPECT_TRUE(refused({{"group", std::int64_t{0}}}));
  EXPECT_TRUE(refused({{"group", std::int64_t{2}}}));
  EXPECT_TRUE(refused({{"group", std::int64_t{3}}}));
  EXPECT_TRUE(refused({{"kernel_shape", Integers{3, 2}}}));
  EXPECT_TRUE(refused({{"auto_pad", std::string("SOME")}}));
  EXPECT_TRUE(refused({{"auto_pad", std::string("VALID")}, {"pads", Integers{1, 1, 1, 1}}}));
  EXPECT_TRUE(refused({}, {1, 4, 2, 8}));
  EXPECT_TRUE(refused({}, {1, 4, 8, 8}, {4, 4, 0, 3}));
  const Node deconv = node_with("ConvTranspose", {{"pads", Integers{2, 2, 2, 2}}});
  EXPECT_FALSE(conv_transpose_attributes(deconv, {1, 1, 2, 2}, {1, 1, 3, 3}).ok());  // nothing is left
  const Node padded = node_with("ConvTranspose", {{"output_padding", Integers{1, 1}}});
  EXPECT_FALSE(conv_transpose_attributes(padded, {1, 1, 2, 2}, {1, 1, 3, 3}).ok());
  EXPECT_FALSE(pool_attributes(node_with("MaxPool", {}), {1, 1, 4, 4}).ok());
  const Node all_padding = node_with("MaxPool", {{"kernel_shape", Integers{2, 2}}, {"pads", Integers{2, 0, 0, 0}}});
  EXPECT_FALSE(pool_attributes(all_padding, {1, 1, 4, 4}).ok());
}

TEST(Shapes, OtherDimensionsAreUnsupportedNotMalformed) {
  const Node conv = node_with("Conv", {});
  EXPECT_EQ(conv_attributes(conv, {1, 4, 8}, {4, 4, 3}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(conv_attributes(conv, {1, 4, 8, 8, 8}, {4, 4, 3, 3, 3}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(pool_attributes(node_with("MaxPool", {}), {1, 4, 8}).error().code, ErrorCode::kUnsupported);
}

TEST(InferShapes, FillsFreeExtentsAndNamesMismatches) {
  Graph graph = one_node("Conv", {-1, 4, -1, -1}, {{2, 4, 3, 3}, {2}});
  ASSERT_TRUE(graph.validate().ok());
  const std::vector<Shape> good = {{5, 4, 8, 6}};
  EXPECT_EQ(infer_shapes(graph, good).value()[graph.outputs[0]].shape, (Shape{5, 2, 6, 4}));
  const std::vector<Shape> channels = {{5, 3, 8, 6}};
  EXPECT_EQ(infer_shapes(graph, channels).error().message, "input \"x\": it is 5x3x8x6, the graph wants ?x4x?x?");
  const std::vector<Shape> empty = {{0, 4, 8, 6}};
  EXPECT_FALSE(infer_shapes(graph, empty).ok());
  EXPECT_FALSE(infer_shapes(graph, {}).ok());

  Graph mismatch = one_node("Conv", {1, 3, 8, 8}, {{2, 4, 3, 3}});
  const std::vector<Shape> shapes = {{1, 3, 8, 8}};
  const Error error = infer_shapes(mismatch, shapes).error();
  EXPECT_EQ(error.code, ErrorCode::kMalformed);
  for (const char* part : {"Conv \"n\"", "1x3x8x8", "2x4x3x3"}) {
    EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  }
}

TEST(InferShapes, RefusesBiasesThatDoNotFit) {
  const std::vector<Shape> shapes = {{1, 4, 8, 8}};
  EXPECT_FALSE(infer_shapes(one_node("Conv", shapes[0], {{2, 4, 3, 3}, {4}}), shapes).ok());
  EXPECT_FALSE(infer_shapes(one_node("BatchNormalization", shapes[0], {{4}, {4}, {3}, {4}}), shapes).ok());
  EXPECT_FALSE(infer_shapes(one_node("Add", shapes[0], {{3, 1, 1}}), shapes).ok());
  EXPECT_TRUE(infer_shapes(one_node("Add", shapes[0], {{4, 1, 1}}), shapes).ok());
}

TEST(InferShapes, RefusesMoreThanTwoToThe31Elements) {
  const std::int64_t half = std::int64_t{1} << 16U;
  Graph grows = one_node("Add", {half, 1}, {{1, half}});
  const std::vector<Shape> shapes = {{half, 1}};
  EXPECT_EQ(infer_shapes(grows, shapes).error().code, ErrorCode::kTooLarge);
  Graph input = one_node("Relu", {-1, -1}, {});
  const std::vector<Shape> overflow = {{std::int64_t{1} << 40U, std::int64_t{1} << 40U}};
  EXPECT_EQ(infer_shapes(input, overflow).error().code, ErrorCode::kTooLarge);
  Graph padded = one_node("Conv", {1, 1, 1, 1}, {{1, 1, 1, 1}}, {{"pads", Integers{1 << 20, 1 << 20, 0, 0}}});
  const std::vector<Shape> one = {{1, 1, 1, 1}};
  EXPECT_EQ(infer_shapes(padded, one).error().code, ErrorCode::kTooLarge);
}

TEST(InferShapes, AResidualMustHaveTheOutputsShape) {
  Graph graph = one_node("Conv", {1, 4, 8, 8}, {{4, 4, 3, 3}});
  const std::vector<Shape> shapes = {{1, 4, 8, 8}};
  graph.nodes[0].fusion.residual = graph.inputs[0];
  EXPECT_FALSE(infer_shapes(graph, shapes).ok());
  graph.nodes[0].attributes["pads"] = Integers{1, 1, 1, 1};
  EXPECT_TRUE(infer_shapes(graph, shapes).ok());
}

TEST(MultiplyAdds, CountTrueProducts) {
  const auto count = [](const Graph& graph, const Shape& shape) {
    const std::vector<Shape> shapes = {shape};
    return multiply_adds(graph, infer_shapes(graph, shapes).value());
  };
  EXPECT_EQ(count(one_node("Conv", {1, 4, 8, 8}, {{6, 2, 3, 3}}, {{"group", std::int64_t{2}}}), {1, 4, 8, 8}),
            6 * 6 * 6 * 2 * 9);
  EXPECT_EQ(count(one_node("ConvTranspose", {1, 4, 8, 8}, {{4, 5, 4, 4}}, {{"strides", Integers{2, 2}}}), {1, 4, 8, 8}),
            4 * 8 * 8 * 5 * 16);
  EXPECT_EQ(count(one_node("Gemm", {3, 7}, {{7, 5}}), {3, 7}), 3 * 7 * 5);
  EXPECT_EQ(count(one_node("Relu", {3, 7}, {}), {3, 7}), 0);
}

}  // namespace
}  // namespace poise
