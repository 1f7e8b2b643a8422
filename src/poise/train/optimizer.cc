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
  std::vector<std::size_t> learned;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].tensor.grad().defined()) learned.push_back(i);
  }
  if (options_.kind == OptimizerOptions::Kind::kSgd) {
    for (const std::size_t i : learned) sgd(parameters_[i].tensor, parameters_[i].tensor.grad(), i, learning_rate);
  } else if (!learned.empty()) {
    adam(learned, learning_rate);
  }
  for (const std::size_t i : learned) parameters_[i].tensor.mutable_grad().reset();
}

// torch/optim/adam.py and adamw.py, _multi_tensor_adam and _multi_tensor_adamw: each operation over all tensors at
// once, which on a GPU is a few launches, not one a tensor. On a CPU the bits are those of one tensor after another.
void Optimizer::adam(const std::vector<std::size_t>& learned, double rate) {
  std::vector<at::Tensor> parameters, gradients, first, second;
  for (const std::size_t i : learned) {
    parameters.push_back(parameters_[i].tensor);
    gradients.push_back(parameters_[i].tensor.grad());
    first.push_back(first_[i]);
    second.push_back(second_[i]);
  }
  if (options_.kind == OptimizerOptions::Kind::kAdamW)
    at::_foreach_mul_(parameters, 1.0 - rate * options_.weight_decay);
  const auto steps = static_cast<double>(steps_);
  const double correction1 = 1.0 - std::pow(options_.beta1, steps);
  const double correction2 = 1.0 - std::pow(options_.beta2, steps);
  at::_foreach_mul_(first, options_.beta1);
  at::_foreach_add_(first, gradients, 1.0 - options_.beta1);
  at::_foreach_mul_(second, options_.beta2);
  at::_foreach_addcmul_(second, gradients, gradients, 1.0 - options_.beta2);
  const std::vector<at::Tensor> denominators = at::_foreach_sqrt(second);
  at::_foreach_div_(denominators, std::sqrt(correction2));
  at::_foreach_add_(denominators, options_.epsilon);
  at::_foreach_addcdiv_(parameters, first, denominators, -rate / correction1);
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
