#include "poise/train/loss.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

at::Tensor maps(const std::vector<float>& values, at::IntArrayRef shape) { return at::tensor(values).view(shape); }

TEST(Loss, IsHalfTheMeanOverPersonsAndPixelsMeanOverJoints) {
  // Two persons, two joints, maps of 1x2. Squares: person 0: joint 0 1+4, joint 1 9+0; person 1: joint 0 0+1, joint
  // 1 16.
  const at::Tensor predicted = maps({1, 2, 3, 0, 0, 1, 4, 0}, {2, 2, 1, 2});
  const at::Tensor zero = at::zeros_like(predicted);
  const at::Tensor all = at::ones({2, 2});
  EXPECT_FLOAT_EQ(heatmap_loss(predicted, zero, all, {}).item<float>(), (0.5F * (6.0F / 4) + 0.5F * (25.0F / 4)) / 2);
  // Joint 1 of person 1 is not labelled: its squares are gone, its pixels still count in the mean.
  const at::Tensor some = maps({1, 1, 1, 0}, {2, 2});
  EXPECT_FLOAT_EQ(heatmap_loss(predicted, zero, some, {}).item<float>(), (0.5F * (6.0F / 4) + 0.5F * (9.0F / 4)) / 2);
  EXPECT_FLOAT_EQ(heatmap_loss(predicted, zero, some, {.target_weights = false}).item<float>(),
                  heatmap_loss(predicted, zero, all, {}).item<float>());
}

TEST(Loss, GradientIsTheFormula) {
  const at::Tensor predicted = maps({1, 2, 3, 0, 0, 1, 4, 0}, {2, 2, 1, 2}).set_requires_grad(true);
  const at::Tensor targets = at::full({2, 2, 1, 2}, 0.5F);
  const at::Tensor weights = maps({1, 0.5F, 2, 0}, {2, 2});
  heatmap_loss(predicted, targets, weights, {}).backward();
  // w^2 (p - t) / (K B H W).
  const at::Tensor wanted = weights.square().view({2, 2, 1, 1}) * (predicted.detach() - targets) / (2 * 2 * 1 * 2);
  EXPECT_LT((predicted.grad() - wanted).abs().max().item<float>(), 1e-7F);
}

TEST(Loss, HardJointsAreEachPersonsWorst) {
  // Half the mean over pixels: person 0: 1.25, 2.25, 0; person 1: 0.25, 4, 9.
  const at::Tensor predicted = maps({1, 2, 3, 0, 0, 0, 0, 1, 4, 0, 6, 0}, {2, 3, 1, 2});
  const at::Tensor zero = at::zeros_like(predicted);
  const at::Tensor all = at::ones({2, 3});
  EXPECT_FLOAT_EQ(heatmap_loss(predicted, zero, all, {.hard_joints = 2}).item<float>(),
                  ((1.25F + 2.25F) / 2 + (4.0F + 9.0F) / 2) / 2);
  EXPECT_FLOAT_EQ(heatmap_loss(predicted, zero, all, {.hard_joints = 9}).item<float>(),
                  (1.25F + 2.25F + 0.25F + 4.0F + 9.0F) / 6);
}

}  // namespace
}  // namespace poise
