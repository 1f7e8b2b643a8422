#include "poise/train/centre_loss.h"

namespace poise {

namespace {

struct Edges {
  at::Tensor left, top, right, bottom;
  /// Of boxes as a cell tells them: centres from the cell's corner, which cancels where two of one cell are compared.
  Edges(const at::Tensor& size, const at::Tensor& offset) {
    const at::Tensor half_width = size.narrow(1, 0, 1).clamp_min(0) / 2,
                     half_height = size.narrow(1, 1, 1).clamp_min(0) / 2;
    const at::Tensor x = offset.narrow(1, 0, 1), y = offset.narrow(1, 1, 1);
    left = x - half_width, right = x + half_width, top = y - half_height, bottom = y + half_height;
  }
  at::Tensor area() const { return (right - left) * (bottom - top); }
};

/// (N, 1, h, w), from -1 to 1.
at::Tensor generalised_iou(const Edges& a, const Edges& b) {
  constexpr double kTiny = 1e-6;
  const at::Tensor shared = (at::minimum(a.right, b.right) - at::maximum(a.left, b.left)).clamp_min(0) *
                            (at::minimum(a.bottom, b.bottom) - at::maximum(a.top, b.top)).clamp_min(0);
  const at::Tensor hull = (at::maximum(a.right, b.right) - at::minimum(a.left, b.left)) *
                          (at::maximum(a.bottom, b.bottom) - at::minimum(a.top, b.top));
  const at::Tensor both = a.area() + b.area() - shared;
  return shared / (both + kTiny) - (hull - both) / (hull + kTiny);
}

}  // namespace

at::Tensor centre_loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets, const at::Tensor& weights,
                       const CentreLossOptions& options) {
  constexpr double kTiny = 1e-6;  // a probability of 0 or 1 has a loss all the same
  const at::Tensor heat = outputs[0].to(at::kFloat);
  const at::Tensor near = weights.narrow(1, 1, 1);
  const at::Tensor centre = near.eq(1).to(at::kFloat);
  const at::Tensor count = centre.sum().clamp_min(1.0);
  const at::Tensor against = (1.0 - targets.narrow(1, 0, 1)).pow(options.beta) * weights.narrow(1, 0, 1);
  const at::Tensor missed = (1.0 - heat).pow(options.alpha) * (heat + kTiny).log() * centre;
  const at::Tensor wrong = heat.pow(options.alpha) * (1.0 - heat + kTiny).log() * against;
  const auto difference = [&](std::size_t output, std::int64_t plane) {
    return ((outputs[output] - targets.narrow(1, plane, 2)).abs() * centre).sum() / (2.0 * count);
  };
  at::Tensor loss =
      -(missed + wrong).sum() / count + options.size * difference(1, 1) + options.offset * difference(2, 3);
  if (options.giou > 0) {
    const Edges found(outputs[1].to(at::kFloat), outputs[2].to(at::kFloat));
    const Edges truth(targets.narrow(1, 1, 2), targets.narrow(1, 3, 2));
    loss = loss + options.giou * ((1.0 - generalised_iou(found, truth)) * near).sum() / near.sum().clamp_min(1.0);
  }
  return loss;
}

}  // namespace poise
