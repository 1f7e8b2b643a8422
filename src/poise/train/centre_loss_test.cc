#include "poise/train/centre_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/codec/centre.h"
#include "poise/graph_torch/torch_graph.h"

namespace poise {
namespace {

// One picture of 1x3 cells: a centre in the first, its Gaussian in the second, an ignored third.
struct Case {
  at::Tensor targets = at::zeros({1, 5, 1, 3}), weights = at::zeros({1, 2, 1, 3});
  std::vector<at::Tensor> outputs{at::full({1, 1, 1, 3}, 0.5), at::zeros({1, 2, 1, 3}), at::zeros({1, 2, 1, 3})};
  Case() {
    targets[0][0][0][0] = 1.0;
    targets[0][0][0][1] = 0.5;
    targets[0][1][0][0] = 4.0;   // width
    targets[0][2][0][0] = 10.0;  // height
    targets[0][3][0][0] = 0.25;
    targets[0][4][0][0] = 0.75;
    weights[0][0][0][0] = weights[0][0][0][1] = weights[0][1][0][0] = 1.0;
  }
  double loss(const CentreLossOptions& options = {}) const {
    return centre_loss(outputs, targets, weights, options).item<double>();
  }
};

TEST(CentreLoss, EqualsTheSumByHand) {
  const double focal = 0.25 * std::log(2.0) + std::pow(0.5, 4) * 0.25 * std::log(2.0);
  EXPECT_NEAR(Case().loss({.size = 0, .offset = 0}), focal, 1e-5);
  EXPECT_NEAR(Case().loss(), focal + 0.1 * (4 + 10) / 2 + (0.25 + 0.75) / 2, 1e-5);
}

TEST(CentreLoss, BoxesThatOverlapLessCostMore) {
  const CentreLossOptions overlap{.size = 0, .offset = 0, .giou = 1};
  const CentreLossOptions none{.size = 0, .offset = 0};
  const auto cost = [&](Case& one) { return one.loss(overlap) - one.loss(none); };
  Case right;
  right.outputs[1].copy_(right.targets.narrow(1, 1, 2));
  right.outputs[2].copy_(right.targets.narrow(1, 3, 2));
  EXPECT_NEAR(cost(right), 0, 1e-5);
  right.outputs[1][0][0][0][0] = 2.0;  // half as wide: IoU .5, the hull is the truth
  EXPECT_NEAR(cost(right), 0.5, 1e-5);
  right.outputs[1][0][0][0][0] = 4.0;
  right.outputs[2][0][0][0][0] = 8.25;  // 8 cells to the right: nothing shared, a hull of 12 x 10 with 4 x 10 empty
  EXPECT_NEAR(cost(right), 1 + 1.0 / 3, 1e-5);
  right.outputs[1][0][0][0][0] = -3.0;  // no width at all: defined, with a slope
  right.outputs[2].requires_grad_();
  const at::Tensor loss = centre_loss(right.outputs, right.targets, right.weights, overlap);
  loss.backward();
  EXPECT_TRUE(std::isfinite(loss.item<double>()));
  EXPECT_TRUE(at::isfinite(right.outputs[2].grad()).all().item<bool>());
}

TEST(CentreLoss, CellsAroundACentreLearnItsBoxAlone) {
  Case one;
  one.weights[0][1][0][1] = 0.25;
  const double before = one.loss({.size = 1, .offset = 1});
  one.outputs[1][0][0][0][1] = 7.0;
  EXPECT_EQ(one.loss({.size = 1, .offset = 1}), before);  // absolute differences are the centres'
  one.targets[0][1][0][1] = 7.0, one.targets[0][2][0][1] = 3.0;
  const double wrong = one.loss({.giou = 1});
  one.outputs[1][0][1][0][1] = 3.0;
  EXPECT_LT(one.loss({.giou = 1}), wrong);
}

TEST(CentreLoss, IgnoredCellsAndSizesElsewhereCountForNothing) {
  Case plain, other;
  other.outputs[0][0][0][0][2] = 0.99;
  other.outputs[1][0][0][0][1] = 100;
  EXPECT_EQ(plain.loss(), other.loss());
}

TEST(CentreLoss, WhatIsRightHasNoneAndNobodyInSightIsDefined) {
  Case right;
  right.outputs = {right.targets.narrow(1, 0, 1).eq(1).to(at::kFloat), right.targets.narrow(1, 1, 2),
                   right.targets.narrow(1, 3, 2)};
  EXPECT_NEAR(right.loss(), 0, 1e-5);
  Case nobody;
  nobody.targets.zero_();
  nobody.weights.narrow(1, 1, 1).zero_();
  EXPECT_NEAR(nobody.loss(), 2 * 0.25 * std::log(2.0), 1e-5);
}

TEST(CentreLoss, IsFiniteWithItsGradientsWhereTheHeatmapIsSureAndWrong) {
  Case wrong;
  wrong.outputs[0][0][0][0][0] = 0.0;
  wrong.outputs[0][0][0][0][1] = 1.0;
  for (at::Tensor& output : wrong.outputs) output.requires_grad_();
  const at::Tensor loss = centre_loss(wrong.outputs, wrong.targets, wrong.weights);
  EXPECT_TRUE(std::isfinite(loss.item<double>()));
  loss.backward();
  EXPECT_LT(wrong.outputs[0].grad()[0][0][0][0].item<double>(), 0);  // towards a centre where one is
  EXPECT_GT(wrong.outputs[0].grad()[0][0][0][1].item<double>(), 0);
  EXPECT_EQ(wrong.outputs[0].grad()[0][0][0][2].item<double>(), 0);
  EXPECT_LT(wrong.outputs[1].grad()[0][0][0][0].item<double>(), 0);
  EXPECT_TRUE(at::isfinite(wrong.outputs[0].grad()).all().item<bool>());
}

// The slope along each output equals the difference of losses.
TEST(CentreLoss, GradientsAreSlopes) {
  Case at_random;
  at_random.outputs = {at::full({1, 1, 1, 3}, 0.3), at::full({1, 2, 1, 3}, 3.0), at::full({1, 2, 1, 3}, 0.4)};
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<at::Tensor> outputs;
    for (const at::Tensor& output : at_random.outputs) outputs.push_back(output.to(at::kDouble).requires_grad_(true));
    centre_loss(outputs, at_random.targets, at_random.weights).backward();
    const auto moved = [&](double by) {
      Case other = at_random;
      other.outputs[i] = other.outputs[i].clone();
      other.outputs[i][0][0][0][0] += by;
      return other.loss();
    };
    EXPECT_NEAR((moved(1e-2) - moved(-1e-2)) / 2e-2, outputs[i].grad()[0][0][0][0].item<double>(), 0.01) << i;
  }
}

}  // namespace
}  // namespace poise
