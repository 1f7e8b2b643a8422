#include "poise/lift/triangulate.h"

#include <cmath>
#include <limits>

#include "poise/base/linear.h"

namespace poise {
namespace {

/// Equations of squared sums in three unknowns.
class Normal3 {
 public:
  void add(Point3 row, double value, double weight) {
    const double r[3] = {row.x, row.y, row.z};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) a_[3 * i + j] += weight * r[i] * r[j];
      b_[i] += weight * r[i] * value;
    }
  }
  std::optional<Point3> solve() {
    // Rays that are parallel leave the depth to rounding.
    const double trace = a_[0] + a_[4] + a_[8];
    for (std::size_t i = 0; i < 3; ++i) a_[4 * i] += 1e-12 * trace;
    if (!solve_positive(a_, b_)) return std::nullopt;
    const Point3 found{b_[0], b_[1], b_[2]};
    return is_finite(found) ? std::optional(found) : std::nullopt;
  }

 private:
  std::vector<double> a_ = std::vector<double>(9, 0.0);
  std::vector<double> b_ = std::vector<double>(3, 0.0);
};

bool before_all(std::span<const Camera> cameras, std::span<const Sighting> sightings, Point3 point) {
  for (const Sighting& one : sightings) {
    if (!(cameras[static_cast<std::size_t>(one.camera)].camera_from_world(point).z > 1e-6)) return false;
  }
  return true;
}

std::optional<Point3> from_rays(std::span<const Camera> cameras, std::span<const Sighting> sightings) {
  Normal3 equations;
  for (const Sighting& one : sightings) {
    const Camera& camera = cameras[static_cast<std::size_t>(one.camera)];
    const Pixel ray = camera.ray_from_pixel(one.pixel);
    const Matrix3& r = camera.camera_from_world.rotation;
    const Point3 t = camera.camera_from_world.translation;
    equations.add(r.row(0) - ray.x * r.row(2), ray.x * t.z - t.x, one.weight);
    equations.add(r.row(1) - ray.y * r.row(2), ray.y * t.z - t.y, one.weight);
  }
  return equations.solve();
}

double cost(std::span<const Camera> cameras, std::span<const Sighting> sightings, Point3 point) {
  double sum = 0;
  for (const Sighting& one : sightings) {
    const double error = reprojection_error(cameras[static_cast<std::size_t>(one.camera)], point, one.pixel);
    sum += one.weight * error * error;
  }
  return sum;
}

Point3 refined(std::span<const Camera> cameras, std::span<const Sighting> sightings, Point3 point) {
  constexpr int kSteps = 8;
  constexpr double kStep = 1e-5;  // metres, of the differences
  double now = cost(cameras, sightings, point);
  for (int step = 0; step < kSteps; ++step) {
    Normal3 equations;
    for (const Sighting& one : sightings) {
      const Camera& camera = cameras[static_cast<std::size_t>(one.camera)];
      const Pixel at = camera.pixel_from_world(point);
      const Pixel dx = camera.pixel_from_world(point + Point3{kStep, 0, 0});
      const Pixel dy = camera.pixel_from_world(point + Point3{0, kStep, 0});
      const Pixel dz = camera.pixel_from_world(point + Point3{0, 0, kStep});
      equations.add((1 / kStep) * Point3{dx.x - at.x, dy.x - at.x, dz.x - at.x}, one.pixel.x - at.x, one.weight);
      equations.add((1 / kStep) * Point3{dx.y - at.y, dy.y - at.y, dz.y - at.y}, one.pixel.y - at.y, one.weight);
    }
    const auto change = equations.solve();
    if (!change) break;
    const Point3 next = point + *change;
    if (!before_all(cameras, sightings, next)) break;
    const double then = cost(cameras, sightings, next);
    if (!(then < now)) break;
    const bool done = now - then < 1e-12 * (1 + now);
    point = next;
    now = then;
    if (done) break;
  }
  return point;
}

std::optional<TriangulatedPoint> of_all(std::span<const Camera> cameras, std::span<const Sighting> sightings) {
  const auto start = from_rays(cameras, sightings);
  if (!start || !before_all(cameras, sightings, *start)) return std::nullopt;
  TriangulatedPoint result;
  result.point = refined(cameras, sightings, *start);
  double sum = 0;
  for (const Sighting& one : sightings) {
    const double error = reprojection_error(cameras[static_cast<std::size_t>(one.camera)], result.point, one.pixel);
    sum += error * error;
    result.cameras.push_back(one.camera);
  }
  result.error = std::sqrt(sum / static_cast<double>(sightings.size()));
  return result;
}

}  // namespace

double reprojection_error(const Camera& camera, Point3 point, Pixel seen) {
  const Pixel at = camera.pixel_from_world(point);
  return std::hypot(at.x - seen.x, at.y - seen.y);
}

std::optional<TriangulatedPoint> triangulate(std::span<const Camera> cameras, std::span<const Sighting> sightings,
                                             const TriangulateOptions& options) {
  const auto least = static_cast<std::size_t>(std::max(2, options.min_cameras));
  std::vector<Sighting> used(sightings.begin(), sightings.end());
  if (used.size() < least) return std::nullopt;
  std::optional<TriangulatedPoint> best = of_all(cameras, used);
  while (!best || !(best->error <= options.max_error)) {
    if (used.size() == least) return std::nullopt;
    std::optional<TriangulatedPoint> least_error;
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < used.size(); ++i) {
      std::vector<Sighting> others = used;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      auto found = of_all(cameras, others);
      if (!found || (least_error && found->error >= least_error->error)) continue;
      least_error = std::move(found);
      left_out = i;
    }
    if (!least_error) return std::nullopt;
    used.erase(used.begin() + static_cast<std::ptrdiff_t>(left_out));
    best = std::move(least_error);
  }
  return best;
}

}  // namespace poise
