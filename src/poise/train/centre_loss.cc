#include "poise/train/centre_loss.h"

namespace poise {

at::Tensor centre_loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets, const at::Tensor& weights,
                       const CentreLossOptions& options) {
  constexpr double kTiny = 1e-6;  // a probability of 0 or 1 has a loss all the same
  const at::Tensor heat = outputs[0].to(at::kFloat);
  const at::Tensor centre = weights.narrow(1, 1, 1);
  const at::Tensor count = centre.sum().clamp_min(1.0);
  const at::Tensor against = (1.0 - targets.narrow(1, 0, 1)).pow(options.beta) * weights.narrow(1, 0, 1);
  const at::Tensor missed = (1.0 - heat).pow(options.alpha) * (heat + kTiny).log() * centre;
  const at::Tensor wrong = heat.pow(options.alpha) * (1.0 - heat + kTiny).log() * against;
  const auto difference = [&](std::size_t output, std::int64_t plane) {
    return ((outputs[output] - targets.narrow(1, plane, 2)).abs() * centre).sum() / (2.0 * count);
  };
  return -(missed + wrong).sum() / count + options.size * difference(1, 1) + options.offset * difference(2, 3);
}

}  // namespace poise
