#pragma once
// One point from where several calibrated cameras see it. Pure.

#include <optional>
#include <span>
#include <vector>

#include "poise/geometry/camera.h"

namespace poise {

struct Sighting {
  int camera = 0;  // index among the cameras
  Pixel pixel;
  double weight = 1;  // above 0, as a joint's score
};

struct TriangulateOptions {
  int min_cameras = 2;    // that must agree; 2 or more
  double max_error = 15;  // pixels, root mean square over the cameras; cameras that disagree are left out one by one
};

struct TriangulatedPoint {
  Point3 point;
  double error = 0;          // pixels, root mean square over the cameras used
  std::vector<int> cameras;  // used
};

/// The point of least weighted squared distances in the pictures: a linear start over the rays, then Gauss and Newton.
/// While the error is over max_error, the camera without which it is least is left out. Nothing where too few cameras
/// agree, rays are parallel, or the point is behind a camera.
std::optional<TriangulatedPoint> triangulate(std::span<const Camera> cameras, std::span<const Sighting> sightings,
                                             const TriangulateOptions& options = {});

/// Distance in pixels between what is seen and where the camera would see the point.
double reprojection_error(const Camera& camera, Point3 point, Pixel seen);

}  // namespace poise
