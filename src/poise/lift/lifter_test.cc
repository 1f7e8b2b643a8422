#include "poise/lift/lifter.h"

#include <gtest/gtest.h>

#include "poise/card/card_common.h"
#include "poise/codec/lifting.h"
#include "poise/data/kinematics.h"
#include "poise/models/martinez.h"

namespace poise {
namespace {

NetworkFile network(const char* card, const MartinezOptions& options) {
  NetworkFile file;
  file.graph = martinez(options).value();
  if (card != nullptr) file.metadata[kCardKey] = card;
  return file;
}

constexpr const char* kCard = R"({"lifts": "coco17", "name": "random"})";
constexpr MartinezOptions kOptions{.joints_in = 17, .values = 3, .joints_out = 17, .width = 16, .blocks = 1, .seed = 5};

/// Someone made up, before a camera.
PoseFrames someone(const Camera& camera, int frames) {
  PoseFrames video;
  video.skeleton = find_skeleton("coco17").value();
  KinematicOptions clean;
  clean.fixed_noise = 0;
  for (int f = 0; f < frames; ++f) {
    const MadePose made = make_pose(Random(9, 0, static_cast<std::uint64_t>(f)), clean);
    TimedFrame& frame = video.frames.emplace_back();
    frame.index = f;
    frame.result.width = frame.result.height = 1000;
    Pose& pose = frame.result.poses.emplace_back();
    pose.track_id = 4;
    for (const Point3& joint : made.joints) {
      const Pixel at = camera.pixel_from_camera(joint);
      pose.keypoints.push_back({{static_cast<float>(at.x), static_cast<float>(at.y)}, 0.9F});
    }
  }
  return video;
}

TEST(Lifter, RunsWhatTheNetworkSays) {
  const Camera camera = assumed_camera({1000, 1000});
  const PoseFrames video = someone(camera, 3);
  Lifter lifter = Lifter::create(network(kCard, kOptions)).value();
  EXPECT_EQ(lifter.card().name, "random");
  const Lifted lifted = lifter(video, camera).value();
  ASSERT_EQ(lifted.poses, 3U);
  EXPECT_EQ(lifted.set.up, UpAxis::kMinusY);
  Session session = Session::create(martinez(kOptions).value(), {.backend = "reference"}).value();
  for (std::size_t f = 0; f < 3; ++f) {
    const WorldPose& pose = lifted.set.frames[f].poses.at(0);
    EXPECT_EQ(pose.track_id, 4);
    std::vector<Pixel> rays;
    for (const Keypoint& joint : video.frames[f].result.poses[0].keypoints) {
      rays.push_back(camera.ray_from_pixel({joint.point.x, joint.point.y}));
    }
    const LiftView view = lift_view(rays).value();
    const Tensor input = Tensor::from({1, 51}, view.values);
    const TensorView in(input);
    std::vector<Tensor> outputs;
    session.run(std::span(&in, 1), outputs).value();
    const auto expected = decode_lifted(std::as_const(outputs[0]).floats(), view);
    for (std::size_t j = 0; j < 17; ++j) EXPECT_LT(distance(pose.keypoints[j].point, expected[j]), 1e-3);
  }
}

TEST(Lifter, StandsWhereTheCameraStands) {
  Camera camera = assumed_camera({1000, 1000});
  Lifter lifter = Lifter::create(network(kCard, kOptions)).value();
  const PoseFrames video = someone(camera, 1);
  const WorldPose own = lifter(video, camera)->set.frames[0].poses[0];
  camera.camera_from_world = {rotation_from_vector({1.2, 0.1, 0}), {0.5, 1, 2}};
  const Lifted there = lifter(video, camera).value();
  EXPECT_EQ(there.set.up, UpAxis::kZ);
  for (std::size_t j = 0; j < 17; ++j) {
    const Point3 back = camera.camera_from_world(there.set.frames[0].poses[0].keypoints[j].point);
    EXPECT_LT(distance(back, own.keypoints[j].point), 1e-4);
  }
}

TEST(Lifter, FewJointsAreLeftOut) {
  const Camera camera = assumed_camera({1000, 1000});
  PoseFrames video = someone(camera, 2);
  for (std::size_t j = 4; j < 17; ++j) video.frames[0].result.poses[0].keypoints[j].score = 0.1F;
  Lifter lifter = Lifter::create(network(kCard, kOptions)).value();
  const Lifted lifted = lifter(video, camera).value();
  EXPECT_EQ(lifted.left_out, 1U);
  EXPECT_TRUE(lifted.set.frames[0].poses.empty());
  video.skeleton = skeleton_of_joints({"a", "b"}).value();
  EXPECT_FALSE(lifter(video, camera).ok());
}

TEST(Lifter, RefusesOtherNetworks) {
  EXPECT_NE(Lifter::create(network(nullptr, kOptions)).error().message.find("no network that lifts"),
            std::string::npos);
  MartinezOptions other = kOptions;
  other.values = 2;
  EXPECT_NE(Lifter::create(network(kCard, other)).error().message.find("51 numbers"), std::string::npos);
  other = kOptions;
  other.joints_out = 16;
  EXPECT_NE(Lifter::create(network(kCard, other)).error().message.find("1x48"), std::string::npos);
}

TEST(Lifter, PicturesAreGuessed) {
  PoseFrames video = someone(assumed_camera({1000, 1000}), 1);
  EXPECT_EQ(picture_of(video), (Size{1000, 1000}));
  video.frames[0].result.width = 0;
  EXPECT_GT(picture_of(video).width, 100);
  EXPECT_EQ(assumed_camera({200, 100}).fx, 240);
}

}  // namespace
}  // namespace poise
