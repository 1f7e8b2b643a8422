#include "poise/base/memory.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

TEST(Memory, LimitIsAtMostFourGibibytes) {
  EXPECT_GT(default_memory_limit(), std::uint64_t{16} << 20U);
  EXPECT_LE(default_memory_limit(), std::uint64_t{4} << 30U);
  EXPECT_EQ(memory_limit(0), default_memory_limit());
  EXPECT_EQ(memory_limit(1), 1U);
}

TEST(Memory, MessageSaysWhatToDo) {
  const Error error = over_memory("the constants take", 8'464'000'001, std::uint64_t{4} << 30U);
  EXPECT_EQ(error.code, ErrorCode::kTooLarge);
  EXPECT_EQ(error.message.find("the constants take 8465 MB of memory, the limit is 4295 MB: "), 0U) << error.message;
  EXPECT_NE(error.message.find("max_memory"), std::string::npos);
}

TEST(ReadingBudget, IsSixTimesTheSourceAndAFixedSum) {
  ReadingBudget budget(1000);
  constexpr std::uint64_t kFixed = std::uint64_t{48} << 20U;
  EXPECT_TRUE(budget.take(kFixed + 6000).ok());
  EXPECT_FALSE(budget.take(1).ok());
  budget.give_back(101);
  EXPECT_TRUE(budget.take(100).ok());
  const Status spent = budget.take(1);
  ASSERT_FALSE(spent.ok());
  EXPECT_EQ(spent.error().code, ErrorCode::kTooLarge);
  EXPECT_NE(spent.error().message.find("51 MB"), std::string::npos) << spent.error().message;
}

}  // namespace
}  // namespace poise
