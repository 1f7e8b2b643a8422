#include "poise/track/offline_smoothing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace poise {
namespace {

/// Somebody of two joints, the second of which moves to the right by 4 pixels a frame, and up and down.
Pose person(int frame, int id = 3) {
  Pose pose;
  pose.track_id = id;
  pose.score = 0.8F;
  pose.box = {static_cast<float>(4 * frame), 50, 100, 100};
  const auto y = static_cast<float>(80 + 10 * std::sin(0.2 * frame));
  pose.keypoints = {{{10, 20}, 0.9F}, {{static_cast<float>(50 + 4 * frame), y}, 0.7F}};
  return pose;
}

std::vector<TimedFrame> frames(int count, const std::set<int>& unseen = {}) {
  std::vector<TimedFrame> frames;
  for (int i = 0; i < count; ++i) {
    TimedFrame& frame = frames.emplace_back();
    frame.index = i;
    frame.seconds = i / 30.0;
    if (!unseen.contains(i)) frame.result.poses.push_back(person(i));
  }
  return frames;
}

void expect_near(Point had, Point wanted, float apart) {
  EXPECT_NEAR(had.x, wanted.x, apart);
  EXPECT_NEAR(had.y, wanted.y, apart);
}

TEST(OfflineSmoothing, SlowMotionStaysWhereItIsAndNothingIsMarked) {
  auto video = frames(60);
  const auto report = smooth_offline(video);
  EXPECT_EQ(report.outliers + report.filled_joints + report.filled_persons, 0);
  for (int i = 0; i < 60; ++i) {
    const TimedFrame& frame = video[static_cast<std::size_t>(i)];
    EXPECT_TRUE(frame.filled.empty());
    expect_near(frame.result.poses[0].keypoints[1].point, person(i).keypoints[1].point, 0.3F);
  }
}

TEST(OfflineSmoothing, WhoIsMissingForAWhileIsPutInAndMarked) {
  auto video = frames(60, {20, 21, 22, 23, 24});
  EXPECT_EQ(smooth_offline(video).filled_persons, 5);
  for (int i = 0; i < 60; ++i) {
    const TimedFrame& frame = video[static_cast<std::size_t>(i)];
    ASSERT_EQ(frame.result.poses.size(), 1U);
    const Pose& pose = frame.result.poses[0];
    const bool filled = i >= 20 && i < 25;
    ASSERT_EQ(frame.filled_of(pose) != nullptr, filled) << i;
    if (!filled) continue;
    EXPECT_EQ(*frame.filled_of(pose), (std::vector<int>{0, 1}));
    EXPECT_EQ(pose.track_id, 3);
    EXPECT_FLOAT_EQ(pose.keypoints[1].score, 0.7F);
    EXPECT_NEAR(pose.box.x, 4 * i, 0.01);
    expect_near(pose.keypoints[1].point, person(i).keypoints[1].point, 2);
  }
}

TEST(OfflineSmoothing, LongGapsStay) {
  std::set<int> unseen;
  for (int i = 20; i < 45; ++i) unseen.insert(i);  // more than .7 seconds
  auto video = frames(70, unseen);
  EXPECT_EQ(smooth_offline(video).filled_persons, 0);
  EXPECT_TRUE(video[30].result.poses.empty());
  expect_near(video[19].result.poses[0].keypoints[1].point, person(19).keypoints[1].point, 0.5F);
}

TEST(OfflineSmoothing, JointsThatAreNotSeenAreFilledBetweenThoseThatAre) {
  auto video = frames(40);
  for (const std::size_t i : {10U, 11U, 12U}) video[i].result.poses[0].keypoints[1] = {{0, 0}, 0.05F};
  video[39].result.poses[0].keypoints[1] = {{7, 8}, 0.05F};
  const auto report = smooth_offline(video);
  EXPECT_EQ(report.filled_joints, 3);
  EXPECT_EQ(report.filled_persons, 0);
  for (const int i : {10, 11, 12}) {
    const TimedFrame& frame = video[static_cast<std::size_t>(i)];
    EXPECT_EQ(frame.filled.at(3), std::vector<int>{1});
    expect_near(frame.result.poses[0].keypoints[1].point, person(i).keypoints[1].point, 1);
    EXPECT_FLOAT_EQ(frame.result.poses[0].keypoints[1].score, 0.7F);
  }
  EXPECT_TRUE(video[39].filled.empty()) << "nothing follows: it stays as it was";
  expect_near(video[39].result.poses[0].keypoints[1].point, {7, 8}, 0);
}

TEST(OfflineSmoothing, OutliersGoAndAreMarked) {
  auto video = frames(40);
  video[15].result.poses[0].keypoints[1].point.y += 60;
  const auto report = smooth_offline(video);
  EXPECT_EQ(report.outliers, 1);
  EXPECT_EQ(video[15].filled.at(3), std::vector<int>{1});
  expect_near(video[15].result.poses[0].keypoints[1].point, person(15).keypoints[1].point, 1);

  auto kept = frames(40);
  kept[15].result.poses[0].keypoints[1].point.y += 60;
  OfflineSmoothingOptions options;
  options.outlier_deviations = 0;
  EXPECT_EQ(smooth_offline(kept, options).outliers, 0);
  EXPECT_GT(kept[15].result.poses[0].keypoints[1].point.y, person(15).keypoints[1].point.y + 10);
}

TEST(OfflineSmoothing, FewFramesNoTimesAndPosesWithoutAnIdAreNoTrouble) {
  std::vector<TimedFrame> none;
  smooth_offline(none);
  for (const int count : {1, 2, 3, 5}) {
    auto video = frames(count);
    smooth_offline(video);
    expect_near(video[0].result.poses[0].keypoints[1].point, person(0).keypoints[1].point, 1);
  }
  auto timeless = frames(20);
  for (TimedFrame& frame : timeless) frame.seconds = 0;
  smooth_offline(timeless);
  auto nameless = frames(20, {7});
  for (TimedFrame& frame : nameless) {
    for (Pose& pose : frame.result.poses) pose.track_id.reset();
  }
  EXPECT_EQ(smooth_offline(nameless).filled_persons, 0);
}

}  // namespace
}  // namespace poise
