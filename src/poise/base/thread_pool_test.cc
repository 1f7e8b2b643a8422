#include "poise/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace poise {
namespace {

TEST(ThreadPool, FuturesCarryValuesAndExceptions) {
  ThreadPool pool(3);
  std::vector<std::future<int>> squares;
  squares.reserve(1000);
  for (int i = 0; i < 1000; ++i) squares.push_back(pool.submit([i] { return i * i; }));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(squares[static_cast<std::size_t>(i)].get(), i * i);
  auto failing = pool.submit([]() -> int { throw std::runtime_error("no such photo"); });
  EXPECT_THROW(failing.get(), std::runtime_error);
  EXPECT_EQ(pool.submit([] { return 5; }).get(), 5);  // the pool lives on
}

TEST(ThreadPool, DestructorFinishesWhatWasSubmitted) {
  std::atomic<int> done{0};
  {
    ThreadPool pool(2);
    for (int i = 0; i < 500; ++i) (void)pool.submit([&done] { ++done; });
  }
  EXPECT_EQ(done, 500);
}

TEST(ThreadPool, WorkRunsSideBySide) {
  ThreadPool pool(2);
  std::promise<void> from_first;
  std::promise<void> from_second;
  auto first = pool.submit([&] {
    from_first.set_value();
    return from_second.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  });
  auto second = pool.submit([&] {
    from_second.set_value();
    return from_first.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  });
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
}

TEST(ThreadPool, NoThreadsMeansOne) {
  ThreadPool pool(0);
  EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
}

}  // namespace
}  // namespace poise
