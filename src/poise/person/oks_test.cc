#include "poise/person/oks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace poise {
namespace {

/// Two joints that count (sigma 0.5: e is the squared distance over twice the area) and one without a sigma.
Skeleton simple_skeleton() {
  Skeleton skeleton;
  skeleton.name = "simple";
  skeleton.joints = {{"a", Side::kCentre, 0.5F, 1}, {"b", Side::kCentre, 0.5F, 1}, {"c", Side::kCentre, 0.0F, 1}};
  return skeleton;
}

std::vector<Keypoint> points(Point a, Point b, Point c) { return {{a, 1}, {b, 1}, {c, 1}}; }

TEST(Oks, HandCases) {
  const Skeleton skeleton = simple_skeleton();
  const auto origin = points({0, 0}, {0, 0}, {0, 0});
  EXPECT_FLOAT_EQ(oks(origin, 100, origin, 100, skeleton), 1.0F);
  const auto moved = points({6, 8}, {0, 0}, {0, 0});  // 100 / 100 / 2 for a, 0 for b
  EXPECT_FLOAT_EQ(oks(origin, 100, moved, 100, skeleton), static_cast<float>((std::exp(-0.5) + 1) / 2));
  EXPECT_FLOAT_EQ(oks(origin, 50, moved, 150, skeleton), oks(moved, 100, origin, 100, skeleton));  // mean area
}

TEST(Oks, SigmaOfCocoCounts) {
  const Skeleton coco = find_skeleton("coco17").value();
  const std::vector<Keypoint> still(17);
  std::vector<Keypoint> moved(17);
  moved[9].point = {12.4F, 0};  // left wrist: (12.4 / 0.124)^2 / 10000 / 2 = 0.5
  EXPECT_NEAR(oks(still, 10000, moved, 10000, coco), (16 + std::exp(-0.5)) / 17, 1e-6);
}

TEST(Oks, JointsWithoutSigmaAreLeftOut) {
  const Skeleton skeleton = simple_skeleton();
  const auto a = points({0, 0}, {0, 0}, {0, 0});
  EXPECT_FLOAT_EQ(oks(a, 100, points({0, 0}, {0, 0}, {900, 900}), 100, skeleton), 1.0F);
  Skeleton none = skeleton;
  for (Joint& joint : none.joints) joint.sigma = 0;
  EXPECT_EQ(oks(a, 100, a, 100, none), 0.0F);
}

TEST(Oks, NoAreaAndNoNumberStayInRange) {
  const Skeleton skeleton = simple_skeleton();
  const auto a = points({0, 0}, {0, 0}, {0, 0});
  const auto b = points({1, 0}, {std::numeric_limits<float>::quiet_NaN(), 0}, {0, 0});
  EXPECT_FLOAT_EQ(oks(a, 0, a, 0, skeleton), 1.0F);
  EXPECT_EQ(oks(a, 0, b, 0, skeleton), 0.0F);
  EXPECT_THROW((void)oks(a, 1, {}, 1, skeleton), std::logic_error);
}

Pose pose_at(float x, float score) {
  Pose pose;
  pose.keypoints = points({x, 0}, {x, 0}, {x, 0});
  pose.score = score;
  return pose;
}

TEST(OksNms, KeepsTheBestOfEachPerson) {
  const std::vector<Pose> poses = {pose_at(0, 0.3F), pose_at(1, 0.9F), pose_at(200, 0.5F), pose_at(201, 0.4F)};
  const std::vector<float> areas(4, 100.0F);
  EXPECT_EQ(oks_nms(poses, areas, simple_skeleton()), (std::vector<int>{1, 2}));  // 1 px apart is OKS 0.995
}

TEST(OksNms, ThresholdItselfIsKept) {
  const std::vector<Pose> poses = {pose_at(0, 0.9F), pose_at(5, 0.8F)};
  const std::vector<float> areas(2, 100.0F);
  const Skeleton skeleton = simple_skeleton();
  const float alike = oks(poses[0].keypoints, 100, poses[1].keypoints, 100, skeleton);
  EXPECT_EQ(oks_nms(poses, areas, skeleton, alike), (std::vector<int>{0, 1}));
  EXPECT_EQ(oks_nms(poses, areas, skeleton, std::nextafter(alike, 0.0F)), (std::vector<int>{0}));
}

TEST(OksNms, WhatWasDroppedDropsNobody) {
  // 0 drops 1; 1 would drop 2, but is gone.
  const std::vector<Pose> poses = {pose_at(0, 0.9F), pose_at(4, 0.8F), pose_at(8, 0.7F)};
  const std::vector<float> areas(3, 100.0F);
  EXPECT_EQ(oks_nms(poses, areas, simple_skeleton()), (std::vector<int>{0, 2}));
}

TEST(OksNms, TiesKeepTheirOrderAndNanComesLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Pose> poses = {pose_at(0, nan), pose_at(300, 0.5F), pose_at(600, 0.5F)};
  const std::vector<float> areas(3, 100.0F);
  EXPECT_EQ(oks_nms(poses, areas, simple_skeleton()), (std::vector<int>{1, 2, 0}));
  EXPECT_TRUE(oks_nms({}, {}, simple_skeleton()).empty());
  EXPECT_THROW((void)oks_nms(poses, {}, simple_skeleton()), std::logic_error);
}

}  // namespace
}  // namespace poise
