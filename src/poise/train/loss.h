#pragma once
// Losses of heatmaps. Internal: names types of LibTorch.

#include <ATen/ATen.h>

#include "poise/train/train_options.h"

namespace poise {

/// Simple Baselines, lib/core/loss.py, JointsMSELoss: the mean over joints of half the mean over persons and pixels of
/// (w p - w t)^2, persons of weight 0 counted in. With hard_joints, HRNet's JointsOHKMMSELoss: the mean over each
/// person's worst joints (by half the mean over pixels) and over persons. predicted, targets: (N, K, h, w); weights:
/// (N, K). A scalar.
at::Tensor heatmap_loss(const at::Tensor& predicted, const at::Tensor& targets, const at::Tensor& weights,
                        const LossOptions& options);

}  // namespace poise
