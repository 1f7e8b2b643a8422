#include "poise/lift/adjust_cameras.h"

#include <array>
#include <cmath>

#include "poise/base/linear.h"

namespace poise {
namespace {

constexpr std::size_t kPose = 6;  // a turn and a shift

/// A small turn and shift in the camera's own axes.
Camera moved(Camera camera, std::span<const double, kPose> by) {
  const Matrix3 turn = rotation_from_vector({by[0], by[1], by[2]});
  camera.camera_from_world.rotation = turn * camera.camera_from_world.rotation;
  camera.camera_from_world.translation = turn * camera.camera_from_world.translation + Point3{by[3], by[4], by[5]};
  return camera;
}

/// One sighting's share of the equations: derivatives of its two pixels, and what they lack.
struct Row {
  std::array<std::array<double, kPose>, 2> camera{};
  std::array<std::array<double, 3>, 2> point{};
  std::array<double, 2> residual{};
  double weight = 0;  // Huber's
};

class Bundle {
 public:
  Bundle(std::span<const Camera> cameras, std::vector<SeenPoint> points, double huber)
      : cameras_(cameras.begin(), cameras.end()), points_(std::move(points)), huber_(huber) {}

  /// Of squared errors within `huber`, linear beyond.
  double cost() const { return cost_of(cameras_, points_); }

  double rms() const {
    double sum = 0;
    std::size_t count = 0;
    for (const SeenPoint& point : points_) {
      for (const Sighting& one : point.sightings) {
        const double error = reprojection_error(cameras_[static_cast<std::size_t>(one.camera)], point.point, one.pixel);
        sum += error * error;
        ++count;
      }
    }
    return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, count)));
  }

  /// One damped step; false where none makes it better.
  bool step() {
    const double now = cost();
    for (int tries = 0; tries < 8; ++tries) {
      std::vector<Camera> cameras = cameras_;
      std::vector<SeenPoint> points = points_;
      if (solve(cameras, points)) {
        const double then = cost_of(cameras, points);
        if (then < now) {
          cameras_ = std::move(cameras);
          points_ = std::move(points);
          damping_ = std::max(1e-9, damping_ / 5);
          return now - then > 1e-9 * now;
        }
      }
      damping_ *= 10;
    }
    return false;
  }

  std::vector<Camera> cameras() const { return cameras_; }

 private:
  double cost_of(const std::vector<Camera>& cameras, const std::vector<SeenPoint>& points) const {
    double sum = 0;
    for (const SeenPoint& point : points) {
      for (const Sighting& one : point.sightings) {
        const double error = reprojection_error(cameras[static_cast<std::size_t>(one.camera)], point.point, one.pixel);
        sum += one.weight * (error <= huber_ ? error * error : huber_ * (2 * error - huber_));
      }
    }
    return sum;
  }

  Row row_of(const Sighting& one, Point3 point) const {
    const Camera& camera = cameras_[static_cast<std::size_t>(one.camera)];
    const Pixel at = camera.pixel_from_world(point);
    constexpr double kStep = 1e-6;
    Row row;
    row.residual = {one.pixel.x - at.x, one.pixel.y - at.y};
    const double error = std::hypot(row.residual[0], row.residual[1]);
    row.weight = one.weight * (error <= huber_ ? 1 : huber_ / error);
    const auto derive = [&](Pixel there, std::size_t i, auto& into) {
      into[0][i] = (there.x - at.x) / kStep;
      into[1][i] = (there.y - at.y) / kStep;
    };
    for (std::size_t i = 0; i < kPose; ++i) {
      std::array<double, kPose> by{};
      by[i] = kStep;
      derive(moved(camera, by).pixel_from_world(point), i, row.camera);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const Point3 by{i == 0 ? kStep : 0, i == 1 ? kStep : 0, i == 2 ? kStep : 0};
      derive(camera.pixel_from_world(point + by), i, row.point);
    }
    return row;
  }

  /// The first camera stays: its unknowns are none.
  std::size_t place(int camera) const { return (static_cast<std::size_t>(camera) - 1) * kPose; }

  /// What one point adds to the cameras' equations once it is eliminated, and how it follows them.
  struct Eliminated {
    std::array<double, 9> inverse{};  // of its own 3 x 3 block
    std::array<double, 3> right{};
    std::vector<std::pair<int, std::array<double, kPose * 3>>> cross;  // camera x point
  };

  Eliminated eliminate(const SeenPoint& point, std::vector<double>& a, std::vector<double>& b) const {
    Eliminated e;
    std::vector<double> own(9, 0.0);
    const std::size_t n = b.size();
    for (const Sighting& one : point.sightings) {
      const Row row = row_of(one, point.point);
      std::array<double, kPose * 3> cross{};
      for (std::size_t r = 0; r < 2; ++r) {
        for (std::size_t i = 0; i < 3; ++i) {
          e.right[i] += row.weight * row.point[r][i] * row.residual[r];
          for (std::size_t j = 0; j < 3; ++j) own[3 * i + j] += row.weight * row.point[r][i] * row.point[r][j];
          for (std::size_t c = 0; c < kPose; ++c) cross[3 * c + i] += row.weight * row.camera[r][c] * row.point[r][i];
        }
        if (one.camera == 0) continue;
        for (std::size_t c = 0; c < kPose; ++c) {
          b[place(one.camera) + c] += row.weight * row.camera[r][c] * row.residual[r];
          for (std::size_t d = 0; d < kPose; ++d) {
            const double value = row.weight * row.camera[r][c] * row.camera[r][d];
            a[(place(one.camera) + c) * n + place(one.camera) + d] += c == d ? value * (1 + damping_) : value;
          }
        }
      }
      if (one.camera != 0) e.cross.emplace_back(one.camera, cross);
    }
    for (std::size_t i = 0; i < 3; ++i) own[4 * i] *= 1 + damping_;
    for (std::size_t i = 0; i < 3; ++i) {
      std::vector<double> copy = own, unit(3, 0.0);
      unit[i] = 1;
      if (!solve_positive(copy, unit)) return e;  // the point stays where it is, and says nothing
      for (std::size_t j = 0; j < 3; ++j) e.inverse[3 * j + i] = unit[j];
    }
    return e;
  }

  static std::array<double, kPose * 3> times(const std::array<double, kPose * 3>& w, const std::array<double, 9>& m) {
    std::array<double, kPose * 3> out{};
    for (std::size_t c = 0; c < kPose; ++c) {
      for (std::size_t j = 0; j < 3; ++j) {
        for (std::size_t i = 0; i < 3; ++i) out[3 * c + j] += w[3 * c + i] * m[3 * i + j];
      }
    }
    return out;
  }

  bool solve(std::vector<Camera>& cameras, std::vector<SeenPoint>& points) const {
    const std::size_t n = (cameras.size() - 1) * kPose;
    std::vector<double> a(n * n, 0.0), b(n, 0.0);
    std::vector<Eliminated> all;
    for (const SeenPoint& point : points) {
      const Eliminated& e = all.emplace_back(eliminate(point, a, b));
      for (const auto& [camera, w] : e.cross) {
        const auto wm = times(w, e.inverse);
        for (std::size_t c = 0; c < kPose; ++c) {
          for (std::size_t i = 0; i < 3; ++i) b[place(camera) + c] -= wm[3 * c + i] * e.right[i];
          for (const auto& [other, v] : e.cross) {
            for (std::size_t d = 0; d < kPose; ++d) {
              for (std::size_t i = 0; i < 3; ++i)
                a[(place(camera) + c) * n + place(other) + d] -= wm[3 * c + i] * v[3 * d + i];
            }
          }
        }
      }
    }
    if (!solve_positive(a, b)) return false;
    for (std::size_t c = 1; c < cameras.size(); ++c) {
      cameras[c] = moved(cameras[c], std::span<const double, kPose>(b.data() + (c - 1) * kPose, kPose));
    }
    for (std::size_t p = 0; p < points.size(); ++p) {
      std::array<double, 3> right = all[p].right;
      for (const auto& [camera, w] : all[p].cross) {
        for (std::size_t c = 0; c < kPose; ++c) {
          for (std::size_t i = 0; i < 3; ++i) right[i] -= w[3 * c + i] * b[place(camera) + c];
        }
      }
      const Matrix3 inverse{all[p].inverse};
      points[p].point = points[p].point + inverse * Point3{right[0], right[1], right[2]};
    }
    return true;
  }

  std::vector<Camera> cameras_;
  std::vector<SeenPoint> points_;
  double huber_;
  double damping_ = 1e-3;
};

