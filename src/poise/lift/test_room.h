#pragma once
// A room with cameras around it and people who walk there, for tests.

#include <numbers>

#include "poise/base/random.h"
#include "poise/formats/pose_frames.h"
#include "poise/geometry/camera.h"

namespace poise {

/// Four metres from the middle, 2 m up, looking at a point 1 m above it; z up.
inline std::vector<Camera> room_cameras(int count) {
  std::vector<Camera> cameras;
  for (int i = 0; i < count; ++i) {
    Camera& camera = cameras.emplace_back();
    camera.name = "cam" + std::to_string(i + 1);
    camera.size = {1000, 1000};
    camera.fx = camera.fy = 900;
    camera.cx = camera.cy = 500;
    camera.k = {-0.1, 0.05, 0};
    camera.p = {0.001, -0.002};
    const double angle = 0.4 + 2 * std::numbers::pi * i / count;
    const Point3 place{4 * std::cos(angle), 4 * std::sin(angle), 2};
    Point3 ahead = Point3{0, 0, 1} - place;
    ahead = (1 / length(ahead)) * ahead;
    Point3 right = cross(ahead, {0, 0, 1});
    right = (1 / length(right)) * right;
    camera.camera_from_world.rotation = Matrix3::from_rows(right, cross(ahead, right), ahead);
    camera.camera_from_world.translation = -1.0 * (camera.camera_from_world.rotation * place);
  }
  return cameras;
}

/// Someone's joints in metres, at this place and turned by `angle` about the vertical.
inline std::vector<Point3> person_at(Point3 place, double angle) {
  static const std::vector<std::pair<double, double>> kStanding{
      {0, 1.6},   {.03, 1.63}, {-.03, 1.63}, {.07, 1.6}, {-.07, 1.6}, {.2, 1.4}, {-.2, 1.4}, {.25, 1.1}, {-.25, 1.1},
      {.27, .85}, {-.27, .85}, {.1, .9},     {-.1, .9},  {.1, .5},    {-.1, .5}, {.1, .08},  {-.1, .08}};
  std::vector<Point3> joints;
  for (const auto& [left, height] : kStanding) {
    joints.push_back(place + rotation_from_vector({0, 0, angle}) * Point3{0.1 * height, left, height});
  }
  return joints;
}

struct Room {
  std::vector<Camera> cameras;
  std::vector<PoseFrames> videos;
  std::vector<std::vector<std::vector<Point3>>> truth;  // frame, person, joint
};

/// Two people who walk past each other, seen with so much noise in pixels; people come in another order in each
/// picture.
inline Room walk(int cameras, int frames, double noise, std::uint64_t seed = 7) {
  Room room;
  room.cameras = room_cameras(cameras);
  for (int f = 0; f < frames; ++f) {
    const double t = static_cast<double>(f) / frames;
    room.truth.push_back({person_at({-1 + 2 * t, 0.4, 0}, 0.5 * t), person_at({1 - 2 * t, -0.4, 0}, 3 - t)});
  }
  for (int c = 0; c < cameras; ++c) {
    PoseFrames& video = room.videos.emplace_back();
    video.skeleton = find_skeleton("coco17").value();
    for (int f = 0; f < frames; ++f) {
      TimedFrame& frame = video.frames.emplace_back();
      frame.index = f;
      frame.seconds = f / 25.0;
      Random random(seed, static_cast<std::uint64_t>(c), static_cast<std::uint64_t>(f));
      for (std::size_t i = 0; i < 2; ++i) {
        const auto& person = room.truth[static_cast<std::size_t>(f)][(i + static_cast<std::size_t>(c + f)) % 2];
        Pose& pose = frame.result.poses.emplace_back();
        for (const Point3& joint : person) {
          const Pixel at = room.cameras[static_cast<std::size_t>(c)].pixel_from_world(joint);
          pose.keypoints.push_back(
              {{static_cast<float>(at.x + noise * random.normal()), static_cast<float>(at.y + noise * random.normal())},
               0.9F});
        }
      }
    }
  }
  return room;
}

}  // namespace poise
