#include "poise/track/similarity.h"

#include <gtest/gtest.h>

#include "poise/person/oks.h"

namespace poise {
namespace {

Pose standing(float x, float y, float score = 1) {
  Pose pose;
  for (int i = 0; i < 17; ++i)
    pose.keypoints.push_back({{x + 3.0F * static_cast<float>(i % 5), y + 6.0F * static_cast<float>(i)}, score});
  pose.box = {x, y, 12, 96};
  return pose;
}

const Skeleton& coco17() {
  static const Skeleton skeleton = find_skeleton("coco17").value();
  return skeleton;
}

TEST(Similarity, NamesAreReadAndWritten) {
  for (const Similarity similarity : {Similarity::kBox, Similarity::kPose, Similarity::kFlow, Similarity::kMultiFlow}) {
    EXPECT_EQ(similarity_of(name_of(similarity)), similarity);
  }
  EXPECT_FALSE(similarity_of("colour"));
}

TEST(Similarity, IsOksWhereAllJointsAreSeen) {
  const Pose a = standing(10, 10);
  const Pose b = standing(13, 12);
  EXPECT_NEAR(pose_likeness(a, b, coco17(), 0.4F), oks(a.keypoints, a.box.area(), b.keypoints, b.box.area(), coco17()),
              1e-5F);
  EXPECT_FLOAT_EQ(pose_likeness(a, a, coco17(), 0.4F), 1);
}

TEST(Similarity, JointsThatAreNotSeenDoNotCount) {
  Pose a = standing(10, 10);
  const Pose b = standing(10, 10);
  a.keypoints[3] = {{500, 500}, 0.1F};
  EXPECT_FLOAT_EQ(pose_likeness(a, b, coco17(), 0.4F), 1);
  EXPECT_LT(pose_likeness(a, b, coco17(), 0.05F), 0.95F);
  EXPECT_EQ(pose_likeness(standing(0, 0, 0.1F), b, coco17(), 0.4F), 0);
}

TEST(Similarity, GreedyTakesTheBestPairAndTheSumIsOthers) {
  // Greedy takes (0, 0), which leaves (1, 1) alone; the sum is larger the other way round.
  const std::vector<float> likeness{0.9F, 0.8F, 0.85F, 0.1F};
  EXPECT_EQ(match_greedily(likeness, 2, 2, 0.3F), (std::vector<int>{0, -1}));
  EXPECT_EQ(match_best_sum(likeness, 2, 2, 0.3F), (std::vector<int>{1, 0}));
  EXPECT_EQ(match_greedily(likeness, 2, 2, 0.05F), (std::vector<int>{0, 1}));
  EXPECT_TRUE(match_greedily({}, 0, 3, 0.3F).empty());
  EXPECT_EQ(match_best_sum({}, 2, 0, 0.3F), (std::vector<int>{-1, -1}));
}

}  // namespace
}  // namespace poise
