#include "poise/graph_torch/torch_graph.h"

#include "kit/graphs.h"
#include "poise/graph_torch/torch_operators.h"
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
  auto session = TorchSession::create(graph, {.threads = 1});
  ASSERT_TRUE(session.ok()) << session.error().message;
  std::vector<Tensor> outputs;
  const TensorView view(input);
  const Status status = session->run(std::span(&view, 1), outputs);
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_EQ(outputs.size(), wanted.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    float largest = 1;
    for (const float value : wanted[i].floats()) largest = std::max(largest, std::abs(value));
    kit::expect_near(outputs[i], wanted[i], tolerance * largest);
  }
}

TEST(TorchGraph, EqualsTheReferenceOnRandomNetworks) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    kit::RandomNetwork network(seed);
    network.grow(6);
    SCOPED_TRACE(seed);
    const Tensor input = network.input();
    expect_as_reference(network.graph, input, 1e-5F);
    if (HasFatalFailure()) return;
  }
}

TEST(TorchGraph, EqualsTheReferenceOnEachFamily) {
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

TEST(TorchGraph, ResizesAsTheReference) {
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

TEST(TorchGraph, PhasesAreTheDeconvolutionWithItsGradients) {
  at::manual_seed(0);
  for (const bool with_bias : {false, true}) {
    const at::Tensor input = at::randn({2, 3, 5, 4}).set_requires_grad(true);
    const at::Tensor weight = at::randn({3, 6, 4, 4}).set_requires_grad(true);
    const at::Tensor bias = with_bias ? at::randn({6}) : at::Tensor();
    const at::Tensor wanted = at::conv_transpose2d(input, weight, bias, 2, 1);
    const at::Tensor phases = deconvolve_in_phases(input, weight, bias);
    ASSERT_EQ(phases.sizes(), wanted.sizes());
    EXPECT_LT((phases - wanted).abs().max().item<float>(), 1e-4F);
    const at::Tensor direction = at::randn(wanted.sizes());
    const auto gradients = [&](const at::Tensor& output) {
      (output * direction).sum().backward();
      std::vector<at::Tensor> found{input.grad().clone(), weight.grad().clone()};
      input.mutable_grad().reset();
      weight.mutable_grad().reset();
      return found;
    };
    const auto of_wanted = gradients(wanted);
    const auto of_phases = gradients(phases);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_LT((of_phases[i] - of_wanted[i]).abs().max().item<float>(), 1e-3F) << i;
    }
    const auto half = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.to(at::kBFloat16) : tensor; };
    const at::Tensor rough = deconvolve_in_phases(half(input), half(weight), half(bias));
    ASSERT_EQ(rough.sizes(), wanted.sizes());
    const float largest = wanted.abs().max().item<float>();
    EXPECT_LT((rough - wanted).abs().max().item<float>(), 0.02F * largest);
    const auto of_rough = gradients(rough);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_LT((of_rough[i] - of_wanted[i]).abs().max().item<float>(), 0.02F * of_wanted[i].abs().max().item<float>());
    }
  }
}

TEST(TorchGraph, Bfloat16IsNearFloat32) {
  const PoseResNetOptions options{.depth = 18, .input = {64, 64}, .joints = 3, .deconv_filters = 8, .width = 0.125F};
  const Graph graph = pose_resnet(options).value();
  Random random(9);
  const Tensor input = kit::random_tensor({2, 3, 64, 64}, random);
  const auto run = [&](bool bfloat16) {
    auto torch = TorchGraph::create(graph, {.bfloat16 = bfloat16, .channels_last = bfloat16}).value();
    return torch.forward({to_torch(input)}, true)[0].detach();
  };
  const at::Tensor wanted = run(false), found = run(true);
  EXPECT_EQ(found.scalar_type(), at::kFloat);
  EXPECT_GT((found - wanted).abs().max().item<float>(), 0.0F);
  EXPECT_LT((found - wanted).norm().item<float>(), 0.1F * wanted.norm().item<float>());
}

Graph normalised() {
  Graph graph;
  const ValueId x = graph.add_input("x", {-1, 2, 2, 2});
  std::vector<ValueId> inputs{x};
  for (const auto& [name, value] : {std::pair("bn.weight", 1.0F), std::pair("bn.bias", 0.0F),
                                    std::pair("bn.running_mean", 0.0F), std::pair("bn.running_var", 1.0F)}) {
    inputs.push_back(graph.add_constant(name, kit::shared(Tensor::from({2}, std::vector<float>{value, value}))));
  }
  graph.outputs = {graph.add_node("BatchNormalization", "bn", inputs, "y")};
  return graph;
}

