#include "poise/engine/backends/onednn/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "poise/base/random.h"

namespace poise::onednn {
namespace {

struct Made {
  int first, last;
  std::size_t bytes;
};

/// One buffer a step, of up to 4 kB, alive for up to eight steps.
std::vector<Made> make(Arena& arena, int count) {
  Random random(5);
  std::vector<Made> buffers;
  for (int step = 0; step < count; ++step) {
    buffers.push_back({step, step + static_cast<int>(random.below(8)), 1 + random.below(4096)});
    EXPECT_EQ(arena.add(buffers.back().bytes, step), step);
    arena.touch(step, buffers.back().last);
  }
  arena.place();
  return buffers;
}

class OfSomeBuffers : public testing::TestWithParam<int> {};

TEST_P(OfSomeBuffers, ThoseAliveTogetherDoNotOverlap) {
  Arena arena;
  const std::vector<Made> buffers = make(arena, GetParam());
  ASSERT_TRUE(arena.allocate());
  const auto address = [&arena](std::size_t i) {
    return reinterpret_cast<std::uintptr_t>(arena.data(static_cast<int>(i)));
  };
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    for (std::size_t j = i + 1; j < buffers.size() && buffers[j].first < buffers[i].first + 8; ++j) {
      if (buffers[j].first > buffers[i].last) continue;
      ASSERT_TRUE(address(i) + buffers[i].bytes <= address(j) || address(j) + buffers[j].bytes <= address(i));
    }
  }
  EXPECT_GE(arena.bytes(), arena.ideal_bytes());
  EXPECT_LE(arena.bytes(), 2 * arena.ideal_bytes());
}

/// On either side of the number from which they are placed in the order of their steps.
INSTANTIATE_TEST_SUITE_P(Arena, OfSomeBuffers, testing::Values(1, 500, 8192, 8193, 100'000));

TEST(Arena, OfNothingNeedsNoMemory) {
  Arena arena;
  arena.place();
  EXPECT_TRUE(arena.allocate());
  EXPECT_EQ(arena.bytes(), 0U);
  EXPECT_EQ(arena.ideal_bytes(), 0U);
}

}  // namespace
}  // namespace poise::onednn
