#include "poise/train/optimizer.h"

#include <cmath>
#include <utility>

namespace poise {

Optimizer::Optimizer(std::vector<NamedTensor> parameters, const OptimizerOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  for (const NamedTensor& parameter : parameters_) {
    first_.push_back(at::zeros_like(parameter.tensor));
    if (options_.kind != OptimizerOptions::Kind::kSgd) second_.push_back(at::zeros_like(parameter.tensor));
  }
}

void Optimizer::step(double learning_rate) {
  const at::NoGradGuard no_gradients;
  ++steps_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& parameter = parameters_[i].tensor;
    if (!parameter.grad().defined()) continue;
    if (options_.kind == OptimizerOptions::Kind::kSgd) {
      sgd(parameter, parameter.grad(), i, learning_rate);
    } else {
      adam(parameter, parameter.grad(), i, learning_rate);
    }
    parameter.mutable_grad().reset();
  }
}

// torch/optim/adam.py and adamw.py, _single_tensor_adam and _single_tensor_adamw.
void Optimizer::adam(const at::Tensor& parameter, const at::Tensor& gradient, std::size_t i, double rate) {
  if (options_.kind == OptimizerOptions::Kind::kAdamW) parameter.mul_(1.0 - rate * options_.weight_decay);
  const auto steps = static_cast<double>(steps_);
  const double correction1 = 1.0 - std::pow(options_.beta1, steps);
  const double correction2 = 1.0 - std::pow(options_.beta2, steps);
  first_[i].mul_(options_.beta1).add_(gradient, 1.0 - options_.beta1);
  second_[i].mul_(options_.beta2).addcmul_(gradient, gradient, 1.0 - options_.beta2);
  const at::Tensor denominator = second_[i].sqrt().div_(std::sqrt(correction2)).add_(options_.epsilon);
  parameter.addcdiv_(first_[i], denominator, -rate / correction1);
}

// torch/optim/sgd.py, _single_tensor_sgd, without dampening: there the first step sets the buffer to the gradient,
// which is what a buffer of zeros gives.
void Optimizer::sgd(const at::Tensor& parameter, const at::Tensor& gradient, std::size_t i, double rate) {
  const at::Tensor decayed = options_.weight_decay > 0 ? gradient.add(parameter, options_.weight_decay) : gradient;
  first_[i].mul_(options_.momentum).add_(decayed);
  parameter.add_(options_.nesterov ? decayed.add(first_[i], options_.momentum) : first_[i], -rate);
}

std::vector<NamedTensor> Optimizer::state() const {
  std::vector<NamedTensor> named;
  const bool is_sgd = options_.kind == OptimizerOptions::Kind::kSgd;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    named.push_back({(is_sgd ? "momentum." : "m.") + parameters_[i].name, first_[i]});
    if (!is_sgd) named.push_back({"v." + parameters_[i].name, second_[i]});
  }
  return named;
}

}  // namespace poise
