#include "poise/serve/work_queue.h"

#include <utility>

namespace poise {

WorkQueue::WorkQueue(std::size_t threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { loop(i); });
}

WorkQueue::~WorkQueue() { end(); }

bool WorkQueue::push(Work work) {
  {
    const std::lock_guard lock(mutex_);
    // Where a thread is free, what is pushed does not wait.
    if (ended_ || waiting_.size() >= most_waiting_ + (threads_.size() - running_)) return false;
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

std::size_t WorkQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

bool WorkQueue::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && running_ == 0;
}

bool WorkQueue::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void WorkQueue::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkQueue::loop(std::size_t thread) {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    Turn turn = Turn::kRun;
    if (ended_ || (work.cancelled && work.cancelled->load())) {
      turn = Turn::kCancelled;
    } else if (Clock::now() > work.deadline) {
      turn = Turn::kExpired;
    }
    ++running_;
    lock.unlock();
    work.run(thread, turn);
    work = {};  // what it holds goes before it counts as done
    lock.lock();
    --running_;
  }
}

}  // namespace poise
