#include "poise/base/passive_threads.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>
#include <vector>

namespace poise {
namespace {

int sum_in_parallel() {
  int sum = 0;
#pragma omp parallel for num_threads(3) reduction(+ : sum)
  for (int i = 0; i < 1000; ++i) sum += i;
  return sum;
}

TEST(PassiveThreads, AreInForceWithLibgompAndParallelRegionsRun) {
  unsetenv("OMP_WAIT_POLICY");
  unsetenv("GOMP_SPINCOUNT");
  for (int round = 0; round < 3; ++round) {
    const PassiveThreads passive;
#if defined(__clang__)
    EXPECT_EQ(sum_in_parallel(), 499500);
#else
    EXPECT_TRUE(passive.active());
#endif
    std::vector<std::thread> users;
    for (int i = 0; i < 3; ++i) users.emplace_back([] { EXPECT_EQ(sum_in_parallel(), 499500); });
    for (std::thread& user : users) user.join();
  }
}

TEST(PassiveThreads, LeaveWhatTheUserSet) {
  setenv("OMP_WAIT_POLICY", "active", 1);
  EXPECT_FALSE(PassiveThreads().active());
  unsetenv("OMP_WAIT_POLICY");
}

}  // namespace
}  // namespace poise
