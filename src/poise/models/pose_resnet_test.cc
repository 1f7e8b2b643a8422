#include "poise/models/pose_resnet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace poise {
namespace {

using Style = PoseResNetOptions::Style;

// Thin, so that most tests cost nothing.
PoseResNetOptions thin() { return {.depth = 18, .input = {96, 128}, .deconv_filters = 16, .width = 0.125F}; }

Graph built(const PoseResNetOptions& options) { return pose_resnet(options).value(); }

Shape output_shape(const Graph& graph, std::int64_t batch, Size input) {
  const Shape shape{batch, 3, input.height, input.width};
  return infer_shapes(graph, std::span(&shape, 1)).value().at(static_cast<std::size_t>(graph.outputs.at(0))).shape;
}

double giga_multiply_adds(const Graph& graph, Size input) {
  const Shape shape{1, 3, input.height, input.width};
  return static_cast<double>(multiply_adds(graph, infer_shapes(graph, std::span(&shape, 1)).value())) / 1e9;
}

const Node& node_named(const Graph& graph, const std::string& name) {
  return *std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.name == name; });
}

const Tensor& tensor_named(const Graph& graph, const std::string& name) {
  const Tensor* tensor = graph.constant(graph.find_value(name));
  if (tensor == nullptr) throw std::out_of_range(name);
  return *tensor;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments moments(const Tensor& tensor) {
  double sum = 0;
  double squares = 0;
  for (const float value : tensor.floats()) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const auto count = static_cast<double>(tensor.count());
  return {sum / count, std::sqrt(squares / count - (sum / count) * (sum / count))};
}

TEST(PoseResNet, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(built({.depth = 18}).parameter_count(), 15'376'721);
  // Depth 34 has 16 blocks where 18 has 8: two, four, eight and two more 3x3 pairs of 64, 128, 256 and 512 planes.
  const std::int64_t more = 1 * (2 * 9 * 64 * 64 + 4 * 64) + 2 * (2 * 9 * 128 * 128 + 4 * 128) +
                            4 * (2 * 9 * 256 * 256 + 4 * 256) + 1 * (2 * 9 * 512 * 512 + 4 * 512);
  EXPECT_EQ(built({.depth = 34}).parameter_count(), 15'376'721 + more);
  EXPECT_EQ(built({.depth = 50}).parameter_count(), 33'999'697);
  EXPECT_EQ(built({.depth = 101}).parameter_count(), 52'991'825);
  EXPECT_EQ(built({.depth = 152}).parameter_count(), 68'635'473);
}

TEST(PoseResNet, MultiplyAddsAreTheTrueProducts) {
  EXPECT_NEAR(giga_multiply_adds(built({.depth = 18}), {192, 256}), 2.897, 2.897 * 0.005);
  EXPECT_NEAR(giga_multiply_adds(built({.depth = 50}), {192, 256}), 5.426, 5.426 * 0.005);
  EXPECT_NEAR(giga_multiply_adds(built({.depth = 152, .input = {288, 384}}), {288, 384}), 28.57, 28.57 * 0.005);
}

TEST(PoseResNet, HeatmapsAreAQuarterOfTheInput) {
  for (const Size input : {Size{192, 256}, Size{288, 384}, Size{256, 256}, Size{32, 64}, Size{416, 32}}) {
    PoseResNetOptions options = thin();
    options.input = input;
    const Graph graph = built(options);
    EXPECT_EQ(graph.values.at(static_cast<std::size_t>(graph.inputs.at(0))).shape,
              (Shape{-1, 3, input.height, input.width}));
    for (const std::int64_t batch : {1, 5}) {
      EXPECT_EQ(output_shape(graph, batch, input), (Shape{batch, 17, input.height / 4, input.width / 4}));
    }
  }
}

TEST(PoseResNet, EveryDeconvolutionDoublesTheMapWhateverItsKernel) {
  for (const int kernel : {4, 3, 2}) {
    for (const int layers : {0, 1, 2, 3, 4, 5}) {
      PoseResNetOptions options = thin();
      options.deconv_kernel = kernel;
      options.deconv_layers = layers;
      EXPECT_EQ(output_shape(built(options), 1, options.input), (Shape{1, 17, 4 << layers, 3 << layers}));
    }
  }
}

TEST(PoseResNet, FinalKernelJointsAndBiasAreHonoured) {
  PoseResNetOptions options = thin();
  options.final_kernel = 3;
  options.joints = 16;
  options.deconv_bias = true;
  const Graph graph = built(options);
  EXPECT_EQ(output_shape(graph, 1, options.input), (Shape{1, 16, 32, 24}));
  EXPECT_EQ(tensor_named(graph, "final_layer.weight").shape(), (Shape{16, 16, 3, 3}));
  EXPECT_EQ(tensor_named(graph, "deconv_layers.6.bias").shape(), Shape{16});
  EXPECT_EQ(built(thin()).find_value("deconv_layers.6.bias"), kNoValue);
}

TEST(PoseResNet, LateralAddsTheTrunksMapsAndNothingElse) {
  PoseResNetOptions options = thin();
  const Graph plain = built(options);
  options.lateral = true;
  const Graph joined = built(options);
  EXPECT_EQ(output_shape(joined, 1, options.input), output_shape(plain, 1, options.input));
  const std::int64_t filters = options.deconv_filters;
  std::int64_t added = 0;
  for (const auto& [layer, trunk] :
       {std::pair("0", "layer3.0.conv1"), {"1", "layer2.0.conv1"}, {"2", "layer1.0.conv1"}}) {
    const std::string name = std::string("lateral_layers.") + layer;
    const std::int64_t channels = tensor_named(joined, std::string(trunk) + ".weight").dim(0);
    EXPECT_EQ(tensor_named(joined, name + ".weight").shape(), (Shape{filters, channels, 1, 1}));
    EXPECT_EQ(tensor_named(joined, name + ".bias").shape(), Shape{filters});
    added += filters * (channels + 1);
  }
  EXPECT_EQ(joined.parameter_count(), plain.parameter_count() + added);
  options.deconv_layers = 4;
  EXPECT_EQ(pose_resnet(options).error().message,
            "lateral needs at most 3 deconvolutions: the trunk has no map larger than a quarter");
}

TEST(PoseResNet, StyleSaysWhichConvolutionTakesTheStride) {
  const PoseResNetOptions bottleneck{.depth = 50, .input = {64, 64}, .deconv_filters = 16, .width = 0.125F};
  PoseResNetOptions caffe = bottleneck;
  caffe.style = Style::kCaffe;
  const auto stride = [](const Graph& graph, const std::string& name) {
    return node_named(graph, name).integers("strides").at(0);
  };
  const Graph a = built(bottleneck);
  const Graph b = built(caffe);
  for (const std::string layer : {"layer2.0", "layer3.0", "layer4.0"}) {
    EXPECT_EQ(stride(a, layer + ".conv1"), 1);
    EXPECT_EQ(stride(a, layer + ".conv2"), 2);
    EXPECT_EQ(stride(b, layer + ".conv1"), 2);
    EXPECT_EQ(stride(b, layer + ".conv2"), 1);
    EXPECT_EQ(stride(b, layer + ".downsample.0"), 2);
  }
  EXPECT_EQ(stride(b, "layer1.0.conv1"), 1);
  EXPECT_EQ(stride(b, "layer2.1.conv1"), 1);
  EXPECT_EQ(a.parameter_count(), b.parameter_count());
  EXPECT_EQ(output_shape(b, 1, caffe.input), (Shape{1, 17, 16, 16}));
}

TEST(PoseResNet, ParametersAreNamedAndShapedAsInTheAuthorsCheckpoint) {
  const Graph graph = built({.depth = 50});
  EXPECT_EQ(tensor_named(graph, "conv1.weight").shape(), (Shape{64, 3, 7, 7}));
  EXPECT_EQ(tensor_named(graph, "bn1.running_var").shape(), Shape{64});
  EXPECT_EQ(tensor_named(graph, "layer1.0.conv1.weight").shape(), (Shape{64, 64, 1, 1}));
  EXPECT_EQ(tensor_named(graph, "layer1.0.downsample.0.weight").shape(), (Shape{256, 64, 1, 1}));
  EXPECT_EQ(tensor_named(graph, "layer1.0.downsample.1.bias").shape(), Shape{256});
  EXPECT_EQ(tensor_named(graph, "layer2.0.conv2.weight").shape(), (Shape{128, 128, 3, 3}));
  EXPECT_EQ(tensor_named(graph, "layer3.5.conv3.weight").shape(), (Shape{1024, 256, 1, 1}));
  EXPECT_EQ(tensor_named(graph, "layer4.2.bn3.running_mean").shape(), Shape{2048});
  EXPECT_EQ(tensor_named(graph, "deconv_layers.0.weight").shape(), (Shape{2048, 256, 4, 4}));
  EXPECT_EQ(tensor_named(graph, "deconv_layers.1.weight").shape(), Shape{256});
  EXPECT_EQ(tensor_named(graph, "deconv_layers.7.running_var").shape(), Shape{256});
  EXPECT_EQ(tensor_named(graph, "final_layer.weight").shape(), (Shape{17, 256, 1, 1}));
  EXPECT_EQ(graph.find_value("layer1.1.downsample.0.weight"), kNoValue);
  EXPECT_EQ(graph.find_value("layer3.6.conv1.weight"), kNoValue);
  EXPECT_NE(graph.find_value("heatmaps"), kNoValue);
  std::set<std::string> names;
  for (const Value& value : graph.values) EXPECT_TRUE(names.insert(value.name).second) << value.name;
}

TEST(PoseResNet, InitialWeightsHaveTheIntendedMoments) {
  const Graph graph = built({.depth = 18});
  const Moments head = moments(tensor_named(graph, "deconv_layers.3.weight"));  // a million values
  EXPECT_NEAR(head.mean, 0, 1e-5);
  EXPECT_NEAR(head.deviation, 0.001, 1e-5);
  EXPECT_NEAR(moments(tensor_named(graph, "final_layer.weight")).deviation, 0.001, 1e-4);
  const Moments trunk = moments(tensor_named(graph, "layer4.1.conv2.weight"));
  EXPECT_NEAR(trunk.deviation, std::sqrt(2.0 / (512 * 9)), 1e-4);
  EXPECT_NEAR(trunk.mean, 0, 1e-4);
  // Shares of a normal distribution beyond one and three deviations.
  const auto values = tensor_named(graph, "layer4.1.conv2.weight").floats();
  const auto beyond = [&](double deviations) {
    return static_cast<double>(std::count_if(values.begin(), values.end(),
                                             [&](float v) { return std::fabs(v) > deviations * trunk.deviation; })) /
           static_cast<double>(values.size());
  };
  EXPECT_NEAR(beyond(1), 0.3173, 0.002);
  EXPECT_NEAR(beyond(3), 0.0027, 0.0003);
  for (const auto& [name, want] : std::vector<std::pair<std::string, float>>{{"bn1.weight", 1},
                                                                             {"bn1.bias", 0},
                                                                             {"bn1.running_mean", 0},
                                                                             {"bn1.running_var", 1},
                                                                             {"final_layer.bias", 0}}) {
    for (const float value : tensor_named(graph, name).floats()) ASSERT_EQ(value, want) << name;
  }
}

TEST(PoseResNet, TheSeedDecidesTheWeightsAndTensorsDiffer) {
  PoseResNetOptions options = thin();
  const auto first = [](const Graph& graph, const std::string& name) { return tensor_named(graph, name).floats()[0]; };
  EXPECT_EQ(first(built(options), "conv1.weight"), first(built(options), "conv1.weight"));
  EXPECT_NE(first(built(options), "layer1.0.conv1.weight"), first(built(options), "layer1.0.conv2.weight"));
  const float before = first(built(options), "conv1.weight");
  options.seed = 1;
  EXPECT_NE(first(built(options), "conv1.weight"), before);
}

TEST(PoseResNet, WidthScalesThePlanesToMultiplesOfEight) {
  const auto planes = [](float width) {
    PoseResNetOptions options = thin();
    options.width = width;
    const Graph graph = built(options);
    std::vector<std::int64_t> out;
    for (const char* name : {"conv1", "layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1", "layer4.0.conv1"}) {
      out.push_back(tensor_named(graph, std::string(name) + ".weight").dim(0));
    }
    return out;
  };
  using Planes = std::vector<std::int64_t>;
  EXPECT_EQ(planes(1.0F), (Planes{64, 64, 128, 256, 512}));
  EXPECT_EQ(planes(0.75F), (Planes{48, 48, 96, 192, 384}));
  EXPECT_EQ(planes(0.3F), (Planes{16, 16, 40, 80, 152}));  // 19.2, 38.4, 76.8, 153.6
  EXPECT_EQ(planes(0.001F), (Planes{8, 8, 8, 8, 8}));
}

TEST(PoseResNet, ABadOptionIsNamedWithWhatToGive) {
  const auto message = [](auto change) {
    PoseResNetOptions options;
    change(options);
    const auto graph = pose_resnet(options);
    if (graph.ok()) return std::string("accepted");
    EXPECT_EQ(graph.error().code, ErrorCode::kInvalidArgument);
    return graph.error().message;
  };
  using O = PoseResNetOptions;
  EXPECT_EQ(message([](O& o) { o.depth = 20; }), "depth is 20: give 18, 34, 50, 101 or 152");
  EXPECT_EQ(message([](O& o) { o.input.width = 200; }), "input.width is 200: give a multiple of 32 from 32 to 8192");
  EXPECT_EQ(message([](O& o) { o.input.height = 0; }), "input.height is 0: give a multiple of 32 from 32 to 8192");
  EXPECT_EQ(message([](O& o) { o.input.height = -32; }).substr(0, 19), "input.height is -32");
  EXPECT_EQ(message([](O& o) { o.joints = 0; }), "joints is 0: give 1 to 1024");
  EXPECT_EQ(message([](O& o) { o.deconv_layers = 6; }), "deconv_layers is 6: give 0 to 5");
  EXPECT_EQ(message([](O& o) { o.deconv_filters = -1; }), "deconv_filters is -1: give 1 to 2048");
  EXPECT_EQ(message([](O& o) { o.deconv_kernel = 5; }), "deconv_kernel is 5: give 2 to 4");
  EXPECT_EQ(message([](O& o) { o.final_kernel = 2; }), "final_kernel is 2: give 1 or 3");
  for (const float width : {0.0F, -1.0F, 4.5F, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_EQ(message([&](O& o) { o.width = width; }).substr(0, 9), "width is ");
  }
  EXPECT_EQ(message([](O& o) {
              o.depth = 18;
              o.style = Style::kCaffe;
            }).substr(0, 39),
            "style caffe has no meaning at depth 18:");
}

}  // namespace
}  // namespace poise
