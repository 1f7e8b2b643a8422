#include "poise/models/centre_net.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "poise/models/pose_resnet.h"

namespace poise {
namespace {

CentreNetOptions thin() { return {.depth = 18, .input = {96, 64}, .deconv_filters = 16, .width = 0.125F}; }

Shape output_shape(const Graph& graph, std::size_t output, Size input) {
  const Shape shape{2, 3, input.height, input.width};
  const auto infos = infer_shapes(graph, std::span(&shape, 1)).value();
  return infos.at(static_cast<std::size_t>(graph.outputs.at(output))).shape;
}

TEST(CentreNet, GivesThreeMapsOfTheStride) {
  for (const int layers : {1, 2, 3}) {
    CentreNetOptions options = thin();
    options.deconv_layers = layers;
    options.categories = 3;
    const Graph graph = centre_net(options).value();
    const std::int64_t width = 3 << layers, height = 2 << layers;
    ASSERT_EQ(graph.outputs.size(), 3U);
    EXPECT_EQ(output_shape(graph, 0, options.input), (Shape{2, 3, height, width}));
    EXPECT_EQ(output_shape(graph, 1, options.input), (Shape{2, 2, height, width}));
    EXPECT_EQ(output_shape(graph, 2, options.input), (Shape{2, 2, height, width}));
    std::vector<std::string> names;
    for (const ValueId output : graph.outputs) names.push_back(graph.values.at(static_cast<std::size_t>(output)).name);
    EXPECT_EQ(names, (std::vector<std::string>{"heatmap", "size", "offset"}));
  }
}

TEST(CentreNet, PoseResNetsWeightsFitByNameAndShape) {
  const Graph graph = centre_net(thin()).value();
  const Graph pose =
      pose_resnet({.depth = 18, .input = {96, 64}, .deconv_layers = 2, .deconv_filters = 16, .width = 0.125F}).value();
  for (const Value& value : pose.values) {
    if (value.constant == nullptr || value.name.starts_with("final_layer")) continue;
    const ValueId same = graph.find_value(value.name);
    ASSERT_NE(same, kNoValue) << value.name;
    EXPECT_EQ(graph.values.at(static_cast<std::size_t>(same)).shape, value.shape) << value.name;
  }
}

TEST(CentreNet, ContextsBlocksStartAsNothing) {
  CentreNetOptions options = thin();
  options.context = 2;
  const Graph graph = centre_net(options).value();
  for (const std::string name : {"context.0", "context.1"}) {
    for (const float value : graph.constant(graph.find_value(name + ".bn2.weight"))->floats()) ASSERT_EQ(value, 0);
    EXPECT_NE(graph.find_value(name + ".conv1.weight"), kNoValue);
  }
  EXPECT_EQ(output_shape(graph, 0, options.input), output_shape(centre_net(thin()).value(), 0, options.input));
  options.neck = 3;
  const Graph deeper = centre_net(options).value();
  for (const std::string name : {"neck.0", "neck.2"}) EXPECT_GE(deeper.find_value(name + ".bn2.weight"), 0) << name;
  options.neck = 9;
  EXPECT_EQ(centre_net(options).error().message, "neck is 9: give 0 to 8");
  options.neck = 0;
  options.context = 9;
  EXPECT_EQ(centre_net(options).error().message, "context is 9: give 0 to 8");
}

TEST(CentreNet, StartsWithFewCentresInTheMiddleOfTheirCells) {
  const Graph graph = centre_net(thin()).value();
  const float bias = graph.constant(graph.find_value("heatmap_layer.bias"))->floats()[0];
  EXPECT_NEAR(1 / (1 + std::exp(-bias)), 0.1F, 1e-6F);
  for (const float value : graph.constant(graph.find_value("offset_layer.bias"))->floats()) EXPECT_EQ(value, 0.5F);
}

TEST(CentreNet, ABadOptionIsNamed) {
  const auto message = [](const CentreNetOptions& options) { return centre_net(options).error().message; };
  EXPECT_NE(message({.depth = 19}).find("depth is 19"), std::string::npos);
  EXPECT_NE(message({.input = {320, 300}}).find("input.height is 300"), std::string::npos);
  EXPECT_NE(message({.categories = 0}).find("categories is 0"), std::string::npos);
  EXPECT_NE(message({.deconv_layers = 4}).find("deconv_layers is 4"), std::string::npos);
  EXPECT_NE(message({.width = 0}).find("width is 0"), std::string::npos);
}

}  // namespace
}  // namespace poise
