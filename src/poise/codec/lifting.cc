#include "poise/codec/lifting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "poise/base/check.h"
#include "poise/base/linear.h"

namespace poise {
namespace {

bool is_known(Pixel ray) { return std::isfinite(ray.x) && std::isfinite(ray.y); }

struct Extent {
  double low_x = 0, high_x = 0, low_y = 0, high_y = 0;
  std::size_t count = 0;
  void add(Pixel p) {
    const bool first = count++ == 0;
    low_x = first ? p.x : std::min(low_x, p.x);
    high_x = first ? p.x : std::max(high_x, p.x);
    low_y = first ? p.y : std::min(low_y, p.y);
    high_y = first ? p.y : std::max(high_y, p.y);
  }
  Pixel middle() const { return {(low_x + high_x) / 2, (low_y + high_y) / 2}; }
  double half() const { return std::max(high_x - low_x, high_y - low_y) / 2; }
};

}  // namespace

std::optional<LiftView> lift_view(std::span<const Pixel> rays) {
  Extent seen;
  for (const Pixel& ray : rays) {
    if (is_known(ray)) seen.add(ray);
  }
  if (seen.count < kLeastLifted) return std::nullopt;
  LiftView view;
  view.rays.assign(rays.begin(), rays.end());
  view.view_from_camera = shortest_turn({seen.middle().x, seen.middle().y, 1}, {0, 0, 1});
  std::vector<Pixel> turned;
  Extent straight;
  for (const Pixel& ray : rays) {
    const Point3 p = view.view_from_camera * Point3{ray.x, ray.y, 1};
    turned.push_back({p.x / p.z, p.y / p.z});
    if (is_known(ray)) straight.add(turned.back());
  }
  const Pixel middle = straight.middle();
  const double half = straight.half();
  if (!(half > 0) || !std::isfinite(half)) return std::nullopt;
  for (const Pixel& p : turned) {
    if (is_known(p)) {
      view.values.insert(view.values.end(), {static_cast<float>((p.x - middle.x) / half),
                                             static_cast<float>((p.y - middle.y) / half), 1.0F});
    } else {
      view.values.insert(view.values.end(), 3, 0.0F);
    }
  }
  return view;
}

std::vector<Point3> decode_lifted(std::span<const float> answer, const LiftView& view) {
  POISE_CHECK(answer.size() == 3 * view.rays.size());
  const Matrix3 camera_from_view = transposed(view.view_from_camera);
  std::vector<Point3> joints;
  for (std::size_t j = 0; j < view.rays.size(); ++j) {
    joints.push_back(camera_from_view * Point3{answer[3 * j], answer[3 * j + 1], answer[3 * j + 2]});
  }
  // X + tx = x (Z + tz) and Y + ty = y (Z + tz) for each joint that is seen.
  std::vector<double> a(9, 0.0), b(3, 0.0);
  const auto add = [&](const std::array<double, 3>& row, double value) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t k = 0; k < 3; ++k) a[3 * i + k] += row[i] * row[k];
      b[i] += row[i] * value;
    }
  };
  for (std::size_t j = 0; j < joints.size(); ++j) {
    const Pixel ray = view.rays[j];
    if (!is_known(ray)) continue;
    add({1, 0, -ray.x}, ray.x * joints[j].z - joints[j].x);
    add({0, 1, -ray.y}, ray.y * joints[j].z - joints[j].y);
  }
  if (!solve_positive(a, b)) return joints;
  for (Point3& joint : joints) joint = joint + Point3{b[0], b[1], b[2]};
  return joints;
}

void encode_lifted(std::span<const Point3> joints, Point3 root, const LiftView& view, std::span<float> answer) {
  POISE_CHECK(answer.size() == 3 * joints.size());
  for (std::size_t j = 0; j < joints.size(); ++j) {
    const Point3 p = view.view_from_camera * (joints[j] - root);
    answer[3 * j] = static_cast<float>(p.x);
    answer[3 * j + 1] = static_cast<float>(p.y);
    answer[3 * j + 2] = static_cast<float>(p.z);
  }
}

}  // namespace poise
