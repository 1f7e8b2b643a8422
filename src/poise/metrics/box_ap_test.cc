#include "poise/metrics/box_ap.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

TEST(BoxAp, EachTrueBoxIsFoundOnceAndTheBestScoreTakesIt) {
  const std::vector<Box> truth{{0, 0, 10, 10}, {20, 0, 10, 10}};
  const std::vector<ScoredBox> found{{{1, 0, 10, 10}, 0.5F}, {{0, 0, 10, 10}, 0.9F}, {{21, 1, 10, 10}, 0.3F}};
  const auto judged = judge_boxes(found, truth, 0.5F);
  ASSERT_EQ(judged.size(), 3U);
  EXPECT_TRUE(judged[0].right);
  EXPECT_FALSE(judged[1].right);
  EXPECT_TRUE(judged[2].right);
}

TEST(BoxAp, WhatLiesInAnIgnoredPlaceCountsForNothingUnlessItIsRight) {
  const std::vector<Box> truth{{0, 0, 10, 10}};
  const auto everywhere = [](const Box&) { return true; };
  const std::vector<ScoredBox> found{{{0, 0, 10, 10}, 0.9F}, {{50, 50, 10, 10}, 0.8F}};
  EXPECT_EQ(judge_boxes(found, truth, 0.5F, everywhere).size(), 1U);
  EXPECT_EQ(judge_boxes(found, truth, 0.5F).size(), 2U);
}

TEST(BoxAp, HandMadeCurve) {
  // Precision 1 up to recall 1/2, then 2/3 (of the last): 51 recalls at 1, 50 at 2/3.
  const std::vector<JudgedBox> judged{{0.2F, true}, {0.9F, true}, {0.5F, false}};
  EXPECT_NEAR(average_precision(judged, 2), (51 + 50 * 2.0 / 3) / 101, 1e-12);
  EXPECT_NEAR(average_precision(judged, 4), (26 + 25 * 2.0 / 3) / 101, 1e-12);
  EXPECT_EQ(average_precision({}, 3), 0);
  EXPECT_EQ(average_precision(judged, 0), 0);
}

}  // namespace
}  // namespace poise
