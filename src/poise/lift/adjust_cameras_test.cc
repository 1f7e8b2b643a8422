#include "poise/lift/adjust_cameras.h"

#include <gtest/gtest.h>

#include "poise/lift/test_room.h"

namespace poise {
namespace {

std::vector<SeenPoint> points_seen(const std::vector<Camera>& cameras, int count, double noise) {
  std::vector<SeenPoint> points;
  Random random(3);
  for (int i = 0; i < count; ++i) {
    SeenPoint& point = points.emplace_back();
    point.point = {random.uniform(-1.5, 1.5), random.uniform(-1.5, 1.5), random.uniform(0, 2)};
    for (std::size_t c = 0; c < cameras.size(); ++c) {
      const Pixel at = cameras[c].pixel_from_world(point.point);
      point.sightings.push_back(
          {static_cast<int>(c), {at.x + noise * random.normal(), at.y + noise * random.normal()}});
    }
  }
  return points;
}

/// Turned by up to half a degree and moved by some centimetres.
std::vector<Camera> disturbed(std::vector<Camera> cameras) {
  Random random(4);
  for (std::size_t c = 1; c < cameras.size(); ++c) {
    Rigid3& pose = cameras[c].camera_from_world;
    pose.rotation =
        rotation_from_vector(0.008 * Point3{random.normal(), random.normal(), random.normal()}) * pose.rotation;
    pose.translation = pose.translation + 0.03 * Point3{random.normal(), random.normal(), random.normal()};
  }
  return cameras;
}

TEST(AdjustCameras, FindsThemAgain) {
  const auto truth = room_cameras(4);
  const auto wrong = disturbed(truth);
  std::vector<SeenPoint> points = points_seen(truth, 300, 0);
  for (SeenPoint& point : points) {
    point.point = triangulate(wrong, point.sightings, {2, 1e9})->point;
  }
  const AdjustedCameras adjusted = adjust_cameras(wrong, points).value();
  EXPECT_GT(adjusted.error_before, 3);
  EXPECT_LT(adjusted.error_after, 1e-3);
  // Up to the scale, which is the wrong cameras' own, they stand where they stood.
  const auto centre = [](const Camera& camera) { return camera.camera_from_world.inverse().translation; };
  const double scale = distance(centre(wrong[1]), centre(wrong[0])) / distance(centre(truth[1]), centre(truth[0]));
  for (std::size_t c = 1; c < 4; ++c) {
    const Point3 expected = centre(truth[0]) + scale * (centre(truth[c]) - centre(truth[0]));
    EXPECT_LT(distance(centre(adjusted.cameras[c]), expected), 1e-4) << c;
  }
  EXPECT_NEAR(distance(centre(adjusted.cameras[1]), centre(adjusted.cameras[0])),
              distance(centre(wrong[1]), centre(wrong[0])), 1e-9);
}

TEST(AdjustCameras, OutliersHardlyMatter) {
  const auto truth = room_cameras(3);
  const auto wrong = disturbed(truth);
  std::vector<SeenPoint> points = points_seen(truth, 300, 1);
  for (std::size_t i = 0; i < points.size(); i += 20) points[i].sightings[1].pixel.x += 60;
  for (SeenPoint& point : points) point.point = triangulate(wrong, point.sightings, {2, 1e9})->point;
  const AdjustedCameras adjusted = adjust_cameras(wrong, points).value();
  double error = 0;
  for (std::size_t c = 1; c < 3; ++c) {
    const Matrix3 turn =
        adjusted.cameras[c].camera_from_world.rotation * transposed(truth[c].camera_from_world.rotation);
    error = std::max(error, length(vector_from_rotation(turn)));
  }
  EXPECT_LT(error, 0.002);  // radians, of up to 0.02 before
}

TEST(AdjustCameras, WantsEnoughToSee) {
  const auto cameras = room_cameras(3);
  auto points = points_seen(cameras, 100, 0);
  EXPECT_FALSE(adjust_cameras(std::span(cameras).first(1), points).ok());
  for (SeenPoint& point : points) point.sightings.pop_back();
  const auto refused = adjust_cameras(cameras, points);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("camera cam3 sees 0 points"), std::string::npos);
}

}  // namespace
}  // namespace poise
