#include "poise/data/kinematics.h"

#include <gtest/gtest.h>

#include "poise/data/loader.h"

namespace poise {
namespace {

double angle_at(const MadePose& pose, std::size_t a, std::size_t b, std::size_t c) {
  const Point3 u = pose.joints[a] - pose.joints[b], v = pose.joints[c] - pose.joints[b];
  return std::acos(std::clamp(dot(u, v) / (length(u) * length(v)), -1.0, 1.0)) * 180 / std::acos(-1.0);
}

TEST(Kinematics, BodiesAreOfPeople) {
  double lowest_knee = 180, nearest = 1e9;
  int upright = 0, left_on_the_right = 0;
  constexpr int kMany = 2000;
  for (int i = 0; i < kMany; ++i) {
    const MadePose pose = make_pose(Random(1, 0, static_cast<std::uint64_t>(i)));
    ASSERT_EQ(pose.joints.size(), 17U);
    const auto bone = [&](std::size_t a, std::size_t b) { return distance(pose.joints[a], pose.joints[b]); };
    for (const auto& [a, b] : {std::pair<std::size_t, std::size_t>{11, 13}, {12, 14}, {13, 15}, {14, 16}}) {
      EXPECT_GT(bone(a, b), 0.27);  // of 1.45 m, and as short as bones come
      EXPECT_LT(bone(a, b), 0.56);
    }
    EXPECT_EQ(bone(5, 7) > 0.2 && bone(5, 7) < 0.4, true) << bone(5, 7);
    EXPECT_LT(bone(5, 6), 0.55);
    EXPECT_LT(bone(3, 4), 0.25);  // ears
    for (const Point3& p : pose.joints) nearest = std::min(nearest, p.z);
    lowest_knee = std::min({lowest_knee, angle_at(pose, 11, 13, 15), angle_at(pose, 12, 14, 16)});
    upright += pose.joints[0].y < pose.joints[11].y ? 1 : 0;  // y is down
    left_on_the_right += pose.joints[5].x > pose.joints[6].x ? 1 : 0;
  }
  EXPECT_GT(nearest, 0.3);            // all before the camera
  EXPECT_GT(lowest_knee, 180 - 146);  // the limit
  EXPECT_GT(upright, kMany * 85 / 100);
  EXPECT_NEAR(left_on_the_right, kMany / 2, kMany / 15);  // from all sides
}

TEST(Kinematics, KneesAndElbowsBendOneWay) {
  for (int i = 0; i < 500; ++i) {
    const MadePose pose = make_pose(Random(2, 0, static_cast<std::uint64_t>(i)));
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      const Point3 thigh = pose.joints[13 + side] - pose.joints[11 + side];
      const Point3 shin = pose.joints[15 + side] - pose.joints[13 + side];
      EXPECT_GT(dot(thigh, shin) / (length(thigh) * length(shin)), std::cos(146 * std::acos(-1.0) / 180));
    }
  }
}

TEST(Kinematics, SeenAsAskedFor) {
  KinematicOptions clean;
  clean.fixed_noise = 0;
  const MadePose exact = make_pose(Random(3), clean);
  for (std::size_t j = 0; j < 17; ++j) {
    EXPECT_NEAR(exact.rays[j].x, exact.joints[j].x / exact.joints[j].z, 1e-12);
  }
  KinematicOptions noisy;
  noisy.fixed_noise = 5;
  double sum = 0;
  int count = 0, lost = 0;
  for (int i = 0; i < 300; ++i) {
    const MadePose pose = make_pose(Random(4, 0, static_cast<std::uint64_t>(i)), noisy);
    for (std::size_t j = 0; j < 17; ++j, ++count) {
      sum += std::pow(pose.focal * (pose.rays[j].x - pose.joints[j].x / pose.joints[j].z), 2);
    }
    for (const Pixel& ray : make_pose(Random(4, 1, static_cast<std::uint64_t>(i))).rays)
      lost += std::isnan(ray.x) ? 1 : 0;
  }
  EXPECT_NEAR(std::sqrt(sum / count), 5, 0.2);
  EXPECT_GT(lost, 150);  // of 5100, and legs
  EXPECT_LT(lost, 900);
}

TEST(Kinematics, ExamplesAreTheSameForAnyNumberOfWorkers) {
  const ExamplesPtr examples = made_poses(64, {});
  std::vector<float> first;
  for (const int workers : {1, 3}) {
    LoaderOptions options;
    options.batch = 32;
    options.workers = workers;
    auto loader = Loader::create(examples, options).value();
    const Batch batch = *loader->next().value();
    EXPECT_EQ(batch.images.shape(), (Shape{32, 51}));
    EXPECT_EQ(batch.targets.shape(), (Shape{32, 51}));
    const std::vector<float> values(batch.images.floats().begin(), batch.images.floats().end());
    if (first.empty()) first = values;
    EXPECT_EQ(values, first);
    // The hips' middle is the origin.
    for (std::size_t axis = 0; axis < 3; ++axis) {
      EXPECT_NEAR(batch.targets.floats()[33 + axis] + batch.targets.floats()[36 + axis], 0, 1e-5);
    }
  }
}

}  // namespace
}  // namespace poise
