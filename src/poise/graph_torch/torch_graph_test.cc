#include "poise/graph_torch/torch_graph.h"

#include "kit/graphs.h"
#include "poise/graph_torch/torch_operators.h"
#include "poise/graph_torch/torch_session.h"

namespace poise {
namespace {

/// Convolution, normalisation, a bend and a deconvolution: (N, 4, 8, 6) -> (N, 4, 8, 6).
Graph small_network() {
  kit::RandomNetwork net(4);
  net.graph.outputs = {net.deconv(net.node("Relu", {net.batch_norm(net.conv(net.x, true))}), true)};
  return net.graph;
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
  const Graph graph = small_network();
  if (!cpu_has_bfloat16()) {
    const auto refused = TorchGraph::create(graph, {.bfloat16 = true});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("AVX-512"), std::string::npos) << refused.error().message;
    GTEST_SKIP() << "this processor has no AVX-512";
  }
  Random random(9);
  const Tensor input = kit::random_tensor({2, 4, 8, 6}, random);
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
}

TEST(TorchGraph, AFrozenLayerStaysAsItIs) {
  EXPECT_TRUE(is_frozen("layer1.0.conv1.weight", {"conv1", "layer1"}));
  EXPECT_TRUE(is_frozen("layer1.0.conv1.weight", {"layer1.0."}));
  EXPECT_FALSE(is_frozen("layer10.0.conv1.weight", {"layer1"}));
  EXPECT_FALSE(is_frozen("layer1.0.conv1.weight", {}));
  auto torch = TorchGraph::create(normalised(), {.frozen = {"bn"}}).value();
  ASSERT_EQ(torch.parameters().size(), 2);
  EXPECT_FALSE(torch.parameters()[0].tensor.requires_grad());
  const at::Tensor input = at::arange(16, at::kFloat).view({2, 2, 2, 2});
  const at::Tensor output = torch.forward({input}, true)[0];
  EXPECT_EQ(torch.statistics()[0].tensor[0].item<float>(), 0.0F);
  EXPECT_TRUE(output.equal(torch.forward({input}, false)[0]));  // the running statistics, not the batch's
}

TEST(TorchGraph, EveryParameterHasAGradient) {
  Graph graph = small_network();
  const std::int64_t wanted = graph.parameter_count();
  auto torch = TorchGraph::create(std::move(graph)).value();
  torch.forward({at::rand({2, 4, 8, 6})}, true)[0].square().sum().backward();
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
  auto session = TorchSession::create(small_network()).value();
  const Tensor input(Shape{1, 5, 8, 6});
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

}  // namespace
}  // namespace poise
