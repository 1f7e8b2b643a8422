#include "poise/geometry/camera.h"

#include <string_view>

namespace poise {
namespace {

Pixel bent(const Camera& camera, Pixel at) {
  const auto [x, y] = at;
  const auto& k = camera.k;
  const auto [p1, p2] = camera.p;
  const double r2 = x * x + y * y;
  const double radial = 1 + r2 * (k[0] + r2 * (k[1] + r2 * k[2]));
  switch (camera.form) {
    case Distortion::kMartinez: {
      const double factor = radial + p1 * y + p2 * x;
      return {x * factor + p2 * r2, y * factor + p1 * r2};
    }
    case Distortion::kVideoPose: {
      const double factor = radial + p1 * x + p2 * y;
      return {x * factor + p1 * r2, y * factor + p2 * r2};
    }
    case Distortion::kBrown:
      break;
  }
  return {x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y};
}

constexpr std::pair<Distortion, const char*> kForms[] = {
    {Distortion::kBrown, "brown"}, {Distortion::kMartinez, "martinez"}, {Distortion::kVideoPose, "videopose3d"}};

}  // namespace

const char* name_of(Distortion form) {
  for (const auto& [known, name] : kForms) {
    if (known == form) return name;
  }
  return "";
}

std::optional<Distortion> distortion_by_name(std::string_view name) {
  for (const auto& [known, known_name] : kForms) {
    if (known_name == name) return known;
  }
  return std::nullopt;
}

Pixel Camera::pixel_from_camera(Point3 point) const {
  const auto [x, y] = bent(*this, {point.x / point.z, point.y / point.z});
  return {fx * x + cx, fy * y + cy};
}

Pixel Camera::ray_from_pixel(Pixel pixel) const {
  const Pixel wanted{(pixel.x - cx) / fx, (pixel.y - cy) / fy};
  Pixel at = wanted;
  constexpr int kSteps = 30;
  constexpr double kStep = 1e-6;
  for (int i = 0; i < kSteps; ++i) {
    const Pixel now = bent(*this, at);
    const double ex = wanted.x - now.x, ey = wanted.y - now.y;
    if (std::abs(ex) * fx < 1e-11 && std::abs(ey) * fy < 1e-11) break;
    const Pixel dx = bent(*this, {at.x + kStep, at.y}), dy = bent(*this, {at.x, at.y + kStep});
    const double a = (dx.x - now.x) / kStep, b = (dy.x - now.x) / kStep;
    const double c = (dx.y - now.y) / kStep, d = (dy.y - now.y) / kStep;
    const double determinant = a * d - b * c;
    if (!(std::abs(determinant) > 1e-9)) break;  // the lens folds here
    at.x += (d * ex - b * ey) / determinant;
    at.y += (a * ey - c * ex) / determinant;
  }
  return at;
}

}  // namespace poise