TEST(TorchGraph, TrainingMovesTheRunningStatistics) {
  auto torch = TorchGraph::create(normalised()).value();
  ASSERT_EQ(torch.parameters().size(), 2);
  ASSERT_EQ(torch.statistics().size(), 2);
  const at::Tensor input = at::arange(16, at::kFloat).view({2, 2, 2, 2});
  (void)torch.forward({input}, false);
  EXPECT_FLOAT_EQ(torch.statistics()[0].tensor[0].item<float>(), 0.0F);
  const at::Tensor output = torch.forward({input}, true)[0];
  EXPECT_NEAR(output.mean().item<float>(), 0.0F, 1e-5F);
  // Channel 0 holds 0 to 3 and 8 to 11: mean 5.5, unbiased variance 138/7.
  EXPECT_NEAR(torch.statistics()[0].tensor[0].item<float>(), 0.55F, 1e-5F);
  EXPECT_NEAR(torch.statistics()[1].tensor[0].item<float>(), 0.9F + 0.1F * 138.0F / 7.0F, 1e-4F);

  Graph written = normalised();
  write_back(written, torch.statistics());
  EXPECT_NEAR(written.constant(written.find_value("bn.running_mean"))->floats()[0], 0.55F, 1e-5F);
  EXPECT_FLOAT_EQ(written.constant(written.find_value("bn.weight"))->floats()[0], 1.0F);
}

TEST(TorchGraph, EveryParameterHasAGradient) {
  const PoseResNetOptions options{.input = {64, 64}, .joints = 3, .deconv_filters = 8, .width = 0.125F};
  Graph graph = pose_resnet(options).value();
  const std::int64_t wanted = graph.parameter_count();
  auto torch = TorchGraph::create(std::move(graph)).value();
  torch.forward({at::rand({2, 3, 64, 64})}, true)[0].square().sum().backward();
  std::int64_t count = 0;
  for (const NamedTensor& parameter : torch.parameters()) {
    count += parameter.tensor.numel();
    ASSERT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
    EXPECT_EQ(parameter.tensor.grad().sizes(), parameter.tensor.sizes()) << parameter.name;
  }
  EXPECT_EQ(count, wanted);
}

TEST(TorchGraph, RefusesWhatItCannotRunByName) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 4});
  graph.outputs = {graph.add_node("Erf", "e", {graph.add_node("Abs", "a", {x}, "y")}, "z")};
  const auto created = TorchGraph::create(graph);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().message, "LibTorch does not run these operators of the network: Abs Erf");
}

TEST(TorchGraph, ShapesThatDoNotFitAreAnError) {
  auto session = TorchSession::create(pose_resnet({.depth = 18, .input = {64, 64}, .width = 0.125F}).value()).value();
  const Tensor input(Shape{1, 4, 64, 64});
  const TensorView view(input);
  std::vector<Tensor> outputs;
  EXPECT_FALSE(session.run(std::span(&view, 1), outputs).ok());
}

TEST(TorchGraph, DevicesAreNamed) {
  EXPECT_TRUE(torch_device("cpu").ok());
  EXPECT_FALSE(torch_device("gpu").ok());
  EXPECT_FALSE(torch_device("cuda:x").ok());
  EXPECT_EQ(torch_device("cuda").ok(), at::hasCUDA());
}

/// The same network on the GPU, within what TF32 and another order of sums allow.
TEST(TorchGraph, TheGpuSaysWhatTheCpuSays) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no GPU here";
  const Graph graph = pose_resnet({.depth = 18, .joints = 3}).value();
  Random random(1);
  const Tensor input = kit::random_tensor({2, 3, 256, 192}, random);
  const TensorView view(input);
  std::vector<Tensor> of_cpu, of_gpu;
  ASSERT_TRUE(TorchSession::create(graph).value().run(std::span(&view, 1), of_cpu).ok());
  ASSERT_TRUE(TorchSession::create(graph, {.device = "cuda"}).value().run(std::span(&view, 1), of_gpu).ok());
  float largest = 0;
  for (const float value : of_cpu[0].floats()) largest = std::max(largest, std::abs(value));
  kit::expect_near(of_gpu[0], of_cpu[0], 5e-3F * largest);
}

}  // namespace
}  // namespace poise
