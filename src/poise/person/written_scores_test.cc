#include "poise/person/written_scores.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

std::vector<float> written(const std::vector<float>& scores) {
  std::vector<Pose> poses(1);
  for (const float score : scores) poses[0].keypoints.push_back({{1, 2}, score});
  poses[0].score = 1.5F;
  written_scores(poses);
  EXPECT_EQ(poses[0].score, 1.5F);
  std::vector<float> result;
  for (const Keypoint& keypoint : poses[0].keypoints) result.push_back(keypoint.score);
  return result;
}

TEST(WrittenScores, OvershootIsClamped) {
  EXPECT_EQ(written({0.5F, 1.04F, -0.02F, 0, 1}), (std::vector<float>{0.5F, 1, 0, 0, 1}));
}

TEST(WrittenScores, AnotherRangeStays) {
  EXPECT_EQ(written({250, 20, 0.5F}), (std::vector<float>{250, 20, 0.5F}));
  EXPECT_EQ(written({-7, 1.2F}), (std::vector<float>{-7, 1.2F}));
}

TEST(WrittenScores, PersonsAreJudgedApart) {
  std::vector<Pose> poses(2);
  poses[0].keypoints = {{{0, 0}, 1.1F}};
  poses[1].keypoints = {{{0, 0}, 9}};
  written_scores(poses);
  EXPECT_EQ(poses[0].keypoints[0].score, 1);
  EXPECT_EQ(poses[1].keypoints[0].score, 9);
}

}  // namespace
}  // namespace poise
