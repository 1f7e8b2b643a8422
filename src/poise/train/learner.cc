#include "poise/train/learner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

namespace poise {
namespace {

constexpr const char* kLearning = "train.weights.";  // the network's, where the weights to run are the average's

class Stopwatch {
 public:
  /// Seconds since the last lap.
  double lap() {
    const Clock::time_point now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
};

std::vector<NamedTensor> all_of(const TorchGraph& network) {
  std::vector<NamedTensor> all = network.parameters();
  all.insert(all.end(), network.statistics().begin(), network.statistics().end());
  return all;
}

void put_all(Checkpoint& checkpoint, const std::string& prefix, const std::vector<NamedTensor>& tensors) {
  for (const auto& [name, tensor] : tensors) {
    checkpoint.tensors[prefix + name] = std::make_shared<const Tensor>(from_torch(tensor));
  }
}

Status take_all(const Checkpoint& checkpoint, const std::string& prefix, const std::vector<NamedTensor>& tensors) {
  const at::NoGradGuard no_gradients;
  for (const auto& [name, tensor] : tensors) {
    const std::string full = prefix + name;
    const auto found = checkpoint.tensors.find(full);
    const bool fits = found != checkpoint.tensors.end() && found->second->shape() == tensor.sizes().vec() &&
                      found->second->type() == DType::kFloat32;
    if (!fits) {
      const std::string what =
          found == checkpoint.tensors.end() ? "is not there" : "is " + to_string(found->second->shape());
      return invalid_argument(full + " " + what + ", the network wants " + to_string(tensor.sizes().vec()) +
                              ": the checkpoint is another network's or optimizer's");
    }
    tensor.copy_(to_torch(*found->second));
  }
  return {};
}

/// What a message lists: the layers and groups that names begin with, each once.
std::string layers_of(const TorchGraph& network) {
  std::string list, last;
  for (const NamedTensor& parameter : network.parameters()) {
    const std::string layer = parameter.name.substr(0, parameter.name.find('.'));
    if (layer == last) continue;
    list += (list.empty() ? "" : ", ") + layer;
    last = layer;
  }
  return list;
}

/// Each name is a layer's or a group's, and something is left to learn.
Status check_frozen(const TorchGraph& network, const std::vector<std::string>& frozen) {
  const std::vector<NamedTensor>& all = network.parameters();
  for (const std::string& name : frozen) {
    if (std::ranges::none_of(all, [&](const NamedTensor& p) { return is_frozen(p.name, {name}); })) {
      return invalid_argument("TRAIN.FREEZE: no layer is called " + name + ": there are " + layers_of(network));
    }
  }
  if (!frozen.empty() && std::ranges::all_of(all, [&](const NamedTensor& p) { return is_frozen(p.name, frozen); })) {
    return invalid_argument("TRAIN.FREEZE: nothing is left to learn: leave a layer out of it");
  }
  return {};
}

}  // namespace

Learner::Learner(TorchGraph network, std::optional<TorchGraph> average, const TrainOptions& options, at::Device device)
    : options_(options),
      device_(device),
      network_(std::move(network)),
      average_(std::move(average)),
      optimizer_(network_.parameters(), options.optimizer) {}

Result<Learner> Learner::create(const Graph& graph, const TrainOptions& options) {
  POISE_TRY(const at::Device device, torch_device(options.device));
  set_torch_threads(options.threads);
  if (device.is_cuda()) at::globalContext().setBenchmarkCuDNN(true);  // shapes stay the same: the search pays
  const TorchOptions torch{
      .device = device, .bfloat16 = options.bfloat16, .channels_last = true, .frozen = options.frozen};
  POISE_TRY(TorchGraph network, TorchGraph::create(graph, torch));
  POISE_RETURN_IF_ERROR(check_frozen(network, options.frozen));
  std::optional<TorchGraph> average;
  if (options.ema > 0) {
    POISE_TRY(average, TorchGraph::create(graph, torch));
  }
  return Learner(std::move(network), std::move(average), options, device);
}

Result<double> Learner::learn(const Task& task, const TorchBatch& batch, std::size_t batches) {
  return guarded([&]() -> Result<double> {
    Stopwatch watch;
    const std::vector<at::Tensor> outputs = network_.forward({batch.images}, true);
    const at::Tensor total = task.loss(outputs, batch.targets, batch.weights);
    const auto value = total.item<double>();
    time_.forward += watch.lap();
    if (!std::isfinite(value)) return value;
    (batches > 1 ? total / static_cast<double>(batches) : total).backward();
    time_.backward += watch.lap();
    return value;
  });
}

Status Learner::update(double learning_rate, std::int64_t step) {
  Stopwatch watch;
  const Status done = guarded([&]() -> Status {
    optimizer_.step(learning_rate);
    if (!average_) return {};
    const at::NoGradGuard no_gradients;
    const double decay = ema_decay(options_.ema, step);
    const std::vector<NamedTensor> from = all_of(network_), into = all_of(*average_);
    for (std::size_t i = 0; i < from.size(); ++i) into[i].tensor.lerp_(from[i].tensor, 1.0 - decay);
    return {};
  });
  time_.update += watch.lap();
  return done;
}

void Learner::put(Checkpoint& checkpoint, bool everything) const {
  put_all(checkpoint, "", all_of(average_ ? *average_ : network_));
  if (!everything) return;
  if (average_) put_all(checkpoint, kLearning, all_of(network_));
  put_all(checkpoint, kTrainPrefix, optimizer_.state());
}

Status Learner::take(const Checkpoint& checkpoint, std::int64_t steps) {
  Status taken = guarded([&]() -> Status {
    POISE_RETURN_IF_ERROR(take_all(checkpoint, average_ ? kLearning : "", all_of(network_)));
    if (average_) POISE_RETURN_IF_ERROR(take_all(checkpoint, "", all_of(*average_)));
    return take_all(checkpoint, kTrainPrefix, optimizer_.state());
  });
  if (!taken.ok()) return taken;
  optimizer_.set_steps(steps);
  return {};
}

}  // namespace poise
