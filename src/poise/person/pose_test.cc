#include "poise/person/pose.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

TEST(PersonScore, MeanOfWhatIsSeenTimesTheBox) {
  const std::vector<Keypoint> keypoints = {{{}, 0.9F}, {{}, 0.5F}, {{}, 0.1F}, {{}, 0.2F}};
  EXPECT_FLOAT_EQ(person_score(keypoints, 0.5F), 0.35F);  // 0.1 and 0.2 are not above 0.2
  EXPECT_FLOAT_EQ(person_score(keypoints, 1.0F, 0.0F), 0.425F);
  EXPECT_EQ(person_score(keypoints, 1.0F, 0.95F), 0.0F);
  EXPECT_EQ(person_score({}, 1.0F), 0.0F);
}

TEST(BoxOfJoints, IsLargerByTheShare) {
  const auto box = box_of_joints({{{10, 20}, 1}, {{30, 60}, 1}, {{500, 500}, 0.1F}}, 0.4F, 0.15F);
  ASSERT_TRUE(box);
  EXPECT_FLOAT_EQ(box->width, 23);
  EXPECT_FLOAT_EQ(box->height, 46);
  EXPECT_FLOAT_EQ(box->x, 8.5F);
  EXPECT_FLOAT_EQ(box->y, 17);
  EXPECT_FALSE(box_of_joints({{{10, 20}, 1}}, 0.4F, 0.15F));
}

Pose coco_pose() {
  Pose pose;
  for (int i = 0; i < 17; ++i) {
    pose.keypoints.push_back(
        {{static_cast<float>(10 * i), static_cast<float>(i * i)}, 0.5F + 0.02F * static_cast<float>(i)});
  }
  pose.score = 0.75F;
  pose.box = {1, 2, 3, 4};
  pose.box_score = 0.5F;
  pose.track_id = 8;
  return pose;
}

TEST(Derive, OpenPoseFromCoco) {
  const Pose coco = coco_pose();
  const Pose openpose = derive(coco, find_skeleton("openpose18").value());
  ASSERT_EQ(openpose.keypoints.size(), 18U);
  EXPECT_EQ(openpose.keypoints[0].point, coco.keypoints[0].point);
  EXPECT_EQ(openpose.keypoints[1].point, (Point{55, 30.5F}));  // (5 + 6) / 2
  EXPECT_EQ(openpose.keypoints[1].score, coco.keypoints[5].score);
  EXPECT_EQ(openpose.keypoints[2].point, coco.keypoints[6].point);
  EXPECT_EQ(openpose.keypoints[17].point, coco.keypoints[3].point);
  EXPECT_EQ(openpose.score, coco.score);
  EXPECT_EQ(openpose.box, coco.box);
  EXPECT_EQ(openpose.box_score, coco.box_score);
  EXPECT_EQ(openpose.track_id, 8);
}

TEST(Derive, AiliaCentreTakesTheSmallestScore) {
  Pose coco = coco_pose();
  coco.keypoints[12].score = 0.01F;
  const Pose ailia = derive(coco, find_skeleton("ailia19").value());
  ASSERT_EQ(ailia.keypoints.size(), 19U);
  EXPECT_EQ(ailia.keypoints[16].point, coco.keypoints[16].point);
  EXPECT_EQ(ailia.keypoints[18].point, (Point{85, 81.5F}));  // (5 + 6 + 11 + 12) / 4
  EXPECT_EQ(ailia.keypoints[18].score, 0.01F);
}

TEST(Derive, PoseOfAnotherSkeletonIsCaught) {
  Pose cut = coco_pose();
  cut.keypoints.resize(16);
  EXPECT_ANY_THROW((void)derive(cut, find_skeleton("openpose18").value()));
  EXPECT_THROW((void)derive(coco_pose(), find_skeleton("coco17").value()), std::logic_error);
}

}  // namespace
}  // namespace poise
