#include "poise/train/initialise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "kit/temporary_folder.h"
#include "poise/models/pose_resnet.h"
#include "poise/models/shipped.h"

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
  const InitReport report = initialise(graph, {given, {}}).value();
  EXPECT_EQ(values(graph, "conv1.weight"), given.at("conv1.weight")->floats().data());
  EXPECT_EQ(values(graph, "final_layer.weight"), values(before, "final_layer.weight"));
  EXPECT_EQ(report.missing, std::vector<std::string>{"bn1.weight"});
  EXPECT_EQ(report.other_shape, (std::vector<std::string>{"final_layer.weight is 17x8x1x1, here 14x8x1x1",
                                                          "final_layer.bias is 17, here 14"}));
  EXPECT_EQ(report.taken, static_cast<int>(given.size()) - 3);  // two of the last layer, and fc.weight
}

TEST(Initialise, TheLastLayerIsMatchedByJointNames) {
  Skeleton five;
  five.name = "five";
  for (const char* name : {"tail", "right_wrist", "nose", "paw", "left_hip"}) five.joints.push_back({name});
  const Skeleton coco = find_skeleton("coco17").value();
  Graph graph = network(5, 1);
  const Graph before = graph;
  const Weights given = weights_of(network(17, 2));
  const InitReport report = initialise(graph, {given, coco}, &five).value();
  EXPECT_EQ(report.new_joints, (std::vector<std::string>{"tail", "paw"}));
  EXPECT_TRUE(report.other_shape.empty());
  EXPECT_EQ(report.taken, static_cast<int>(given.size()));
  for (const std::string name : {"final_layer.weight", "final_layer.bias"}) {
    const std::int64_t row = name.ends_with("bias") ? 1 : 8;
    for (int joint = 0; joint < 5; ++joint) {
      const auto known = coco.index_of(five.joints[static_cast<std::size_t>(joint)].name);
      const float* want = known ? given.at(name)->floats().data() + *known * row : values(before, name) + joint * row;
      EXPECT_TRUE(std::equal(want, want + row, values(graph, name) + joint * row)) << name << " " << joint;
    }
  }
}

TEST(Initialise, JointsOfAnotherOrderAreNotTakenByTheirShape) {
  Skeleton turned = find_skeleton("coco17").value();
  const Skeleton coco = turned;
  turned.name = "turned";
  std::reverse(turned.joints.begin(), turned.joints.end());
  Graph graph = network(17, 1);
  const Weights given = weights_of(network(17, 2));
  initialise(graph, {given, coco}, &turned).value();
  const float* theirs = given.at("final_layer.weight")->floats().data();
  EXPECT_TRUE(std::equal(theirs, theirs + 8, values(graph, "final_layer.weight") + 16 * 8));  // the nose
}

TEST(Initialise, WhatComesWithPoiseIsAStart) {
  const InitialWeights shipped = read_initial_weights("poise-small").value();
  EXPECT_EQ(shipped.skeleton->name, "coco17");
  const auto path = kit::TemporaryFolder();
  std::ofstream(path.path() / "small.onnx", std::ios::binary)
      .write(reinterpret_cast<const char*>(shipped_models()[0].onnx.data()),
             static_cast<std::streamsize>(shipped_models()[0].onnx.size()));
  const InitialWeights read = read_initial_weights((path.path() / "small.onnx").string()).value();
  EXPECT_EQ(read.tensors.size(), shipped.tensors.size());
  const Tensor& weight = *read.tensors.at("layer1.0.conv1.weight");
  EXPECT_EQ(weight.type(), DType::kFloat32);  // stored as integers
  EXPECT_EQ(weight.shape(), (Shape{32, 32, 3, 3}));
}

TEST(Initialise, WhatIsNowhereIsNamed) {
  const auto nothing = read_initial_weights("poise-smell");
  ASSERT_FALSE(nothing.ok());
  EXPECT_NE(nothing.error().message.find("poise-smell"), std::string::npos);
  EXPECT_NE(nothing.error().message.find("poise-small"), std::string::npos);
}

TEST(Initialise, AnotherFamilysWeightsAreRefused) {
  Graph graph = network(17, 1);
  const Weights before = weights_of(graph);
  const auto report = initialise(graph, {{{"stage2.0.weight", std::make_shared<const Tensor>(Tensor(Shape{4}))}}, {}});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(weights_of(graph), before);  // the very tensors
}

}  // namespace
}  // namespace poise
