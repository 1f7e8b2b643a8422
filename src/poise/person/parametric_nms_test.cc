#include "poise/person/parametric_nms.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

/// 17 joints down a line, moved by dx, in a box of 100 x 200.
Pose person(float x, float score, float dx = 0) {
  Pose pose;
  for (int j = 0; j < 17; ++j) pose.keypoints.push_back({{x + dx, 10.0F * static_cast<float>(j)}, score});
  pose.box = {x - 50, 0, 100, 200};
  pose.box_score = 0.5F;
  return pose;
}

TEST(ParametricNms, DoublesAreMergedByScore) {
  const std::vector<Pose> poses{person(100, 0.4F, 3), person(100, 0.8F), person(300, 0.6F)};
  const auto kept = parametric_nms(poses);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].index, 1);
  EXPECT_EQ(kept[1].index, 2);
  // Weights .8 and .4 of x = 100 and 103; score (.64 + .16) / 1.2; then mean + box + 1.25 best.
  EXPECT_NEAR(kept[0].pose.keypoints[5].point.x, 101, 1e-4);
  EXPECT_NEAR(kept[0].pose.keypoints[5].point.y, 50, 1e-4);
  EXPECT_NEAR(kept[0].pose.keypoints[5].score, 0.8F / 1.2F, 1e-5);
  EXPECT_NEAR(kept[0].pose.score, 0.8F / 1.2F * 2.25F + 0.5F, 1e-5);
}

TEST(ParametricNms, FiveJointsWithinReachAreADouble) {
  for (const int together : {4, 5}) {
    Pose other = person(100, 0.5F, 60);
    for (int j = 0; j < together; ++j) other.keypoints[static_cast<std::size_t>(j)].point.x = 106;  // reach is 7
    const std::vector<Pose> poses{person(100, 0.8F), other};
    EXPECT_EQ(parametric_nms(poses).size(), together == 5 ? 1U : 2U);
  }
}

TEST(ParametricNms, LikenessAloneIsEnough) {
  // Small people: within reach is 2 pixels, so nothing matches at 2.5, but 17 joints so near are alike:
  // 1.7 * 17 * exp(-.3 / 2.65) = 25.8 at .3 pixels, above 22.48; at 1 pixel and no score 19.8, below.
  for (const auto& [dx, persons] : {std::pair(0.3F, 1U), std::pair(1.1F, 2U)}) {
    std::vector<Pose> poses{person(100, 0.8F), person(100, 0.3F, dx)};
    for (Pose& pose : poses) pose.box = {95, 0, 1, 2};
    EXPECT_EQ(parametric_nms(poses).size(), persons) << dx;
  }
}

TEST(ParametricNms, WhoIsHardlySeenGoes) {
  const std::vector<Pose> poses{person(100, 0.29F), person(300, 0.31F)};
  const auto kept = parametric_nms(poses);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].index, 1);
  EXPECT_TRUE(parametric_nms({}).empty());
}

}  // namespace
}  // namespace poise
