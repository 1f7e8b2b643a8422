#include "poise/geometry/camera.h"

#include <gtest/gtest.h>

#include "poise/base/json.h"
#include "poise/base/random.h"

namespace poise {
namespace {

Camera human36m(const std::vector<double>& v) {
  Camera camera;
  camera.fx = v[0], camera.fy = v[1], camera.cx = v[2], camera.cy = v[3];
  camera.k = {v[4], v[5], v[6]};
  camera.p = {v[7], v[8]};
  return camera;
}

TEST(Camera, ProjectsAsOthersDo) {  // tests/golden/make_cameras.py
  const Json cases = parse_json(read_file(POISE_SOURCE_DIR "/tests/golden/cameras.json", 1U << 20U).value()).value();
  ASSERT_EQ(cases.as_array().size(), 4U);
  for (const Json& one : cases.as_array()) {
    Camera camera = human36m(one.numbers("numbers").value());
    const auto points = one.numbers("points").value();
    for (const Distortion form : {Distortion::kBrown, Distortion::kMartinez, Distortion::kVideoPose}) {
      camera.form = form;
      const auto expected = one.numbers(name_of(form)).value();
      for (std::size_t i = 0; i < points.size() / 3; ++i) {
        const Point3 point{points[3 * i], points[3 * i + 1], points[3 * i + 2]};
        const Pixel pixel = camera.pixel_from_camera(point);
        EXPECT_NEAR(pixel.x, expected[2 * i], 1e-9) << name_of(form);
        EXPECT_NEAR(pixel.y, expected[2 * i + 1], 1e-9) << name_of(form);
        const Pixel ray = camera.ray_from_pixel(pixel);
        EXPECT_NEAR(ray.x, point.x / point.z, 1e-12);
        EXPECT_NEAR(ray.y, point.y / point.z, 1e-12);
      }
    }
  }
}

TEST(Camera, FormsDiffer) {  // swapping them would not go unseen
  Camera camera = human36m({1000, 1000, 500, 500, -.2, .25, 0, .01, -.02});
  const Point3 point{1, 0.5, 4};
  const Pixel brown = camera.pixel_from_camera(point);
  camera.form = Distortion::kMartinez;
  const Pixel martinez = camera.pixel_from_camera(point);
  camera.form = Distortion::kVideoPose;
  const Pixel videopose = camera.pixel_from_camera(point);
  EXPECT_GT(std::abs(brown.x - martinez.x), 0.1);
  EXPECT_GT(std::abs(martinez.x - videopose.x), 0.1);
}

TEST(Camera, NamesComeBack) {
  for (const Distortion form : {Distortion::kBrown, Distortion::kMartinez, Distortion::kVideoPose}) {
    EXPECT_EQ(distortion_by_name(name_of(form)), form);
  }
  EXPECT_FALSE(distortion_by_name("fisheye"));
}

}  // namespace
}  // namespace poise
