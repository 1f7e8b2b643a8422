#include "poise/base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace poise {
namespace {

TEST(Random, FirstStreamIsSplitMix64) {
  // The published sequence of seed 0, as in Java's SplittableRandom and Vigna's splitmix64.c.
  Random random(0);
  for (const std::uint64_t expected :
       {0xe220a8397b1dcdafULL, 0x6e789e6aa1b965f4ULL, 0x06c45d188009454fULL, 0xf88bb8a8724c81ecULL}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(Random, DrawsDependOnTheKeyAlone) {
  Random first(7, 3, 11);
  Random other(7, 3, 12);
  other.next();
  Random again(7, 3, 11);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(first.next(), again.next());
  EXPECT_NE(Random(7, 3, 11).next(), Random(7, 3, 12).next());
  EXPECT_NE(Random(7, 3, 11).next(), Random(7, 4, 11).next());
  EXPECT_NE(Random(7, 3, 11).next(), Random(8, 3, 11).next());
  EXPECT_NE(Random(7, 3, 11).next(), Random(7, 11, 3).next());
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(1);
  double sum = 0;
  double normal_sum = 0;
  double normal_squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    const double n = random.normal();
    normal_sum += n;
    normal_squares += n * n;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.01);  // ten standard errors and more
  EXPECT_NEAR(normal_sum / kDraws, 0.0, 0.03);
  EXPECT_NEAR(normal_squares / kDraws, 1.0, 0.05);
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  Random random(2);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) ++seen.at(random.below(6));
  for (const int count : seen) EXPECT_NEAR(count, 1000, 200);
  EXPECT_EQ(random.below(1), 0U);
}

}  // namespace
}  // namespace poise
