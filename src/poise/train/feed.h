#pragma once
// What stands between the loader and the network: batches as LibTorch's tensors, on the network's device. Internal:
// names types of LibTorch.

#include <ATen/ATen.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "poise/base/result.h"
#include "poise/data/loader.h"

namespace poise {

struct TorchBatch {
  at::Tensor images, targets, weights;  // as those of Batch
  std::uint64_t epoch = 0;
  std::size_t number = 0;
};

/// For the CPU batches are taken as they are asked for. For a GPU a thread of its own takes them ahead, through
/// page-locked memory, so that the device does not wait for the copy. The same batches in the same order either way.
class Feed {
 public:
  /// `loader` outlives this, and nobody else takes from it once next() was called.
  Feed(Loader& loader, at::Device device) : Feed(loader, device, !device.is_cpu()) {}
  Feed(Loader& loader, at::Device device, bool ahead) : loader_(loader), device_(device), ahead_(ahead) {}
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// Nothing after the last epoch. Errors: those of Loader::next(), of LibTorch. One thread at a time.
  Result<std::optional<TorchBatch>> next();

 private:
  using Taken = Result<std::optional<TorchBatch>>;
  static constexpr std::size_t kAhead = 2;
  Taken take();
  void run();

  Loader& loader_;
  at::Device device_;
  bool ahead_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Taken> ready_;  // guarded by mutex_, as stop_
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace poise
