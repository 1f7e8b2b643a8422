#include "poise/formats/pose_frames.h"

#include <gtest/gtest.h>

#include <fstream>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

constexpr const char* kFirst =
    R"({"poise_poses":1,"poise_version":"0.1.0","model":{},"settings":{},"skeleton":{"name":"s","joints":["a","b"],"limbs":[[0,1]]}})";

std::string frame(int index, const std::string& id) {
  return "{\"frame\":" + std::to_string(index) + ",\"seconds\":" + std::to_string(index * 0.1) +
         R"(,"width":10,"height":20,"persons":[{"score":0.5,"box":[0,0,1,1],"box_score":1,)" + id +
         R"("keypoints":[[1,2,0.5],[3,4,0.25]]}]})";
}

class PoseFramesOf : public ::testing::Test {
 protected:
  Result<PoseFrames> read(const std::string& text, const char* name = "v.jsonl") {
    std::ofstream(folder_.path() / name) << text;
    return read_pose_frames(folder_.path() / name, {}, 50);
  }
  kit::TemporaryFolder folder_;
};

TEST(PoseLines, AreTakenAsTheyCome) {
  PoseLines lines;
  EXPECT_FALSE(lines.take("")->has_value());
  EXPECT_FALSE(lines.skeleton());
  EXPECT_FALSE(lines.take(kFirst)->has_value());
  EXPECT_EQ(lines.skeleton()->joints[1].name, "b");
  const TimedFrame one = lines.take(frame(3, "")).value().value();
  EXPECT_EQ(one.index, 3);
  EXPECT_EQ(one.result.poses[0].keypoints[1].point, (Point{3, 4}));
  EXPECT_EQ(lines.take("{}").error().message, "line 4: frame must be an integer from 0 on");
  EXPECT_TRUE(lines.take(frame(4, "")).ok()) << "a caller may go on";
  std::string late = frame(5, "");
  late.replace(late.find("0.500000,"), 8, "1795737600.125");
  EXPECT_EQ(lines.take(late)->value().seconds, 1795737600.125) << "the time of day, to the millisecond";
}

TEST_F(PoseFramesOf, AVideo) {
  const PoseFrames video =
      read(std::string(kFirst) + "\n" + frame(7, "\"track_id\":3,") + "\n\n" + frame(5, "\"track_id\":3,")).value();
  ASSERT_EQ(video.frames.size(), 2U);
  EXPECT_EQ(video.frames[0].index, 5);
  EXPECT_NEAR(video.frames[1].seconds, 0.7, 1e-6);
  EXPECT_EQ(video.frames[1].result.poses[0].track_id, 3);
  EXPECT_EQ(video.skeleton.joints[1].name, "b");
  EXPECT_EQ(video.frames[0].result.poses[0].keypoints[1].point, (Point{3, 4}));
}

TEST_F(PoseFramesOf, SomeoneAloneIsFollowed) {
  const PoseFrames video = read(std::string(kFirst) + "\n" + frame(0, "") + "\n" + frame(1, "")).value();
  EXPECT_EQ(video.frames[0].result.poses[0].track_id, 1);
}

TEST_F(PoseFramesOf, PicturesAreFrames) {
  const PoseFrames video =
      read("source,person,score,joint,x,y,joint_score\nb,0,1,nose,1,2,1\na,0,1,nose,5,6,1\n", "p.csv").value();
  ASSERT_EQ(video.frames.size(), 2U);
  EXPECT_EQ(video.frames[1].index, 1);
  EXPECT_NEAR(video.frames[1].seconds, 0.02, 1e-12);
  EXPECT_EQ(video.frames[1].result.poses[0].keypoints[0].point, (Point{5, 6}));
}

TEST_F(PoseFramesOf, WhatIsWrongIsNamed) {
  const auto bad = read(std::string(kFirst) + "\n{\"frame\":-1}");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.error().message.find("v.jsonl: line 2: frame must be"), std::string::npos) << bad.error().message;
  EXPECT_FALSE(read_pose_frames(folder_.path() / "none.jsonl").ok());
}

}  // namespace
}  // namespace poise
