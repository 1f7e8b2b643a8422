#include "poise/metrics/mpjpe.h"

#include <gtest/gtest.h>

#include "poise/formats/pose_set.h"

namespace poise {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

WorldPoseSet set_of(const Json& poses) { return parse_world_poses(poses.dump()).value(); }

void expect_figures(const Json& expected, const MpjpeResult& result) {
  EXPECT_NEAR(result.mpjpe, expected.number("mpjpe").value(), 1e-9);
  EXPECT_NEAR(result.p_mpjpe, expected.number("p_mpjpe").value(), 1e-9);
  EXPECT_NEAR(result.n_mpjpe, expected.number("n_mpjpe").value(), 1e-9);
  EXPECT_NEAR(result.pck, expected.number("pck").value(), 1e-9);
  EXPECT_NEAR(result.auc, expected.number("auc").value(), 1e-9);
  const auto joints = expected.numbers("joints").value();
  ASSERT_EQ(result.joints.size(), joints.size());
  for (std::size_t j = 0; j < joints.size(); ++j) EXPECT_NEAR(result.joints[j], joints[j], 1e-9);
}

TEST(Mpjpe, EqualsNumPy) {  // tests/golden/make_mpjpe.py
  const Json golden = parse_json(read_file(POISE_SOURCE_DIR "/tests/golden/mpjpe.json", 1U << 20U).value()).value();
  const WorldPairs pairs = pair_world_poses(set_of(*golden.find("truth")), set_of(*golden.find("predicted"))).value();
  ASSERT_EQ(pairs.pairs.size(), 40U);
  expect_figures(*golden.find("as_given"), measure_mpjpe(pairs, {}).value());
  MpjpeOptions rooted;
  rooted.root = static_cast<std::size_t>(golden.integer("root").value());
  expect_figures(*golden.find("from_root"), measure_mpjpe(pairs, rooted).value());
}

WorldPoseSet named(const std::vector<std::string>& joints) {
  WorldPoseSet set;
  set.skeleton = skeleton_of_joints(joints).value();
  return set;
}

void add(WorldPoseSet& set, std::int64_t frame, const std::vector<std::vector<Point3>>& people) {
  WorldFrame& added = set.frames.emplace_back();
  added.index = frame;
  for (const auto& points : people) {
    WorldPose& pose = added.poses.emplace_back();
    for (const Point3& p : points) pose.keypoints.push_back({p, 1});
  }
}

TEST(Mpjpe, PeopleAndJointsMeet) {
  WorldPoseSet truth = named({"a", "b", "c"}), predicted = named({"c", "x", "a"});
  add(truth, 3, {{{0, 0, 0}, {9, 9, 9}, {0, 0, 1}}, {{5, 0, 0}, {9, 9, 9}, {5, 0, 1}}, {{50, 0, 0}, {}, {}}});
  add(truth, 4, {{{0, 0, 0}, {}, {}}});
  add(predicted, 3, {{{5, 0, 1.1}, {}, {5, 0, 0.1}}, {{0, 0, 1}, {}, {kNan, 0, 0}}});
  const WorldPairs pairs = pair_world_poses(truth, predicted).value();
  EXPECT_EQ(pairs.joints, (std::vector<std::string>{"a", "c"}));
  ASSERT_EQ(pairs.pairs.size(), 2U);
  EXPECT_EQ(pairs.missed, 2U);  // the third of frame 3, and frame 4's
  EXPECT_EQ(pairs.extra, 0U);
  EXPECT_EQ(pairs.notes.size(), 2U);
  const MpjpeResult result = measure_mpjpe(pairs, {}).value();
  EXPECT_EQ(result.found, 3U);
  EXPECT_EQ(result.not_found, 1U);
  EXPECT_NEAR(result.mpjpe, 0.2 / 3, 1e-9);
  EXPECT_NEAR(result.pck, 0.75, 1e-9);  // what was not found is wrong
  MpjpeOptions root;
  root.root = 0;
  EXPECT_EQ(measure_mpjpe(pairs, root)->without_root, 1U);
  root.root = 2;
  EXPECT_FALSE(measure_mpjpe(pairs, root).ok());
}

TEST(Mpjpe, WhatCannotMeet) {
  WorldPoseSet truth = named({"a"}), predicted = named({"b"});
  add(truth, 0, {{{0, 0, 0}}});
  add(predicted, 0, {{{0, 0, 0}}});
  EXPECT_FALSE(pair_world_poses(truth, predicted).ok());
  predicted.named = false;
  EXPECT_TRUE(pair_world_poses(truth, predicted).ok());
  predicted.frames[0].index = 1;
  EXPECT_FALSE(pair_world_poses(truth, predicted).ok());
  predicted = named({"b", "c"});
  predicted.named = false;
  EXPECT_FALSE(pair_world_poses(truth, predicted).ok());
}

}  // namespace
}  // namespace poise
