#pragma once
// Threads that share one bounded queue. Thread-safe.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace poise {

/// Work that nobody waits for any more is not begun.
using CancelFlag = std::shared_ptr<std::atomic<bool>>;
inline CancelFlag make_cancel_flag() { return std::make_shared<std::atomic<bool>>(false); }

class WorkQueue {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Turn {
    kRun,
    kExpired,    // its deadline passed while it waited
    kCancelled,  // its flag was set, or the queue ended
  };
  struct Work {
    std::function<void(std::size_t thread, Turn turn)> run;  // once, on thread 0 ... threads - 1; must not throw
    CancelFlag cancelled = {};                               // may be empty
    Clock::time_point deadline = Clock::time_point::max();
  };

  WorkQueue(std::size_t threads, std::size_t most_waiting);
  ~WorkQueue();  // as end()
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// False where as many wait as may, or after end(): the work is not taken.
  bool push(Work work);
  std::size_t waiting() const;
  /// Whether nothing waits and nothing runs.
  bool idle() const;
  bool ended() const;
  /// What runs is finished, what waits is cancelled. Once; not from a thread of the queue's own.
  void end();

 private:
  void loop(std::size_t thread);
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> waiting_;
  std::size_t most_waiting_;
  std::size_t running_ = 0;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace poise
