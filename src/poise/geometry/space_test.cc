#include "poise/geometry/space.h"

#include <gtest/gtest.h>

#include <numbers>
#include <vector>

#include "poise/base/random.h"

namespace poise {
namespace {

Point3 any(Random& random) { return {random.normal(), random.normal(), random.normal()}; }

void expect_near(const Matrix3& a, const Matrix3& b, double tolerance) {
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(a.m[i], b.m[i], tolerance) << i;
}

TEST(Space, RotationVectorsComeBack) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    Point3 vector = any(random);
    const double angle = i < 100 ? random.uniform(0, std::numbers::pi) : i < 150 ? 1e-7 : std::numbers::pi - 1e-7;
    vector = (angle / length(vector)) * vector;
    const Matrix3 rotation = rotation_from_vector(vector);
    EXPECT_NEAR(determinant(rotation), 1, 1e-12);
    EXPECT_NEAR(distance(vector_from_rotation(rotation), vector), 0, 1e-6) << i;
  }
  // A quarter turn about z takes x to y.
  const Point3 turned = rotation_from_vector({0, 0, std::numbers::pi / 2}) * Point3{1, 0, 0};
  EXPECT_NEAR(distance(turned, {0, 1, 0}), 0, 1e-12);
}

TEST(Space, ShortestTurnTurns) {
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    const Point3 from = any(random), to = i == 0 ? -1.0 * from : i == 1 ? from : any(random);
    const Matrix3 turn = shortest_turn(from, to);
    const Point3 turned = turn * ((1 / length(from)) * from);
    EXPECT_NEAR(distance(turned, (1 / length(to)) * to), 0, 1e-9) << i;
    EXPECT_NEAR(determinant(turn), 1, 1e-12);
  }
}

TEST(Space, SvdOfAnyMatrix) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    Matrix3 matrix;
    for (double& value : matrix.m) value = random.normal();
    if (i % 4 == 1) matrix = Matrix3::from_rows(matrix.row(0), matrix.row(1), 2 * matrix.row(0));  // rank two
    if (i % 4 == 2) matrix = Matrix3::from_rows(matrix.row(0), 3 * matrix.row(0), {0, 0, 0});      // rank one
    if (i == 3) matrix = {{0, 0, 0, 0, 0, 0, 0, 0, 0}};
    const Svd3 parts = svd(matrix);
    EXPECT_GE(parts.s[0], parts.s[1]);
    EXPECT_GE(parts.s[1], parts.s[2]);
    const Matrix3 scaled = Matrix3::from_columns(parts.s[0] * parts.u.column(0), parts.s[1] * parts.u.column(1),
                                                 parts.s[2] * parts.u.column(2));
    expect_near(scaled * transposed(parts.v), matrix, 1e-12);
    expect_near(parts.u * transposed(parts.u), {}, 1e-9);
    expect_near(parts.v * transposed(parts.v), {}, 1e-12);
  }
}

TEST(Space, SimilarityIsFound) {
  Random random(4);
  for (int i = 0; i < 50; ++i) {
    const Similarity3 truth{random.uniform(0.5, 2), {rotation_from_vector(any(random)), any(random)}};
    std::vector<Point3> from(i % 2 == 0 ? 17 : 4), to;
    for (Point3& p : from) p = any(random);
    if (i % 5 == 0) {
      for (Point3& p : from) p.z = 0;  // in a plane a reflection would do as well
    }
    for (const Point3& p : from) to.push_back(truth(p));
    const Similarity3 found = fit_similarity(from, to);
    EXPECT_NEAR(found.scale, truth.scale, 1e-9);
    EXPECT_NEAR(determinant(found.rigid.rotation), 1, 1e-9);
    for (std::size_t j = 0; j < from.size(); ++j) EXPECT_NEAR(distance(found(from[j]), to[j]), 0, 1e-9);
  }
  // What a mirror makes is not reached by turning.
  std::vector<Point3> hand{{0, 0, 0}, {1, 0, 0}, {0, 2, 0}, {0, 0, 3}}, mirrored = hand;
  for (Point3& p : mirrored) p.x = -p.x;
  EXPECT_NEAR(determinant(fit_similarity(hand, mirrored).rigid.rotation), 1, 1e-9);
  const std::vector<Point3> same(3, Point3{1, 2, 3}), there(3, Point3{4, 5, 6});
  EXPECT_NEAR(distance(fit_similarity(same, there)({1, 2, 3}), {4, 5, 6}), 0, 1e-12);
}

TEST(Space, RigidInverse) {
  const Rigid3 camera_from_world{rotation_from_vector({0.3, -0.2, 1}), {1, 2, 3}};
  const Point3 p{0.5, -4, 2};
  EXPECT_NEAR(distance(camera_from_world.inverse()(camera_from_world(p)), p), 0, 1e-12);
}

}  // namespace
}  // namespace poise
