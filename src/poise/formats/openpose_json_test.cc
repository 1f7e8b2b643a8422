#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "poise/formats/writers.h"

namespace poise {
namespace {

/// Joint i of the pose lies at (10 i + 1, 10 i + 2) with score 0.5 + i / 100.
FrameResult frame(const Skeleton& skeleton) {
  Pose pose;
  for (int i = 0; i < skeleton.size(); ++i) {
    const auto f = static_cast<float>(i);
    pose.keypoints.push_back({{10 * f + 1, 10 * f + 2}, 0.5F + f / 100});
  }
  FrameResult frame;
  frame.poses = {pose};
  return frame;
}

std::array<double, 3> joint(const Json& json, std::size_t index) {
  const auto& numbers = json.find("people")->as_array().at(0).find("pose_keypoints_2d")->as_array();
  return {numbers.at(3 * index).as_number(), numbers.at(3 * index + 1).as_number(),
          numbers.at(3 * index + 2).as_number()};
}

constexpr std::array<double, 3> kMissing{0, 0, 0};

TEST(OpenposeJson, HasTheMembersThatItsReadersExpect) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  FrameResult one = frame(skeleton);
  const Json json = openpose_json(one, skeleton, 0);
  EXPECT_EQ(json.find("version")->dump(), "1.3");
  const Json& person = json.find("people")->as_array().at(0);
  EXPECT_EQ(person.find("person_id")->dump(), "[-1]");
  EXPECT_EQ(person.find("pose_keypoints_2d")->as_array().size(), 75U);
  for (const char* name :
       {"face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "pose_keypoints_3d",
        "face_keypoints_3d", "hand_left_keypoints_3d", "hand_right_keypoints_3d"}) {
    ASSERT_NE(person.find(name), nullptr) << name;
    EXPECT_TRUE(person.find(name)->as_array().empty()) << name;
  }
  one.poses[0].track_id = 3;
  EXPECT_EQ(openpose_json(one, skeleton, 0).find("people")->as_array().at(0).find("person_id")->dump(), "[3]");
}

TEST(OpenposeJson, Coco17BecomesBody25) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const FrameResult one = frame(skeleton);
  const Json json = openpose_json(one, skeleton, 0);
  // BODY_25 index -> coco17 index.
  constexpr std::array<std::pair<std::size_t, int>, 17> kSame = {{{0, 0},
                                                                  {2, 6},
                                                                  {3, 8},
                                                                  {4, 10},
                                                                  {5, 5},
                                                                  {6, 7},
                                                                  {7, 9},
                                                                  {9, 12},
                                                                  {10, 14},
                                                                  {11, 16},
                                                                  {12, 11},
                                                                  {13, 13},
                                                                  {14, 15},
                                                                  {15, 2},
                                                                  {16, 1},
                                                                  {17, 4},
                                                                  {18, 3}}};
  for (const auto& [to, from] : kSame) {
    const auto got = joint(json, to);
    EXPECT_EQ(got[0], 10 * from + 1) << to;
    EXPECT_EQ(got[1], 10 * from + 2) << to;
    EXPECT_NEAR(got[2], 0.5 + from / 100.0, 1e-6) << to;
  }
  EXPECT_EQ(joint(json, 1)[0], 56);  // the neck: between joints 5 and 6
  EXPECT_NEAR(joint(json, 1)[2], 0.55, 1e-6);
  EXPECT_EQ(joint(json, 8)[1], 117);  // the middle of the hips: between joints 11 and 12
  for (std::size_t foot = 19; foot < 25; ++foot) EXPECT_EQ(joint(json, foot), kMissing) << foot;
}

TEST(OpenposeJson, Openpose18KeepsItsNeck) {
  const Skeleton skeleton = find_skeleton("openpose18").value();
  const Json json = openpose_json(frame(skeleton), skeleton, 0);
  // COCO18 of OpenPose: neck, right shoulder, right hip, left hip, right and left eye.
  constexpr std::array<std::pair<std::size_t, int>, 6> kSame = {{{1, 1}, {2, 2}, {9, 8}, {12, 11}, {15, 14}, {16, 15}}};
  for (const auto& [to, from] : kSame) EXPECT_EQ(joint(json, to)[0], 10 * from + 1) << to;
  EXPECT_EQ(joint(json, 8)[0], 96);  // between joints 8 and 11
}

TEST(OpenposeJson, WeakJointsAndWhatIsMadeOfThemAreZero) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  FrameResult one = frame(skeleton);
  one.poses[0].keypoints[5].score = 0.2F;  // left shoulder
  one.poses[0].keypoints[0].point.x = std::numeric_limits<float>::quiet_NaN();
  const Json json = openpose_json(one, skeleton, 0.3F);
  EXPECT_EQ(joint(json, 5), kMissing);
  EXPECT_EQ(joint(json, 1), kMissing);
  EXPECT_EQ(joint(json, 0), kMissing);
  EXPECT_EQ(joint(json, 2)[0], 61);
}

TEST(OpenposeJson, OtherSkeletonsKeepTheirOrder) {
  const Skeleton skeleton = find_skeleton("lsp14").value();
  const Json json = openpose_json(frame(skeleton), skeleton, 0);
  EXPECT_EQ(json.find("people")->as_array().at(0).find("pose_keypoints_2d")->as_array().size(), 42U);
  EXPECT_EQ(joint(json, 13)[0], 131);
}

TEST(OpenposeJson, NobodyIsAnEmptyList) {
  EXPECT_EQ(openpose_json({}, find_skeleton("coco17").value(), 0).dump(), R"({"version":1.3,"people":[]})");
}

}  // namespace
}  // namespace poise
