#pragma once
// Calibrated cameras: where a point in space is seen, and along which ray a pixel looks. Pixels as in point.h. Pure
// functions of plain values: thread-safe.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "poise/geometry/point.h"
#include "poise/geometry/space.h"

namespace poise {

/// How a lens bends what it sees: with x, y the point over its depth, r2 = x^2 + y^2, R = 1 + k1 r2 + k2 r2^2 + k3
/// r2^3,
enum class Distortion {
  /// x R + 2 p1 x y + p2 (r2 + 2 x^2), y R + p1 (r2 + 2 y^2) + 2 p2 x y: OpenCV's, of Brown and Conrady.
  kBrown,
  /// (x, y) (R + p1 y + p2 x) + (p2, p1) r2: una-dinosauria/3d-pose-baseline, src/cameras.py, project_point_radial.
  kMartinez,
  /// (x, y) (R + p1 x + p2 y) + (p1, p2) r2: facebookresearch/VideoPose3D, common/camera.py, project_to_2d.
  kVideoPose,
};
const char* name_of(Distortion form);  // "brown", "martinez", "videopose3d"
std::optional<Distortion> distortion_by_name(std::string_view name);

struct Pixel {  // as Point, in double precision
  double x = 0, y = 0;
};

struct Camera {
  std::string name;
  Size size;                  // of its pictures; 0, 0: not known
  double fx = 1, fy = 1;      // focal lengths, pixels
  double cx = 0, cy = 0;      // where the axis meets the picture
  std::array<double, 3> k{};  // k1, k2, k3
  std::array<double, 2> p{};  // p1, p2
  Distortion form = Distortion::kBrown;
  Rigid3 camera_from_world;  // z looks ahead, y down; metres

  /// Of a point in the camera's axes; z must not be 0. Behind the camera (z < 0) the pixel means nothing.
  Pixel pixel_from_camera(Point3 point) const;
  Pixel pixel_from_world(Point3 point) const { return pixel_from_camera(camera_from_world(point)); }
  /// x and y, at depth 1, of what is seen at this pixel: the inverse of pixel_from_camera, by Newton's steps to 1e-10
  /// pixels where the lens has an inverse there.
  Pixel ray_from_pixel(Pixel pixel) const;
};

}  // namespace poise
