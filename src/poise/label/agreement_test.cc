#include "poise/label/agreement.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

constexpr Box kBox{0, 0, 50, 100};
constexpr Size kImage{64, 128};

Pose seen(float x, float y, float score) {
  Pose pose;
  pose.keypoints = {{{x, y}, score}};
  return pose;
}

TEST(Agreement, WhereLooksAgreeTheirMeanByScoreIsTaken) {
  const std::vector<Pose> looks{seen(10, 20, 0.9F), seen(13, 20, 0.3F), seen(10, 20, 0.6F)};
  const auto joints = agree(looks, kBox, kImage);
  ASSERT_EQ(joints.size(), 1U);
  EXPECT_TRUE(joints[0].kept);
  EXPECT_NEAR(joints[0].point.x, 10.5F, 1e-5F);
  EXPECT_NEAR(joints[0].point.y, 20, 1e-5F);
  EXPECT_NEAR(joints[0].score, 0.6F, 1e-6F);
  EXPECT_NEAR(joints[0].agreement, 1, 1e-6F);
}

TEST(Agreement, OneThatLooksElsewhereHasNoSay) {
  const std::vector<Pose> looks{seen(10, 20, 0.8F), seen(10, 22, 0.8F), seen(10, 21, 0.8F), seen(40, 90, 0.8F)};
  const auto joints = agree(looks, kBox, kImage);
  EXPECT_TRUE(joints[0].kept);
  EXPECT_NEAR(joints[0].point.y, 21, 1e-4F);
  EXPECT_NEAR(joints[0].agreement, 0.75F, 1e-6F);
  EXPECT_NEAR(joints[0].score, 0.6F, 1e-6F);
}

TEST(Agreement, TooFewTooWeakAndOutsideAreDropped) {
  const std::vector<Pose> apart{seen(10, 20, 0.9F), seen(40, 20, 0.9F), seen(10, 90, 0.9F)};
  const std::vector<Pose> weak{seen(10, 20, 0.1F), seen(10, 20, 0.1F)};
  const std::vector<Pose> outside{seen(63.5F, 20, 0.9F), seen(63.5F, 20, 0.9F)};
  const std::vector<Pose> nothing{seen(10, 20, 0)};
  for (const auto* looks : {&apart, &weak, &outside, &nothing}) {
    const auto joints = agree(*looks, kBox, kImage);
    EXPECT_FALSE(joints[0].kept);
    EXPECT_EQ(joints[0].point, (Point{0, 0}));
  }
  EXPECT_TRUE(agree(weak, kBox, kImage, {.min_score = 0.05F})[0].kept);
  EXPECT_TRUE(agree(apart, kBox, kImage, {.near = 1, .min_agreement = 0.9F})[0].kept);
}

TEST(Agreement, ScoresBeyondOneAreOne) {
  const std::vector<Pose> looks{seen(10, 20, 1.4F), seen(10, 20, -0.2F)};
  EXPECT_NEAR(agree(looks, kBox, kImage)[0].score, 0.5F, 1e-6F);
}

}  // namespace
}  // namespace poise
