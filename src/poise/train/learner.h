#pragma once
// What learns: the network, its moving average, its optimizer. Internal: names types of LibTorch.

#include <optional>
#include <utility>
#include <vector>

#include "poise/graph_torch/torch_graph.h"
#include "poise/train/feed.h"
#include "poise/train/optimizer.h"
#include "poise/train/task.h"
#include "poise/train/train_options.h"
#include "poise/weights/checkpoint.h"

namespace poise {

/// Seconds.
struct LearningTime {
  double forward = 0;  // the loss included
  double backward = 0;
  double update = 0;  // optimizer and moving average
};

class Learner {
 public:
  /// On the device of the options, which also set the number of LibTorch's threads. Errors: kInvalidArgument (no such
  /// device; a frozen layer that is not there, or that nothing is left to learn), those of TorchGraph::create().
  static Result<Learner> create(const Graph& graph, const TrainOptions& options);

  /// Adds a batch's gradients, one of `batches` that make an update together, and gives its loss. Of a loss that is no
  /// number nothing is added.
  Result<double> learn(const Task& task, const TorchBatch& batch, std::size_t batches);
  /// The step-th update (from 0) along the gradients, which are then cleared.
  Status update(double learning_rate, std::int64_t step);

  at::Device device() const { return device_; }

  /// Spent since the last call.
  LearningTime take_time() { return std::exchange(time_, {}); }

  /// What is measured and shipped: the moving average where there is one.
  TorchGraph& measured() { return average_ ? *average_ : network_; }

  /// The weights to run; with `everything` also what only training needs.
  void put(Checkpoint& checkpoint, bool everything) const;
  /// The state after `steps` updates. Errors: kInvalidArgument, naming the first tensor that does not fit.
  Status take(const Checkpoint& checkpoint, std::int64_t steps);

 private:
  Learner(TorchGraph network, std::optional<TorchGraph> average, const TrainOptions& options, at::Device device);

  TrainOptions options_;
  at::Device device_;
  TorchGraph network_;
  std::optional<TorchGraph> average_;
  Optimizer optimizer_;
  LearningTime time_;
};

}  // namespace poise
