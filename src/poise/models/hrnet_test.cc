#include "poise/models/hrnet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace poise {
namespace {

HrnetOptions thin() { return {.width = 4, .input = {64, 96}}; }

const Tensor& tensor_named(const Graph& graph, const std::string& name) {
  const Tensor* tensor = graph.constant(graph.find_value(name));
  if (tensor == nullptr) throw std::out_of_range(name);
  return *tensor;
}

std::vector<ValueInfo> shapes(const Graph& graph, const Shape& input) {
  return infer_shapes(graph, std::span(&input, 1)).value();
}

// By hand, from the architecture: weights of a k x k convolution and the two vectors of its normalisation.
std::int64_t unit(std::int64_t k, std::int64_t inputs, std::int64_t outputs) {
  return k * k * inputs * outputs + 2 * outputs;
}

std::int64_t module(std::int64_t width, int branches, int outputs) {
  std::int64_t sum = 0;
  for (int i = 0; i < branches; ++i) sum += 8 * unit(3, width << i, width << i);
  for (int to = 0; to < outputs; ++to) {
    for (int from = to + 1; from < branches; ++from) sum += unit(1, width << from, width << to);
    for (int from = 0; from < to; ++from) {
      sum += (to - from - 1) * unit(3, width << from, width << from) + unit(3, width << from, width << to);
    }
  }
  return sum;
}

std::int64_t parameters(std::int64_t width, std::int64_t joints) {
  std::int64_t sum = unit(3, 3, 64) + unit(3, 64, 64);
  sum += unit(1, 64, 64) + 3 * unit(1, 256, 64) + 4 * (unit(3, 64, 64) + unit(1, 64, 256)) + unit(1, 64, 256);
  sum += unit(3, 256, width) + unit(3, 256, 2 * width) + unit(3, 2 * width, 4 * width) + unit(3, 4 * width, 8 * width);
  return sum + module(width, 2, 2) + 4 * module(width, 3, 3) + 2 * module(width, 4, 4) + module(width, 4, 1) +
         joints * (width + 1);
}

TEST(Hrnet, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(parameters(32, 17), 28'536'113);  // 28.5 M and 63.6 M in the README of the authors' repository
  EXPECT_EQ(parameters(48, 17), 63'595'745);
  EXPECT_EQ(hrnet({.width = 32}).value().parameter_count(), parameters(32, 17));
  EXPECT_EQ(hrnet({.width = 48}).value().parameter_count(), parameters(48, 17));
  EXPECT_EQ(hrnet({.width = 4, .joints = 5}).value().parameter_count(), parameters(4, 5));
}

// The README of the authors' repository says 7.1 and 14.6 G, counted in units of 2^30.
TEST(Hrnet, MultiplyAddsAreThePublishedOnes) {
  for (const auto& [width, published] : {std::pair(32, 7.1), std::pair(48, 14.6)}) {
    const Graph graph = hrnet({.width = width}).value();
    const auto products = static_cast<double>(multiply_adds(graph, shapes(graph, {1, 3, 256, 192})));
    EXPECT_NEAR(products * 0x1p-30, published, 0.05);
  }
}

TEST(Hrnet, HeatmapsAreAQuarterOfTheInput) {
  const Graph graph = hrnet(thin()).value();
  EXPECT_EQ(graph.values.at(graph.inputs.at(0)).shape, (Shape{-1, 3, 96, 64}));
  ASSERT_EQ(graph.outputs.size(), 1U);
  EXPECT_EQ(graph.values.at(graph.outputs[0]).name, "heatmaps");
  EXPECT_EQ(shapes(graph, {3, 3, 96, 64}).at(graph.outputs[0]).shape, (Shape{3, 17, 24, 16}));
}

TEST(Hrnet, ParametersAreNamedAndShapedAsInTheAuthorsCheckpoint) {
  const Graph graph = hrnet({}).value();
  const auto shape = [&](const std::string& name) { return tensor_named(graph, name).shape(); };
  EXPECT_EQ(shape("conv1.weight"), (Shape{64, 3, 3, 3}));
  EXPECT_EQ(shape("conv2.weight"), (Shape{64, 64, 3, 3}));
  EXPECT_EQ(shape("layer1.0.downsample.0.weight"), (Shape{256, 64, 1, 1}));
  EXPECT_EQ(shape("layer1.3.conv1.weight"), (Shape{64, 256, 1, 1}));
  EXPECT_EQ(shape("transition1.0.0.weight"), (Shape{32, 256, 3, 3}));
  EXPECT_EQ(shape("transition1.1.0.0.weight"), (Shape{64, 256, 3, 3}));
  EXPECT_EQ(shape("transition3.3.0.1.running_var"), (Shape{256}));
  EXPECT_EQ(shape("stage2.0.branches.1.3.bn2.weight"), (Shape{64}));
  EXPECT_EQ(shape("stage3.3.fuse_layers.0.2.0.weight"), (Shape{32, 128, 1, 1}));
  EXPECT_EQ(shape("stage3.3.fuse_layers.2.0.0.0.weight"), (Shape{32, 32, 3, 3}));
  EXPECT_EQ(shape("stage3.3.fuse_layers.2.0.1.0.weight"), (Shape{128, 32, 3, 3}));
  EXPECT_EQ(shape("stage4.1.fuse_layers.3.0.2.1.bias"), (Shape{256}));
  EXPECT_EQ(shape("stage4.2.fuse_layers.0.3.1.running_mean"), (Shape{32}));
  EXPECT_EQ(shape("final_layer.bias"), (Shape{17}));
  EXPECT_EQ(graph.find_value("stage4.2.fuse_layers.1.0.0.0.weight"), kNoValue);  // only the finest is fused last
  EXPECT_EQ(graph.find_value("transition2.0.0.weight"), kNoValue);               // widths stay
  std::set<std::string> names;
  for (const Value& value : graph.values) EXPECT_TRUE(names.insert(value.name).second) << value.name;
}

TEST(Hrnet, UpsamplingIsWhatPyTorchExports) {
  const Graph graph = hrnet(thin()).value();
  const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                 [](const Node& n) { return n.name == "stage4.2.fuse_layers.0.3.2"; });
  ASSERT_NE(node, graph.nodes.end());
  EXPECT_EQ(node->op, "Resize");
  EXPECT_EQ(node->text("mode", ""), "nearest");
  EXPECT_EQ(node->text("nearest_mode", ""), "floor");
  EXPECT_EQ(node->text("coordinate_transformation_mode", ""), "asymmetric");
  ASSERT_EQ(node->inputs.size(), 3U);
  EXPECT_EQ(node->inputs[1], kNoValue);
  const auto scales = graph.constant(node->inputs[2])->floats();
  EXPECT_EQ(std::vector<float>(scales.begin(), scales.end()), (std::vector<float>{1, 1, 8, 8}));
}

TEST(Hrnet, InitialWeightsHaveTheAuthorsDeviation) {
  const Graph graph = hrnet({}).value();
  double squares = 0;
  const auto values = tensor_named(graph, "stage4.0.branches.3.0.conv1.weight").floats();
  for (const float value : values) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(values.size())), 0.001, 1e-5);
}

TEST(Hrnet, ABadOptionIsNamedWithWhatToGive) {
  const auto message = [](const HrnetOptions& options) {
    const auto graph = hrnet(options);
    return graph.ok() ? "accepted" : graph.error().message;
  };
  EXPECT_EQ(message({.width = 0}), "width is 0: give 1 to 128");
  EXPECT_EQ(message({.width = 129}), "width is 129: give 1 to 128");
  EXPECT_EQ(message({.input = {200, 256}}), "input.width is 200: give a multiple of 32 from 32 to 8192");
  EXPECT_EQ(message({.input = {192, -32}}), "input.height is -32: give a multiple of 32 from 32 to 8192");
  EXPECT_EQ(message({.joints = 0}), "joints is 0: give 1 to 1024");
  EXPECT_EQ(message({.final_kernel = 2}), "final_kernel is 2: give 1 or 3");
}

}  // namespace
}  // namespace poise
