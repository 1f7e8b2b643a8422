#include "poise/weights/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>

namespace poise {
namespace {

std::shared_ptr<const Tensor> tensor(Shape shape, DType type = DType::kFloat32) {
  return std::make_shared<const Tensor>(std::move(shape), type);
}

/// A graph that has parameters of these names and shapes, in this order, one operator a parameter.
using Parameters = std::vector<std::pair<std::string, Shape>>;
Graph graph_of(const Parameters& parameters) {
  Graph graph;
  ValueId x = graph.add_input("input", {-1, 3, 8, 8});
  for (const auto& [name, shape] : parameters) {
    x = graph.add_node(shape.size() == 1 ? "PRelu" : "Conv", name, {x, graph.add_constant(name, tensor(shape))},
                       name + ".out");
  }
  graph.outputs.push_back(x);
  return graph;
}

StateDict file_of(const Parameters& parameters) {
  StateDict file;
  for (const auto& [name, shape] : parameters) file.tensors[name] = tensor(shape);
  return file;
}

std::string message(Graph graph, const StateDict& file) {
  const std::vector<Value> before = graph.values;
  const auto report = load_parameters(graph, file);
  if (report.ok()) return "accepted";
  EXPECT_EQ(report.error().code, ErrorCode::kMalformed);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(graph.values[i].constant, before[i].constant);
  return report.error().message;
}

/// The names that tell a ResNet's depth, after `stem`.
Parameters resnet(bool bottleneck, const std::vector<int>& blocks, Parameters head = {}) {
  Parameters parameters{{"conv1.weight", {64, 3, 7, 7}}};
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    for (int i = 0; i < blocks[stage]; ++i) {
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i) + ".conv";
      const std::int64_t kernel = bottleneck ? 1 : 3;
      parameters.push_back({name + "1.weight", {64, 64, kernel, kernel}});
      if (bottleneck) parameters.push_back({name + "3.weight", {256, 64, 1, 1}});
    }
  }
  parameters.insert(parameters.end(), head.begin(), head.end());
  return parameters;
}
const Parameters kHead{{"deconv_layers.0.weight", {512, 256, 4, 4}}, {"final_layer.weight", {17, 256, 1, 1}}};

TEST(Parameters, TensorsTakeTheirPlacesByName) {
  Graph graph = graph_of({{"a.weight", {2, 3, 1, 1}}, {"b.bias", {4}}});
  StateDict file = file_of({{"b.bias", {4}}, {"a.weight", {2, 3, 1, 1}}, {"exp_avg", {9}}});
  file.tensors["a.num_batches_tracked"] = tensor({}, DType::kInt64);
  const auto report = load_parameters(graph, file).value();
  EXPECT_EQ(report.loaded, 2);
  EXPECT_EQ(report.ignored, (std::vector<std::string>{"a.num_batches_tracked", "exp_avg"}));
  EXPECT_EQ(graph.values[graph.find_value("a.weight")].constant, file.tensors.at("a.weight"));
  EXPECT_EQ(graph.values[graph.find_value("b.bias")].constant, file.tensors.at("b.bias"));
}

TEST(Parameters, ScalesOfAResizeAreNotAskedFor) {
  Graph graph = graph_of({{"a.weight", {2, 3, 1, 1}}});
  const ValueId scales = graph.add_constant("scales", tensor({4}));
  graph.outputs = {graph.add_node("Resize", "up", {graph.outputs[0], kNoValue, scales}, "up.out")};
  EXPECT_EQ(load_parameters(graph, file_of({{"a.weight", {2, 3, 1, 1}}})).value().loaded, 1);
}

TEST(Parameters, AnotherDepthIsNamedWithTheFirstTensorAndBothShapes) {
  const Graph fifty = graph_of(resnet(true, {3, 4, 6, 3}, kHead));
  EXPECT_EQ(message(fifty, file_of(resnet(false, {2, 2, 2, 2}, kHead))),
            "layer1.0.conv1.weight is 64x64x3x3, the graph wants 64x64x1x1: trained with depth 18?");
  EXPECT_EQ(message(graph_of(resnet(false, {2, 2, 2, 2}, kHead)), file_of(resnet(true, {3, 4, 6, 3}, kHead))),
            "layer1.0.conv1.weight is 64x64x1x1, the graph wants 64x64x3x3: trained with depth 50?");
}

