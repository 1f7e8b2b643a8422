#include "poise/models/hourglass.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace poise {
namespace {

HourglassOptions thin() { return {.stacks = 3, .features = 8, .depth = 2, .input = {32, 64}, .joints = 5}; }

Shape shape_of(const Graph& graph, const std::string& name) {
  const Tensor* tensor = graph.constant(graph.find_value(name));
  if (tensor == nullptr) throw std::out_of_range(name);
  return tensor->shape();
}

// By hand: a convolution with its bias, and a residual module of three with the normalisations before them.
std::int64_t conv(std::int64_t k, std::int64_t inputs, std::int64_t outputs) {
  return k * k * inputs * outputs + outputs;
}
std::int64_t residual(std::int64_t inputs, std::int64_t outputs) {
  const std::int64_t half = outputs / 2;
  return 2 * (inputs + half + half) + conv(1, inputs, half) + conv(3, half, half) + conv(1, half, outputs) +
         (inputs == outputs ? 0 : conv(1, inputs, outputs));
}
std::int64_t parameters(std::int64_t stacks) {
  const std::int64_t stem = conv(7, 3, 64) + 2 * 64 + residual(64, 128) + residual(128, 256) + residual(256, 256);
  const std::int64_t stack = (4 * 3 + 1 + 1) * residual(256, 256) + conv(1, 256, 256) + 2 * 256 + conv(1, 256, 16);
  return stem + stacks * stack + (stacks - 1) * (conv(1, 256, 256) + conv(1, 16, 256));
}

TEST(Hourglass, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(parameters(1), 3'586'960);
  EXPECT_EQ(parameters(2), 6'730'912);
  EXPECT_EQ(parameters(8), 25'594'624);
  for (const int stacks : {1, 2, 8}) {
    EXPECT_EQ(hourglass({.stacks = stacks}).value().parameter_count(), parameters(stacks));
  }
}

TEST(Hourglass, EveryStackGivesHeatmapsOfAQuarterOfTheInput) {
  const Graph graph = hourglass(thin()).value();
  const Shape input{2, 3, 64, 32};
  const auto infos = infer_shapes(graph, std::span(&input, 1)).value();
  ASSERT_EQ(graph.outputs.size(), 3U);
  for (const ValueId id : graph.outputs) EXPECT_EQ(infos.at(id).shape, (Shape{2, 5, 16, 8}));
  EXPECT_EQ(graph.values.at(graph.outputs[0]).name, "heatmaps.0");
  EXPECT_EQ(graph.values.at(graph.outputs[1]).name, "heatmaps.1");
  EXPECT_EQ(graph.values.at(graph.outputs[2]).name, "heatmaps");
  // The lowest level of a depth of 4 has 4x4 cells of a 256x256 input.
  const Graph deep = hourglass({.stacks = 1, .features = 8}).value();
  const Shape square{1, 3, 256, 256};
  EXPECT_EQ(infer_shapes(deep, std::span(&square, 1)).value().at(deep.find_value("hg.0.hg.0.3.0.conv1.out")).shape,
            (Shape{1, 4, 4, 4}));
}

TEST(Hourglass, ParametersAreNamedAndShapedAsInThePyTorchPort) {
  const Graph graph = hourglass({.stacks = 2}).value();
  EXPECT_EQ(shape_of(graph, "conv1.weight"), (Shape{64, 3, 7, 7}));
  EXPECT_EQ(shape_of(graph, "conv1.bias"), (Shape{64}));
  EXPECT_EQ(shape_of(graph, "layer1.0.downsample.0.weight"), (Shape{128, 64, 1, 1}));
  EXPECT_EQ(shape_of(graph, "layer2.0.conv2.weight"), (Shape{128, 128, 3, 3}));
  EXPECT_EQ(shape_of(graph, "layer3.0.bn1.running_mean"), (Shape{256}));
  EXPECT_EQ(shape_of(graph, "hg.1.hg.3.2.0.conv3.weight"), (Shape{256, 128, 1, 1}));
  EXPECT_EQ(shape_of(graph, "hg.0.hg.0.3.0.bn3.weight"), (Shape{128}));
  EXPECT_EQ(shape_of(graph, "res.1.0.conv1.bias"), (Shape{128}));
  EXPECT_EQ(shape_of(graph, "fc.0.0.weight"), (Shape{256, 256, 1, 1}));
  EXPECT_EQ(shape_of(graph, "fc.0.1.running_var"), (Shape{256}));
  EXPECT_EQ(shape_of(graph, "score.1.weight"), (Shape{16, 256, 1, 1}));
  EXPECT_EQ(shape_of(graph, "fc_.0.bias"), (Shape{256}));
  EXPECT_EQ(shape_of(graph, "score_.0.weight"), (Shape{256, 16, 1, 1}));
  for (const char* absent : {"fc_.1.weight", "hg.0.hg.1.3.0.bn1.weight", "layer3.0.downsample.0.weight"}) {
    EXPECT_EQ(graph.find_value(absent), kNoValue) << absent;
  }
  std::set<std::string> names;
  for (const Value& value : graph.values) EXPECT_TRUE(names.insert(value.name).second) << value.name;
}

TEST(Hourglass, ABadOptionIsNamedWithWhatToGive) {
  const auto message = [](const HourglassOptions& options) {
    const auto graph = hourglass(options);
    return graph.ok() ? "accepted" : graph.error().message;
  };
  EXPECT_EQ(message({.stacks = 0}), "stacks is 0: give 1 to 16");
  EXPECT_EQ(message({.features = 3}), "features is 3: give 4 to 2048");
  EXPECT_EQ(message({.features = 254}), "features is 254: give a multiple of 4");
  EXPECT_EQ(message({.depth = 9}), "depth is 9: give 1 to 8");
  EXPECT_EQ(message({.input = {192, 256}}), "accepted");
  EXPECT_EQ(message({.input = {192, 224}}), "input.height is 224: give a multiple of 64 from 64 to 8192");
  EXPECT_EQ(message({.joints = 1025}), "joints is 1025: give 1 to 1024");
}

}  // namespace
}  // namespace poise
