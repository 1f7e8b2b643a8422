#include "poise/formats/calibration.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

const std::filesystem::path kQualisys = POISE_SOURCE_DIR "/../shared/data/video/people_calibration.txt";

constexpr const char* kToml = R"([cam_01]
name = "north"
size = [ 1088.0, 1920.0]
matrix = [ [ 1681.0, 0.0, 532.0],
           [ 0.0, 1680.0, 948.0], [ 0.0, 0.0, 1.0], ]  # over lines
distortions = [ -0.04, 0.13, 0.001, 0.002]
rotation = [ 0.1, 0.2, 0.3]
translation = [ 1.0, 2.0, 3.0]
fisheye = false

[cam_02]
matrix = [[1000, 0, 500], [0, 1000, 500], [0, 0, 1]]
distortions = [0, 0, 0, 0, 0.5]
model = "videopose3d"

[metadata]
adjusted = false
)";

std::string error(const std::string& text) {
  const auto cameras = parse_calibration(text);
  return cameras.ok() ? "" : cameras.error().message;
}

TEST(Calibration, Pose2Sims) {
  const auto cameras = parse_calibration(kToml).value();
  ASSERT_EQ(cameras.size(), 2U);
  EXPECT_EQ(cameras[0].name, "north");
  EXPECT_EQ(cameras[0].size, (Size{1088, 1920}));
  EXPECT_EQ(cameras[0].fy, 1680);
  EXPECT_EQ(cameras[0].cx, 532);
  EXPECT_EQ(cameras[0].k[1], 0.13);
  EXPECT_EQ(cameras[0].p[1], 0.002);
  EXPECT_NEAR(distance(vector_from_rotation(cameras[0].camera_from_world.rotation), {.1, .2, .3}), 0, 1e-12);
  EXPECT_EQ(cameras[0].camera_from_world.translation, (Point3{1, 2, 3}));
  EXPECT_EQ(cameras[1].name, "cam_02");
  EXPECT_EQ(cameras[1].k[2], 0.5);
  EXPECT_EQ(cameras[1].form, Distortion::kVideoPose);
  const auto again = parse_calibration(calibration_toml(cameras)).value();
  ASSERT_EQ(again.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again[i].name, cameras[i].name);
    EXPECT_EQ(again[i].form, cameras[i].form);
    const Pixel a = again[i].pixel_from_world({.1, .2, 5}), b = cameras[i].pixel_from_world({.1, .2, 5});
    EXPECT_NEAR(a.x, b.x, 1e-9);
    EXPECT_NEAR(a.y, b.y, 1e-9);
  }
}

TEST(Calibration, WhatIsWrongIsNamed) {
  EXPECT_EQ(error(""), "the calibration names no camera: none of its sections has a matrix");
  EXPECT_NE(error("matrix = [1]").find("line 1: there must be a [section]"), std::string::npos);
  EXPECT_NE(error("[a]\nmatrix = [[1, 2").find("line 2: the array of matrix does not end"), std::string::npos);
  EXPECT_EQ(error("[a]\nmatrix = [1, 2]"), "camera a: matrix must be 9 finite numbers");
  EXPECT_EQ(error("[a]\nmatrix = [0,0,0,0,0,0,0,0,0]"), "camera a: focal lengths must be above 0");
  EXPECT_NE(error("[a]\nfisheye = true\nmatrix = [1,0,0,0,1,0,0,0,1]").find("fisheye"), std::string::npos);
  EXPECT_NE(error("[a]\nmatrix = nonsense").find("line 2"), std::string::npos);
  EXPECT_NE(error("[a]\nmatrix = [1,0,0,0,1,0,0,0,1]\nrotation = [1,2,3]").find("translation"), std::string::npos);
  EXPECT_EQ(error("<calibration></calibration>"), "the calibration names no camera");
  EXPECT_NE(error("<calibration><camera serial=\"x\"/></calibration>").find("camera x has no"), std::string::npos);
}

TEST(Calibration, Qualisys) {
  if (!std::filesystem::exists(kQualisys)) GTEST_SKIP() << kQualisys << " is not there";
  const auto cameras = read_calibration(kQualisys).value();
  ASSERT_EQ(cameras.size(), 4U);
  EXPECT_EQ(cameras[2].name, "cam03");
  EXPECT_EQ(cameras[0].size, (Size{1088, 1920}));
  EXPECT_NEAR(cameras[0].fx, 1681.245, 1e-3);
  for (const Camera& camera : cameras) {
    // All four stand around the room's origin, 1.7 to 2.1 m above the floor, and look at it.
    const Point3 place = camera.camera_from_world.inverse().translation;
    EXPECT_GT(place.z, 1.6);
    EXPECT_LT(place.z, 2.1);
    const Point3 origin = camera.camera_from_world({0, 0, 1});
    EXPECT_GT(origin.z, 1);
    const Pixel middle = camera.pixel_from_camera(origin);
    EXPECT_GT(middle.x, 0);
    EXPECT_LT(middle.x, 1088);
    EXPECT_GT(middle.y, 0);
    EXPECT_LT(middle.y, 1920);
    // The head of someone who stands there is above their feet.
    EXPECT_LT(camera.pixel_from_world({0, 0, 1.7}).y, camera.pixel_from_world({0, 0, 0.1}).y);
  }
}

}  // namespace
}  // namespace poise
