#include "poise/train/initialise.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "poise/models/pose_resnet.h"

namespace poise {
namespace {

using Weights = std::map<std::string, std::shared_ptr<const Tensor>>;

Graph network(int joints, std::uint64_t seed) {
  return pose_resnet(
             {.depth = 18, .input = {64, 64}, .joints = joints, .deconv_filters = 8, .width = 0.125F, .seed = seed})
      .value();
}

Weights weights_of(const Graph& graph) {
  Weights weights;
  for (const Value& value : graph.values) {
    if (value.constant != nullptr) weights[value.name] = value.constant;
  }
  return weights;
}

const float* values(const Graph& graph, const std::string& name) {
  return graph.constant(graph.find_value(name))->floats().data();
}

TEST(Initialise, TakesWhatFitsAndNamesTheRest) {
  Graph graph = network(14, 1);
  const Graph before = graph;
  Weights given = weights_of(network(17, 2));
  given.erase("bn1.weight");
  given["fc.weight"] = std::make_shared<const Tensor>(Tensor(Shape{1000, 64}));
  const InitReport report = initialise(graph, given).value();
  EXPECT_EQ(values(graph, "conv1.weight"), given.at("conv1.weight")->floats().data());
  EXPECT_EQ(values(graph, "final_layer.weight"), values(before, "final_layer.weight"));
  EXPECT_EQ(report.missing, std::vector<std::string>{"bn1.weight"});
  EXPECT_EQ(report.other_shape, (std::vector<std::string>{"final_layer.weight is 17x8x1x1, here 14x8x1x1",
                                                          "final_layer.bias is 17, here 14"}));
  EXPECT_EQ(report.taken, static_cast<int>(given.size()) - 3);  // two of the last layer, and fc.weight
}

TEST(Initialise, AnotherFamilysWeightsAreRefused) {
  Graph graph = network(17, 1);
  const Weights before = weights_of(graph);
  const auto report = initialise(graph, {{"stage2.0.weight", std::make_shared<const Tensor>(Tensor(Shape{4}))}});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(weights_of(graph), before);  // the very tensors
}

}  // namespace
}  // namespace poise
