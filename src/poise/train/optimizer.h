#pragma once
// Adam, AdamW and SGD as torch.optim computes them. Internal: names types of LibTorch.

#include <cstdint>
#include <vector>

#include "poise/graph_torch/torch_graph.h"
#include "poise/train/train_options.h"

namespace poise {

class Optimizer {
 public:
  Optimizer(std::vector<NamedTensor> parameters, const OptimizerOptions& options);

  /// One step along the gradients, which are then cleared; a parameter without one stays.
  void step(double learning_rate);

  std::int64_t steps() const { return steps_; }
  /// Everything but the number of steps: "m.NAME" and "v.NAME" (Adam), "momentum.NAME" (SGD).
  std::vector<NamedTensor> state() const;
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  void adam(const std::vector<std::size_t>& learned, double rate);
  void sgd(const at::Tensor& parameter, const at::Tensor& gradient, std::size_t i, double rate);

  std::vector<NamedTensor> parameters_;
  OptimizerOptions options_;
  std::int64_t steps_ = 0;
  std::vector<at::Tensor> first_;   // Adam: mean of the gradients; SGD: momentum
  std::vector<at::Tensor> second_;  // Adam: mean of their squares
};

}  // namespace poise
