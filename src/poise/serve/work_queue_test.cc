#include "poise/serve/work_queue.h"

#include <gtest/gtest.h>

#include <future>

namespace poise {
namespace {

using Turn = WorkQueue::Turn;

/// Holds a thread of the queue until it goes.
class Blocker {
 public:
  explicit Blocker(WorkQueue& queue) {
    std::promise<void> begun;
    auto running = begun.get_future();
    EXPECT_TRUE(queue.push({[this, &begun](std::size_t, Turn) {
      begun.set_value();
      gate_.get_future().wait();
    }}));
    running.wait();
  }
  void go() { gate_.set_value(); }

 private:
  std::promise<void> gate_;
};

TEST(WorkQueue, RunsAllInOrderOnItsThreads) {
  std::vector<int> done;
  {
    WorkQueue queue(1, 100);
    Blocker blocker(queue);
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(queue.push({[&done, i](std::size_t thread, Turn turn) {
        EXPECT_EQ(thread, 0U);
        EXPECT_EQ(turn, Turn::kRun);
        done.push_back(i);
      }}));
    }
    EXPECT_EQ(queue.waiting(), 50U);
    EXPECT_FALSE(queue.idle());
    blocker.go();
    while (!queue.idle()) std::this_thread::yield();
  }
  ASSERT_EQ(done.size(), 50U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(WorkQueue, IsBoundedAndEndsWithoutLosingACall) {
  WorkQueue queue(1, 2);
  Blocker blocker(queue);
  std::atomic<int> cancelled = 0;
  const auto count = [&](std::size_t, Turn turn) { cancelled += turn == Turn::kCancelled ? 1 : 0; };
  EXPECT_TRUE(queue.push({count}));
  EXPECT_TRUE(queue.push({count}));
  EXPECT_FALSE(queue.push({count}));
  std::thread end([&] { queue.end(); });
  while (!queue.ended()) std::this_thread::yield();
  blocker.go();
  end.join();
  EXPECT_EQ(cancelled, 2);
  EXPECT_FALSE(queue.push({count}));
}

TEST(WorkQueue, WhatNobodyWaitsForAndWhatIsTooLateIsNotRun) {
  WorkQueue queue(1, 10);
  Blocker blocker(queue);
  std::vector<Turn> turns;
  const auto note = [&](std::size_t, Turn turn) { turns.push_back(turn); };
  const CancelFlag flag = make_cancel_flag();
  queue.push({note, flag});
  queue.push({note, {}, WorkQueue::Clock::now() - std::chrono::seconds(1)});
  queue.push({note, make_cancel_flag()});
  flag->store(true);
  blocker.go();
  while (!queue.idle()) std::this_thread::yield();
  EXPECT_EQ(turns, (std::vector<Turn>{Turn::kCancelled, Turn::kExpired, Turn::kRun}));
}

}  // namespace
}  // namespace poise
