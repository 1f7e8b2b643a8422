// LibTorch against the reference, over random networks and one network of each family.

#include "kit/graphs.h"
#include "poise/graph_torch/torch_session.h"
#include "poise/models/hourglass.h"
#include "poise/models/hrnet.h"
#include "poise/models/pose_resnet.h"

namespace poise {
namespace {

/// Both must say the same: LibTorch in eval mode, and the plain implementations. `tolerance` of the largest value.
void expect_as_reference(const Graph& graph, const Tensor& input, float tolerance) {
  Graph sorted = graph;
  ASSERT_TRUE(sorted.validate().ok());
  const std::vector<Tensor> wanted = kit::run_graph(sorted, [&] {
    std::vector<Tensor> inputs;
    inputs.push_back(input.clone());
    return inputs;
  }());
  auto runner = torch_runner({.threads = 1})(graph);
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  std::vector<Tensor> outputs;
  const TensorView view(input);
  const Status status = (*runner)->run(std::span(&view, 1), outputs);
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_EQ(outputs.size(), wanted.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    float largest = 1;
    for (const float value : wanted[i].floats()) largest = std::max(largest, std::abs(value));
    kit::expect_near(outputs[i], wanted[i], tolerance * largest);
  }
}

TEST(Torch, EqualsTheReferenceOnRandomNetworks) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    kit::RandomNetwork network(seed);
    network.grow(6);
    SCOPED_TRACE(seed);
    const Tensor input = network.input();
    expect_as_reference(network.graph, input, 1e-5F);
    if (HasFatalFailure()) return;
  }
}

TEST(Torch, EqualsTheReferenceOnEachFamily) {
  Random random(3);
  const auto check = [&](const Graph& graph) {
    const Tensor input = kit::random_tensor({1, 3, 64, 64}, random);
    expect_as_reference(graph, input, 1e-5F);
  };
  check(pose_resnet({.depth = 18, .input = {64, 64}, .joints = 3, .deconv_filters = 8, .width = 0.125F}).value());
  check(hrnet({.width = 4, .input = {64, 64}, .joints = 3}).value());
  check(hourglass({.stacks = 1, .features = 8, .input = {64, 64}, .joints = 3}).value());
}

struct ResizeCase {
  const char* mode;
  const char* coordinates;
  std::vector<float> scales;
};

TEST(Torch, ResizesAsTheReference) {
  const std::vector<ResizeCase> cases{{"nearest", "asymmetric", {1, 1, 2, 2}},
                                      {"nearest", "half_pixel", {1, 1, 1.5F, 3}},
                                      {"linear", "half_pixel", {1, 1, 2, 3}},
                                      {"linear", "align_corners", {1, 1, 2, 2}},
                                      {"cubic", "half_pixel", {1, 1, 2, 2}}};
  Random random(5);
  for (const ResizeCase& one : cases) {
    SCOPED_TRACE(std::string(one.mode) + " " + one.coordinates);
    Graph graph;
    const ValueId x = graph.add_input("x", {1, 2, 4, 6});
    const ValueId scales = graph.add_constant("scales", kit::shared(Tensor::from({4}, one.scales)));
    graph.outputs = {graph.add_node(
        "Resize", "resize", {x, kNoValue, scales}, "y",
        {{"mode", std::string(one.mode)}, {"coordinate_transformation_mode", std::string(one.coordinates)}})};
    const Tensor input = kit::random_tensor({1, 2, 4, 6}, random);
    expect_as_reference(graph, input, 1e-5F);
  }
}

/// The same network on the GPU, within what TF32 and another order of sums allow.
TEST(Torch, TheGpuSaysWhatTheCpuSays) {
  const Graph graph = pose_resnet({.depth = 18, .joints = 3}).value();
  auto gpu = TorchSession::create(graph, {.device = "cuda"});
  if (!gpu.ok()) GTEST_SKIP() << "no GPU here: " << gpu.error().message;
  Random random(1);
  const Tensor input = kit::random_tensor({2, 3, 256, 192}, random);
  const TensorView view(input);
  std::vector<Tensor> of_cpu, of_gpu;
  ASSERT_TRUE(TorchSession::create(graph).value().run(std::span(&view, 1), of_cpu).ok());
  ASSERT_TRUE(gpu->run(std::span(&view, 1), of_gpu).ok());
  float largest = 0;
  for (const float value : of_cpu[0].floats()) largest = std::max(largest, std::abs(value));
  kit::expect_near(of_gpu[0], of_cpu[0], 5e-3F * largest);
}

}  // namespace
}  // namespace poise
