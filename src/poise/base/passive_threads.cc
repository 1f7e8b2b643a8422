#include "poise/base/passive_threads.h"

#include <dlfcn.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace poise {
namespace {

/// What `#pragma omp parallel` is compiled to. Found when run, since this folder is built without OpenMP, and a process
/// has whichever its libraries bring.
using Parallel = void (*)(void (*work)(void*), void* data, unsigned threads, unsigned flags);

}  // namespace

struct PassiveThreads::State {
  explicit State(Parallel parallel)
      : thread([this, parallel] {
          parallel([](void*) {}, nullptr, std::thread::hardware_concurrency() + 1, 0);
          std::unique_lock lock(mutex);
          ready = true;
          wake.notify_all();
          wake.wait(lock, [this] { return over; });
        }) {
    std::unique_lock lock(mutex);
    wake.wait(lock, [this] { return ready; });
  }
  ~State() {
    {
      const std::lock_guard lock(mutex);
      over = true;
    }
    wake.notify_all();
    thread.join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::mutex mutex;
  std::condition_variable wake;
  bool ready = false, over = false;
  std::thread thread;  // last: it uses what stands above
};

PassiveThreads::PassiveThreads() {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what dlsym gives is a function
  const auto parallel = reinterpret_cast<Parallel>(::dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  const bool other_openmp = ::dlsym(RTLD_DEFAULT, "__kmpc_fork_call") != nullptr;  // LLVM's has that function too
  if (parallel != nullptr && !other_openmp) state_ = std::make_unique<State>(parallel);
}

PassiveThreads::~PassiveThreads() = default;

}  // namespace poise
