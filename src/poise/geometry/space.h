#pragma once
// Points, rotations and similarities in space, in double precision. Pure functions of plain values: thread-safe.

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace poise {

struct Point3 {
  double x = 0, y = 0, z = 0;
  friend bool operator==(const Point3&, const Point3&) = default;
};
inline Point3 operator+(Point3 a, Point3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Point3 operator-(Point3 a, Point3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Point3 operator*(double s, Point3 a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(Point3 a, Point3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Point3 cross(Point3 a, Point3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double length(Point3 a) { return std::sqrt(dot(a, a)); }
inline double distance(Point3 a, Point3 b) { return length(a - b); }
inline bool is_finite(Point3 a) { return std::isfinite(a.x) && std::isfinite(a.y) && std::isfinite(a.z); }

/// Three rows of three.
struct Matrix3 {
  std::array<double, 9> m{1, 0, 0, 0, 1, 0, 0, 0, 1};
  double& operator()(std::size_t row, std::size_t column) { return m[3 * row + column]; }
  double operator()(std::size_t row, std::size_t column) const { return m[3 * row + column]; }
  Point3 column(std::size_t c) const { return {m[c], m[3 + c], m[6 + c]}; }
  Point3 row(std::size_t r) const { return {m[3 * r], m[3 * r + 1], m[3 * r + 2]}; }
  static Matrix3 from_columns(Point3 a, Point3 b, Point3 c) { return {{a.x, b.x, c.x, a.y, b.y, c.y, a.z, b.z, c.z}}; }
  static Matrix3 from_rows(Point3 a, Point3 b, Point3 c) { return {{a.x, a.y, a.z, b.x, b.y, b.z, c.x, c.y, c.z}}; }
};
Matrix3 operator*(const Matrix3& a, const Matrix3& b);
Point3 operator*(const Matrix3& a, Point3 p);
Matrix3 transposed(const Matrix3& a);
double determinant(const Matrix3& a);

/// Rodrigues: the turn by |vector| radians about it, and back (|vector| up to pi).
Matrix3 rotation_from_vector(Point3 vector);
Point3 vector_from_rotation(const Matrix3& rotation);
/// The shortest turn from one direction to another; of opposite ones, about any axis across.
Matrix3 shortest_turn(Point3 from, Point3 to);

/// p -> rotation p + translation; frames read left to right, as of Affine: camera_from_world.
struct Rigid3 {
  Matrix3 rotation;
  Point3 translation;
  Point3 operator()(Point3 p) const { return rotation * p + translation; }
  Rigid3 inverse() const;
};

/// matrix = u diag(s) v^T, s falling, u and v orthogonal (their determinants may be -1). One-sided Jacobi.
struct Svd3 {
  Matrix3 u;
  std::array<double, 3> s{};
  Matrix3 v;
};
Svd3 svd(const Matrix3& matrix);

/// The rotation nearest to a matrix, in the sense of squared differences.
Matrix3 nearest_rotation(const Matrix3& matrix);

/// p -> scale rotation p + translation.
struct Similarity3 {
  double scale = 1;
  Rigid3 rigid;
  Point3 operator()(Point3 p) const { return scale * (rigid.rotation * p) + rigid.translation; }
};
/// The similarity without reflection that brings `from` nearest to `to`, by squared distances (Umeyama, PAMI 1991);
/// both of one size, finite. Of points that are all in one place: a shift.
Similarity3 fit_similarity(std::span<const Point3> from, std::span<const Point3> to);

}  // namespace poise
