#include "poise/base/median.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

TEST(Median, OfAnOddNumberIsTheMiddle) {
  std::vector<double> three{5, 1, 3}, one{7};
  EXPECT_EQ(median(three), 3);
  EXPECT_EQ(upper_median(three), 3);
  EXPECT_EQ(median(one), 7);
}

TEST(Median, OfAnEvenNumberIsTheMeanOfTwoOrTheUpper) {
  std::vector<float> four{8, 1, 2, 4};
  EXPECT_EQ(median(four), 3);
  EXPECT_EQ(upper_median(four), 4);
}

}  // namespace
}  // namespace poise
