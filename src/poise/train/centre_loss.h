#pragma once
// What objects as points learn by. Internal: names types of LibTorch.

#include <ATen/ATen.h>

#include <vector>

#include "poise/train/train_options.h"

namespace poise {

/// outputs: heatmap (N, 1, h, w) in [0, 1], size and offset (N, 2, h, w); targets (N, 5, h, w) and weights (N, 2, h, w)
/// as EncodedCentres has them. The focal loss of the heatmap (CornerNet, equation 1) over the number of centres, and
/// the mean absolute differences of size and offset at centres, and 1 - GIoU of the boxes at the cells that have a
/// weight (Rezatofighi et al., CVPR 2019), over the sum of these, weighted. A scalar.
at::Tensor centre_loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets, const at::Tensor& weights,
                       const CentreLossOptions& options = {});

}  // namespace poise
