#include "poise/lift/triangulate.h"

#include <gtest/gtest.h>

#include "poise/lift/test_room.h"

namespace poise {
namespace {

std::vector<Sighting> seen(const std::vector<Camera>& cameras, Point3 point) {
  std::vector<Sighting> sightings;
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    sightings.push_back({static_cast<int>(c), cameras[c].pixel_from_world(point), 0.5});
  }
  return sightings;
}

TEST(Triangulate, ExactSightingsGiveTheExactPoint) {
  const auto cameras = room_cameras(4);
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const Point3 point{random.uniform(-1.5, 1.5), random.uniform(-1.5, 1.5), random.uniform(0, 2)};
    const auto all = seen(cameras, point);
    for (std::size_t count = 2; count <= 4; ++count) {
      const auto found = triangulate(cameras, std::span(all).first(count));
      ASSERT_TRUE(found);
      EXPECT_LT(distance(found->point, point), 1e-7);
      EXPECT_LT(found->error, 1e-5);
      EXPECT_EQ(found->cameras.size(), count);
    }
  }
}

TEST(Triangulate, ACameraThatDisagreesIsLeftOut) {
  const auto cameras = room_cameras(4);
  const Point3 point{0.3, -0.2, 1.2};
  auto all = seen(cameras, point);
  all[2].pixel.x += 80;  // a left knee taken for the right one
  const auto found = triangulate(cameras, all);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cameras, (std::vector<int>{0, 1, 3}));
  EXPECT_LT(distance(found->point, point), 1e-6);
  TriangulateOptions strict;
  strict.min_cameras = 4;
  EXPECT_FALSE(triangulate(cameras, all, strict));
}

TEST(Triangulate, NoiseIsAveraged) {
  const auto cameras = room_cameras(4);
  Random random(2);
  double two = 0, four = 0;
  for (int i = 0; i < 200; ++i) {
    const Point3 point{random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(0, 2)};
    auto all = seen(cameras, point);
    for (Sighting& one : all) one.pixel = {one.pixel.x + 2 * random.normal(), one.pixel.y + 2 * random.normal()};
    two += distance(triangulate(cameras, std::span(all).first(2))->point, point);
    four += distance(triangulate(cameras, all)->point, point);
  }
  EXPECT_LT(four / 200, 0.012);  // metres, of 2 px at 4 m and 900 px: 9 mm a camera
  EXPECT_LT(four, two);
}

TEST(Triangulate, WhatCannotBe) {
  const auto cameras = room_cameras(4);
  const auto all = seen(cameras, {0, 0, 1});
  EXPECT_FALSE(triangulate(cameras, std::span(all).first(1)));
  EXPECT_FALSE(triangulate(cameras, {}));
  // Two cameras in one place see along one ray.
  const std::vector<Camera> twins{cameras[0], cameras[0]};
  const auto point = triangulate(twins, seen(twins, {0, 0, 1}));
  EXPECT_TRUE(!point || is_finite(point->point));
  // Rays that part meet behind the cameras.
  const std::vector<Sighting> parting{{0, {100, 500}}, {1, {950, 500}}};
  Camera a = cameras[0], b = cameras[0];
  a.camera_from_world = {};
  b.camera_from_world = {{}, {-1, 0, 0}};
  EXPECT_FALSE(triangulate(std::vector<Camera>{a, b}, parting));
}

}  // namespace
}  // namespace poise
