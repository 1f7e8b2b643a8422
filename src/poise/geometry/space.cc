#include "poise/geometry/space.h"

#include <algorithm>
#include <numbers>
#include <numeric>

#include "poise/base/check.h"

namespace poise {

Matrix3 operator*(const Matrix3& a, const Matrix3& b) {
  return Matrix3::from_columns(a * b.column(0), a * b.column(1), a * b.column(2));
}

Point3 operator*(const Matrix3& a, Point3 p) { return {dot(a.row(0), p), dot(a.row(1), p), dot(a.row(2), p)}; }

Matrix3 transposed(const Matrix3& a) { return Matrix3::from_columns(a.row(0), a.row(1), a.row(2)); }

double determinant(const Matrix3& a) { return dot(a.row(0), cross(a.row(1), a.row(2))); }

Matrix3 rotation_from_vector(Point3 vector) {
  const double angle = length(vector);
  // Near zero the series of sin(t)/t and (1 - cos t)/t^2.
  const double s = angle > 1e-8 ? std::sin(angle) / angle : 1.0;
  const double c = angle > 1e-8 ? (1 - std::cos(angle)) / (angle * angle) : 0.5;
  const auto [x, y, z] = vector;
  return {{1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y,  //
           c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x,  //
           c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)}};
}

Point3 vector_from_rotation(const Matrix3& r) {
  const Point3 twice_sine{r(2, 1) - r(1, 2), r(0, 2) - r(2, 0), r(1, 0) - r(0, 1)};
  const double cosine = std::clamp((r(0, 0) + r(1, 1) + r(2, 2) - 1) / 2, -1.0, 1.0);
  const double sine = length(twice_sine) / 2;
  const double angle = std::atan2(sine, cosine);
  if (sine > 1e-6) return (angle / (2 * sine)) * twice_sine;
  if (cosine > 0) return 0.5 * twice_sine;
  // Half a turn: R = 2 a a^T - 1, whose longest column is along the axis.
  Point3 axis;
  for (std::size_t i = 0; i < 3; ++i) {
    Point3 column = r.column(i);
    (i == 0 ? column.x : i == 1 ? column.y : column.z) += 1;
    if (dot(column, column) > dot(axis, axis)) axis = column;
  }
  axis = (1 / length(axis)) * axis;
  return (dot(axis, twice_sine) < 0 ? -angle : angle) * axis;
}

Matrix3 shortest_turn(Point3 from, Point3 to) {
  const double lengths = length(from) * length(to);
  if (lengths == 0) return {};
  const Point3 axis = cross(from, to);
  const double sine = length(axis) / lengths, cosine = dot(from, to) / lengths;
  if (sine > 1e-12) return rotation_from_vector((std::atan2(sine, cosine) / length(axis)) * axis);
  if (cosine > 0) return {};
  const Point3 other = std::abs(from.x) < 0.5 * length(from) ? Point3{1, 0, 0} : Point3{0, 1, 0};
  const Point3 across = cross(from, other);
  return rotation_from_vector((std::numbers::pi / length(across)) * across);
}

Rigid3 Rigid3::inverse() const {
  const Matrix3 back = transposed(rotation);
  return {back, -1.0 * (back * translation)};
}

Svd3 svd(const Matrix3& matrix) {
  std::array<Point3, 3> a{matrix.column(0), matrix.column(1), matrix.column(2)};
  std::array<Point3, 3> v{Point3{1, 0, 0}, Point3{0, 1, 0}, Point3{0, 0, 1}};
  constexpr int kSweeps = 60;
  constexpr double kSmall = 1e-30;  // of a squared cosine
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    bool turned = false;
    for (std::size_t p = 0; p < 2; ++p) {
      for (std::size_t q = p + 1; q < 3; ++q) {
        const double pp = dot(a[p], a[p]), qq = dot(a[q], a[q]), pq = dot(a[p], a[q]);
        if (pq * pq <= kSmall * pp * qq) continue;
        turned = true;
        const double zeta = (qq - pp) / (2 * pq);
        const double t = std::copysign(1 / (std::abs(zeta) + std::hypot(1.0, zeta)), zeta);
        const double c = 1 / std::hypot(1.0, t), s = c * t;
        for (auto* columns : {&a, &v}) {
          const Point3 first = (*columns)[p], second = (*columns)[q];
          (*columns)[p] = c * first - s * second;
          (*columns)[q] = s * first + c * second;
        }
      }
    }
    if (!turned) break;
  }
  std::array<std::size_t, 3> order{0, 1, 2};
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return dot(a[i], a[i]) > dot(a[j], a[j]); });
  Svd3 result;
  std::array<Point3, 3> u;
  for (std::size_t i = 0; i < 3; ++i) {
    result.s[i] = length(a[order[i]]);
    u[i] = result.s[i] > 0 ? (1 / result.s[i]) * a[order[i]] : Point3{};
  }
  // Directions that the matrix does not reach, or only by rounding, are what is left over.
  const double negligible = 1e-14 * result.s[0];
  if (result.s[0] == 0) u[0] = {1, 0, 0};
  if (result.s[1] <= negligible) {
    const Point3 other = std::abs(u[0].x) < 0.5 ? Point3{1, 0, 0} : Point3{0, 1, 0};
    u[1] = cross(u[0], other);
    u[1] = (1 / length(u[1])) * u[1];
  }
  if (result.s[2] <= negligible) u[2] = cross(u[0], u[1]);
  result.u = Matrix3::from_columns(u[0], u[1], u[2]);
  result.v = Matrix3::from_columns(v[order[0]], v[order[1]], v[order[2]]);
  return result;
}

Matrix3 nearest_rotation(const Matrix3& matrix) {
  const Svd3 parts = svd(matrix);
  const double sign = determinant(parts.u) * determinant(parts.v) < 0 ? -1.0 : 1.0;
  const Matrix3 u = Matrix3::from_columns(parts.u.column(0), parts.u.column(1), sign * parts.u.column(2));
  return u * transposed(parts.v);
}

namespace {

Point3 mean(std::span<const Point3> points) {
  const Point3 sum = std::accumulate(points.begin(), points.end(), Point3{});
  return (1 / static_cast<double>(points.size())) * sum;
}

}  // namespace

Similarity3 fit_similarity(std::span<const Point3> from, std::span<const Point3> to) {
  POISE_CHECK(from.size() == to.size());
  if (from.empty()) return {};
  const Point3 from_mean = mean(from), to_mean = mean(to);
  Matrix3 products{{0, 0, 0, 0, 0, 0, 0, 0, 0}};  // sum of to from^T
  double spread = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Point3 f = from[i] - from_mean, t = to[i] - to_mean;
    for (const auto& [row, value] : {std::pair<std::size_t, double>{0, t.x}, {1, t.y}, {2, t.z}}) {
      products(row, 0) += value * f.x;
      products(row, 1) += value * f.y;
      products(row, 2) += value * f.z;
    }
    spread += dot(f, f);
  }
  Similarity3 result;
  const Svd3 parts = svd(products);
  const double sign = determinant(parts.u) * determinant(parts.v) < 0 ? -1.0 : 1.0;
  const Matrix3 u = Matrix3::from_columns(parts.u.column(0), parts.u.column(1), sign * parts.u.column(2));
  if (spread > 0) {
    result.rigid.rotation = u * transposed(parts.v);
    result.scale = (parts.s[0] + parts.s[1] + sign * parts.s[2]) / spread;
  }
  result.rigid.translation = to_mean - result.scale * (result.rigid.rotation * from_mean);
  return result;
}

}  // namespace poise