TEST(Parameters, MissingAndSurplusBlocksAreAnotherDepth) {
  const Parameters fifty = resnet(true, {3, 4, 6, 3}, kHead);
  const Parameters more = resnet(true, {3, 4, 23, 3}, kHead);
  EXPECT_EQ(message(graph_of(more), file_of(fifty)),
            "layer3.6.conv1.weight is not in the file, the graph wants 64x64x1x1: trained with depth 50?");
  EXPECT_EQ(message(graph_of(fifty), file_of(more)),
            "\"layer3.10.conv1.weight\" (64x64x1x1) has no place in the graph, nor have 33 others: trained with depth "
            "101?");
}

TEST(Parameters, HeadsThatDifferAreToldApart) {
  const auto with = [](const std::string& name, const Shape& shape) {
    Parameters head = kHead;
    for (auto& entry : head)
      if (entry.first == name) entry.second = shape;
    return message(graph_of(resnet(false, {2, 2, 2, 2}, kHead)), file_of(resnet(false, {2, 2, 2, 2}, head)));
  };
  EXPECT_EQ(with("final_layer.weight", {16, 256, 1, 1}),
            "final_layer.weight is 16x256x1x1, the graph wants 17x256x1x1: trained for 16 joints?");
  EXPECT_EQ(with("final_layer.weight", {17, 256, 3, 3}),
            "final_layer.weight is 17x256x3x3, the graph wants 17x256x1x1: trained with final kernel 3?");
  EXPECT_EQ(with("deconv_layers.0.weight", {512, 256, 2, 2}),
            "deconv_layers.0.weight is 512x256x2x2, the graph wants 512x256x4x4: trained with deconvolution kernel 2?");
  EXPECT_EQ(with("deconv_layers.0.weight", {512, 128, 4, 4}),
            "deconv_layers.0.weight is 512x128x4x4, the graph wants 512x256x4x4: trained with deconvolution filters "
            "128?");
  EXPECT_EQ(with("deconv_layers.0.weight", {256, 256, 4, 4}),
            "deconv_layers.0.weight is 256x256x4x4, the graph wants 512x256x4x4: trained with another width?");
  EXPECT_EQ(with("final_layer.weight", {17}),
            "final_layer.weight is 17, the graph wants 17x256x1x1: is it another "
            "network's?");
}

TEST(Parameters, AnotherFamilyIsRecognised) {
  const Graph graph = graph_of(resnet(false, {2, 2, 2, 2}, kHead));
  const std::string ending = ": it looks like an HRNet";
  const std::string said = message(
      graph, file_of({{"conv1.weight", {64, 3, 3, 3}}, {"stage2.0.branches.0.0.conv1.weight", {32, 32, 3, 3}}}));
  EXPECT_EQ(said, "conv1.weight is 64x3x3x3, the graph wants 64x3x7x7" + ending);
  EXPECT_EQ(message(graph, file_of(resnet(false, {2, 2, 2, 2}))),
            "deconv_layers.0.weight is not in the file, the graph wants 512x256x4x4: it looks like a ResNet without a "
            "pose head");
  EXPECT_EQ(message(graph_of({{"transition1.0.0.weight", {32, 256, 3, 3}}}),
                    file_of({{"transition1.0.0.weight", {48, 256, 3, 3}}})),
            "transition1.0.0.weight is 48x256x3x3, the graph wants 32x256x3x3: trained with width 48?");
  EXPECT_EQ(message(graph_of({{"score.0.weight", {16, 256, 1, 1}}}),
                    file_of({{"score.0.weight", {16, 256, 1, 1}}, {"score.1.weight", {16, 256, 1, 1}}})),
            "\"score.1.weight\" (16x256x1x1) has no place in the graph: trained with 2 stacks?");
}

TEST(Parameters, FilesWithNothingInCommonSayWhatTheyHold) {
  const Graph graph = graph_of({{"a.weight", {2, 3, 1, 1}}});
  EXPECT_EQ(message(graph, file_of({})), "the file holds no tensors: is it a checkpoint?");
  EXPECT_EQ(
      message(graph, file_of({{"backbone.a.weight", {2, 3, 1, 1}}, {"x\n", {1}}})),
      "the file has none of the graph's parameters; its first tensors are \"backbone.a.weight\", \"x?\": are they "
      "another code's names?");
}

TEST(Parameters, OnlyFloatsAreTaken) {
  StateDict file;
  file.tensors["a.weight"] = tensor({2, 3, 1, 1}, DType::kInt8);
  EXPECT_EQ(message(graph_of({{"a.weight", {2, 3, 1, 1}}}), file),
            "a.weight is int8, the graph wants float32: is it quantised?");
}

}  // namespace
}  // namespace poise
