#include "poise/train/feed.h"

#include <cstring>
#include <utility>

#include "poise/graph_torch/torch_graph.h"

namespace poise {
namespace {

at::Tensor on_device(const Tensor& tensor, at::Device device) {
  if (device.is_cpu()) return to_torch(tensor);
  const at::Tensor locked = at::empty(tensor.shape(), at::TensorOptions(at::kFloat).pinned_memory(true));
  if (tensor.count() > 0) std::memcpy(locked.data_ptr(), tensor.data(), tensor.bytes());
  return locked.to(device, /*non_blocking=*/true);
}

}  // namespace

Feed::~Feed() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Feed::Taken Feed::take() {
  POISE_TRY(std::optional<Batch> batch, loader_.next());
  if (!batch) return std::optional<TorchBatch>();
  auto moved = guarded([&]() -> Taken {
    return std::optional<TorchBatch>(TorchBatch{on_device(batch->images, device_), on_device(batch->targets, device_),
                                                on_device(batch->weights, device_), batch->epoch, batch->number});
  });
  loader_.recycle(std::move(*batch));
  return moved;
}

void Feed::run() {
  while (true) {
    Taken taken = take();
    const bool last = !taken.ok() || !*taken;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || ready_.size() < kAhead; });
    if (stop_) return;
    ready_.push_back(std::move(taken));
    changed_.notify_all();
    if (last) return;
  }
}

Result<std::optional<TorchBatch>> Feed::next() {
  if (!ahead_) return take();
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.wait(lock, [this] { return !ready_.empty(); });
  if (!ready_.front().ok() || !*ready_.front()) return ready_.front();  // again and again, as the loader
  Taken taken = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return taken;
}

}  // namespace poise