Point3 centre(const Camera& camera) { return camera.camera_from_world.inverse().translation; }

/// All about the first camera, so that the second is as far from it as it was.
void keep_scale(std::span<const Camera> before, std::vector<Camera>& cameras) {
  const Point3 origin = centre(before[0]);
  const double now = distance(centre(cameras[1]), origin);
  if (!(now > 0)) return;
  const double scale = distance(centre(before[1]), origin) / now;
  for (std::size_t c = 1; c < cameras.size(); ++c) {
    Rigid3& pose = cameras[c].camera_from_world;
    const Point3 place = origin + scale * (centre(cameras[c]) - origin);
    pose.translation = -1.0 * (pose.rotation * place);
  }
}

}  // namespace

Result<AdjustedCameras> adjust_cameras(std::span<const Camera> cameras, std::span<const SeenPoint> points,
                                       const AdjustOptions& options) {
  if (cameras.size() < 2) return invalid_argument("there must be two cameras or more to adjust");
  std::vector<SeenPoint> used;
  const double step = std::max(1.0, static_cast<double>(points.size()) / static_cast<double>(options.points));
  for (double at = 0; at < static_cast<double>(points.size()); at += step) {
    used.push_back(points[static_cast<std::size_t>(at)]);
  }
  std::vector<std::size_t> seen(cameras.size(), 0);
  for (const SeenPoint& point : used) {
    for (const Sighting& one : point.sightings) ++seen[static_cast<std::size_t>(one.camera)];
  }
  constexpr std::size_t kLeast = 20;
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    if (seen[c] < kLeast) {
      return invalid_argument("camera " + cameras[c].name + " sees " + std::to_string(seen[c]) +
                              " points that others see too, 20 are needed: show it more people, or leave it out");
    }
  }
  Bundle bundle(cameras, std::move(used), options.huber);
  AdjustedCameras result;
  result.error_before = bundle.rms();
  for (int i = 0; i < options.steps && bundle.step(); ++i) {
  }
  result.error_after = bundle.rms();
  for (const std::size_t count : seen) result.points = std::max(result.points, count);
  result.cameras = bundle.cameras();
  keep_scale(cameras, result.cameras);
  return result;
}

}  // namespace poise
