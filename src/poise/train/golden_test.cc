// Losses, gradients and optimizers held against PyTorch's: tests/golden/make_training.py made the figures, and says by
// which rule both sides fill parameters and batches.

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kit/golden_weights.h"
#include "poise/base/json.h"
#include "poise/base/random.h"
#include "poise/models/pose_resnet.h"
#include "poise/train/loss.h"
#include "poise/train/optimizer.h"

namespace poise {
namespace {

Graph network() {
  Graph graph =
      pose_resnet({.depth = 18, .input = {64, 64}, .joints = 5, .deconv_filters = 8, .width = 0.125F}).value();
  kit::fill_golden(graph);
  return graph;
}

class Golden : public ::testing::Test {
 protected:
  void SetUp() override {
    set_torch_threads(1);
    golden_ = parse_json(read_file(POISE_SOURCE_DIR "/tests/golden/training.json", 1U << 20U).value()).value();
  }

  at::Tensor loss_of(TorchGraph& graph, int step) const {
    const std::string number = std::to_string(step);
    Tensor weights = kit::golden_uniform("weights " + number, {4, 5}, 0, 1);
    for (float& weight : weights.floats()) weight = weight > 0.25F ? 1.0F : 0.0F;
    const at::Tensor images = to_torch(kit::golden_uniform("images " + number, {4, 3, 64, 64}, -2, 2));
    const at::Tensor targets = to_torch(kit::golden_uniform("targets " + number, {4, 5, 16, 16}, 0, 1));
    return heatmap_loss(graph.forward({images}, true)[0], targets, to_torch(weights), {});
  }

  void expect_losses(const std::string& name, const OptimizerOptions& options) const {
    const std::vector<double> wanted = golden_.find("losses")->numbers(name).value();
    ASSERT_EQ(wanted.size(), 10U);
    TorchGraph graph = TorchGraph::create(network()).value();
    Optimizer optimizer(graph.parameters(), options);
    for (int step = 0; step < 10; ++step) {
      const at::Tensor loss = loss_of(graph, step);
      EXPECT_NEAR(loss.item<double>() / wanted[static_cast<std::size_t>(step)], 1.0, 1e-4) << name << " step " << step;
      loss.backward();
      optimizer.step(options.learning_rate);
    }
    EXPECT_LT(wanted.back(), wanted.front());
  }

  Json golden_;
};

TEST_F(Golden, EveryGradientsNorm) {
  TorchGraph graph = TorchGraph::create(network()).value();
  loss_of(graph, 0).backward();
  const Json* norms = golden_.find("gradient_norms");
  ASSERT_EQ(graph.parameters().size(), norms->as_object().size());
  for (const NamedTensor& parameter : graph.parameters()) {
    const double wanted = norms->number(parameter.name).value();
    EXPECT_NEAR(parameter.tensor.grad().norm().item<double>(), wanted, 1e-4 * wanted) << parameter.name;
  }
}

TEST_F(Golden, TenStepsOfEachOptimizer) {
  using Kind = OptimizerOptions::Kind;
  expect_losses("adam", {});
  expect_losses("adamw", {.kind = Kind::kAdamW, .weight_decay = 0.05});
  OptimizerOptions sgd{.kind = Kind::kSgd, .learning_rate = 1e-2, .weight_decay = 1e-4};
  expect_losses("sgd", sgd);
  sgd.nesterov = true;
  expect_losses("nesterov", sgd);
}

}  // namespace
}  // namespace poise
