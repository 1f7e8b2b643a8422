#include "poise/codec/lifting.h"

#include <gtest/gtest.h>

#include "poise/base/random.h"

namespace poise {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<Point3> someone(Random& random, Point3 place) {
  std::vector<Point3> joints;
  for (int j = 0; j < 17; ++j) {
    joints.push_back(place + Point3{0.3 * random.normal(), 0.6 * random.normal(), 0.3 * random.normal()});
  }
  return joints;
}

std::vector<Pixel> rays_of(const std::vector<Point3>& joints) {
  std::vector<Pixel> rays;
  for (const Point3& p : joints) rays.push_back({p.x / p.z, p.y / p.z});
  return rays;
}

TEST(Lifting, WhatIsEncodedIsDecoded) {
  Random random(1);
  for (int i = 0; i < 50; ++i) {
    const std::vector<Point3> joints =
        someone(random, {random.uniform(-2, 2), random.uniform(-1, 1), random.uniform(4, 8)});
    std::vector<Pixel> rays = rays_of(joints);
    if (i % 2 == 1) rays[3] = rays[7] = {kNan, kNan};
    const LiftView view = lift_view(rays).value();
    std::vector<float> answer(51);
    encode_lifted(joints, joints[11], view, answer);
    const std::vector<Point3> back = decode_lifted(answer, view);
    for (std::size_t j = 0; j < 17; ++j) EXPECT_LT(distance(back[j], joints[j]), 1e-4) << i << " " << j;
  }
}

TEST(Lifting, PlaceAndLensDoNotMatter) {
  Random random(2);
  // Someone far away, so that perspective is none, before the camera and to its side, the same from there.
  const std::vector<Point3> ahead = someone(random, {0, 0, 400});
  const Matrix3 turn = rotation_from_vector({0.2, -0.4, 0});
  std::vector<Point3> aside;
  for (const Point3& p : ahead) aside.push_back(turn * p);
  const LiftView a = lift_view(rays_of(ahead)).value(), b = lift_view(rays_of(aside)).value();
  ASSERT_EQ(a.values.size(), 51U);
  // The camera turns by the shortest way, which may roll a little: the picture's distances stay.
  const auto apart = [](const LiftView& v, std::size_t i, std::size_t j) {
    return std::hypot(v.values[3 * i] - v.values[3 * j], v.values[3 * i + 1] - v.values[3 * j + 1]);
  };
  const double scale = apart(a, 0, 5) / apart(b, 0, 5);
  for (std::size_t j = 1; j < 17; ++j) EXPECT_NEAR(apart(a, 0, j), scale * apart(b, 0, j), 0.02);
}

TEST(Lifting, UnknownJointsAreZero) {
  Random random(3);
  std::vector<Pixel> rays = rays_of(someone(random, {0, 0, 5}));
  rays[2] = {kNan, 0};
  const LiftView view = lift_view(rays).value();
  EXPECT_EQ(view.values[6], 0);
  EXPECT_EQ(view.values[8], 0);
  EXPECT_EQ(view.values[11], 1);
  for (const float value : view.values) EXPECT_LE(std::abs(value), 1.0001F);
  std::vector<Pixel> few(17, {kNan, kNan});
  EXPECT_FALSE(lift_view(few));
  EXPECT_FALSE(lift_view(std::vector<Pixel>(17, {0.1, 0.2})));
}

}  // namespace
}  // namespace poise
