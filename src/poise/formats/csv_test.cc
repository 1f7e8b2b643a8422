#include <gtest/gtest.h>

#include <limits>

#include "poise/formats/csv_text.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

Skeleton stick(const std::string& second = "foot") {
  Skeleton skeleton;
  skeleton.joints = {{.name = "head"}, {.name = second}};
  return skeleton;
}

FrameResult frame(const std::string& source) {
  FrameResult frame;
  frame.source = source;
  Pose pose;
  pose.keypoints = {{{1.5F, 2.25F}, 0.5F}, {{0.1F, -4.5F}, 0.25F}};
  pose.score = 0.75F;
  frame.poses = {pose, pose};
  return frame;
}

TEST(Csv, OneLineAJoint) {
  EXPECT_EQ(csv_header() + csv_rows(frame("a.jpg"), stick()),
            "source,person,score,joint,x,y,joint_score\n"
            "a.jpg,0,0.75,head,1.5,2.25,0.5\n"
            "a.jpg,0,0.75,foot,0.1,-4.5,0.25\n"
            "a.jpg,1,0.75,head,1.5,2.25,0.5\n"
            "a.jpg,1,0.75,foot,0.1,-4.5,0.25\n");
}

TEST(Csv, FieldsWithCommasQuotesAndLineBreaksAreQuoted) {
  const std::string rows = csv_rows(frame("a, \"b\"\n.jpg"), stick("left,foot"));
  EXPECT_EQ(rows.rfind("\"a, \"\"b\"\"\n.jpg\",0,", 0), 0U) << rows;
  EXPECT_NE(rows.find(",\"left,foot\","), std::string::npos) << rows;
}

TEST(Csv, BytesThatAreNoUtf8AreReplacedAsInJson) {
  EXPECT_EQ(csv_field("latin\xFF.jpg"), "latin\xEF\xBF\xBD.jpg");
  EXPECT_EQ(csv_field("\xC3\xA4,\xC3"), "\"\xC3\xA4,\xEF\xBF\xBD\"");
}

TEST(Csv, WhatIsNoNumberIsAnEmptyField) {
  FrameResult one = frame("a.jpg");
  one.poses.resize(1);
  one.poses[0].keypoints[0].point.x = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(csv_rows(one, stick()).substr(0, 27), "a.jpg,0,0.75,head,,2.25,0.5");
}

TEST(Csv, NobodyIsNoLine) { EXPECT_EQ(csv_rows({}, stick()), ""); }

}  // namespace
}  // namespace poise
