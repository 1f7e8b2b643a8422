#include "poise/train/loss.h"

#include <algorithm>

namespace poise {

at::Tensor heatmap_loss(const at::Tensor& predicted, const at::Tensor& targets, const at::Tensor& weights,
                        const LossOptions& options) {
  at::Tensor difference = predicted - targets;
  if (options.target_weights) difference = difference * weights.unsqueeze(2).unsqueeze(3);
  // Every joint has as many persons and pixels: the mean of means is the mean.
  if (options.hard_joints == 0) return 0.5 * difference.square().mean();
  const at::Tensor of_joints = 0.5 * difference.square().mean({2, 3});
  const std::int64_t count = std::min<std::int64_t>(options.hard_joints, of_joints.size(1));
  return std::get<0>(of_joints.topk(count, 1)).mean();
}

}  // namespace poise
