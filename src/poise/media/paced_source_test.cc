#include "poise/media/paced_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "poise/media/test_frames.h"

namespace poise {
namespace {

using namespace testing_frames;
using Clock = std::chrono::steady_clock;

TEST(PacedSource, NoFrameComesBeforeItsTime) {
  const auto source = at_its_pace(std::make_unique<CountedSource>(4, 100, "cable pulled"));
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(source->next().value()->index, i);
    EXPECT_GE(std::chrono::duration<double>(Clock::now() - begin).count(), .01 * i);
  }
  EXPECT_EQ(source->next().error().message, "cable pulled");
}

TEST(PacedSource, InterruptEndsAWait) {
  const auto source = at_its_pace(std::make_unique<CountedSource>(2, 1e-6));  // the second comes in eleven days
  ASSERT_TRUE(source->next().value());
  std::thread other([&] { source->interrupt(); });
  EXPECT_FALSE(source->next().value());
  other.join();
}

}  // namespace
}  // namespace poise
