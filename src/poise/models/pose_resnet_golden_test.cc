// Holds our definition against PyTorch's answer: tests/golden/make_pytorch.py wrote another definition of the same
// network, its parameters under their checkpoint names, an input, and the heatmaps PyTorch computed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "poise/engine/session.h"
#include "poise/models/pose_resnet.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

const std::string kTiny = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny";

Graph ours() { return pose_resnet({.depth = 18, .input = {32, 64}, .deconv_filters = 16, .width = 0.0625F}).value(); }

// Every parameter of `graph` from the value of the same name, which must be there and of the same shape.
void take_parameters(Graph& graph, const Graph& from) {
  for (Value& value : graph.values) {
    if (value.constant == nullptr) continue;
    const ValueId source = from.find_value(value.name);
    ASSERT_NE(source, kNoValue) << value.name;
    const auto& tensor = from.values.at(static_cast<std::size_t>(source)).constant;
    ASSERT_NE(tensor, nullptr) << value.name;
    ASSERT_EQ(tensor->shape(), value.constant->shape()) << value.name;
    value.constant = tensor;
  }
}

void expect_heatmaps(Graph graph, const std::string& backend) {
  const Tensor input = read_npy(kTiny + "_input.npy").value();
  const Tensor want = read_npy(kTiny + "_heatmaps.npy").value();
  Session session = Session::create(std::move(graph), {.backend = backend}).value();
  std::vector<Tensor> outputs;
  const TensorView view(input);
  session.run(std::span(&view, 1), outputs).value();
  ASSERT_EQ(outputs.size(), 1U);
  ASSERT_EQ(outputs[0].shape(), want.shape());
  float largest = 0;
  float worst = 0;
  for (std::int64_t i = 0; i < want.count(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    largest = std::max(largest, std::fabs(want.floats()[at]));
    worst = std::max(worst, std::fabs(want.floats()[at] - outputs[0].floats()[at]));
    ASSERT_TRUE(std::isfinite(outputs[0].floats()[at]));
  }
  ASSERT_GT(largest, 1.0F);
  EXPECT_LT(worst, 2e-5F * largest);  // sums of a few hundred terms in another order
}

TEST(PoseResNetGolden, OurDefinitionWithPyTorchsWeightsGivesPyTorchsHeatmaps) {
  const NetworkFile theirs = read_network(kTiny + ".onnx").value();
  Graph graph = ours();
  EXPECT_EQ(graph.parameter_count(), theirs.graph.parameter_count());
  take_parameters(graph, theirs.graph);
  if (HasFatalFailure()) return;
  expect_heatmaps(graph, "reference");
  expect_heatmaps(graph, "onednn");
}

TEST(PoseResNetGolden, TheExportedFileGivesThemToo) {
  for (const char* backend : {"reference", "onednn"}) {
    expect_heatmaps(read_network(kTiny + ".onnx").value().graph, backend);
  }
}

}  // namespace
}  // namespace poise
