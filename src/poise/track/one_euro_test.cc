#include "poise/track/one_euro.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace poise {
namespace {

Pose with_joint(double x, double y, float score, double size) {
  Pose pose;
  pose.track_id = 7;
  pose.keypoints = {{{static_cast<float>(x), static_cast<float>(y)}, score}};
  pose.box = {0, 0, static_cast<float>(size), static_cast<float>(size)};
  return pose;
}

/// A wrist that swings, in sizes of the person.
double truth(double seconds) { return 0.25 * std::sin(2 * 3.14159265 * 0.5 * seconds); }

struct Errors {
  double acceleration_before = 0, acceleration_after = 0;  // mean error of the second difference
  double lag = 0;                                          // frames
};

Errors measure(double size, double noise) {
  constexpr int kFrames = 600;
  constexpr double kRate = 30;
  std::mt19937 random(3);
  std::normal_distribution<double> error(0, noise * size);
  OneEuro filter;
  std::vector<double> exact, raw, smooth;
  for (int i = 0; i < kFrames; ++i) {
    exact.push_back(size * truth(i / kRate));
    raw.push_back(exact.back() + error(random));
    std::vector<Pose> poses{with_joint(raw.back(), 0, 0.9F, size)};
    filter.smooth(poses, i / kRate);
    smooth.push_back(poses[0].keypoints[0].point.x);
  }
  Errors errors;
  for (std::size_t i = 60; i + 60 < exact.size(); ++i) {
    const auto second = [&](const std::vector<double>& v) { return v[i - 1] - 2 * v[i] + v[i + 1]; };
    errors.acceleration_before += std::abs(second(raw) - second(exact)) / kFrames;
    errors.acceleration_after += std::abs(second(smooth) - second(exact)) / kFrames;
  }
  double best = 1e300;
  for (double lag = 0; lag < 6; lag += 0.05) {
    double sum = 0;
    for (int i = 60; i + 60 < kFrames; ++i) {
      sum += std::pow(smooth[static_cast<std::size_t>(i)] - size * truth((i - lag) / kRate), 2);
    }
    if (sum < best) {
      best = sum;
      errors.lag = lag;
    }
  }
  return errors;
}

TEST(OneEuro, HalvesTheErrorOfTheAccelerationAtLittleLag) {
  const Errors errors = measure(100, 0.01);
  EXPECT_LT(errors.acceleration_after, errors.acceleration_before / 2);
  EXPECT_LT(errors.lag, 2.0);
}

TEST(OneEuro, ActsAlikeOnSmallAndLargePeople) {
  const Errors small = measure(20, 0.01);
  const Errors large = measure(400, 0.01);
  EXPECT_NEAR(small.acceleration_after * 20, large.acceleration_after, 0.02 * large.acceleration_after);
  EXPECT_NEAR(small.lag, large.lag, 0.11);
}

TEST(OneEuro, JointsThatAreNotSeenStayAsTheyAreAndBeginAnew) {
  OneEuro filter;
  std::vector<Pose> poses{with_joint(10, 10, 0.9F, 100)};
  filter.smooth(poses, 0);
  poses = {with_joint(90, 90, 0.05F, 100)};
  filter.smooth(poses, 0.1);
  EXPECT_FLOAT_EQ(poses[0].keypoints[0].point.x, 90);
  poses = {with_joint(50, 50, 0.9F, 100)};
  filter.smooth(poses, 5);
  EXPECT_FLOAT_EQ(poses[0].keypoints[0].point.x, 50) << "after five seconds nothing of before counts";
}

TEST(OneEuro, PosesWithoutAnIdAreLeftAlone) {
  OneEuro filter;
  for (int i = 0; i < 5; ++i) {
    std::vector<Pose> poses{with_joint(10.0 * i, 0, 0.9F, 100)};
    poses[0].track_id.reset();
    filter.smooth(poses, i);
    EXPECT_FLOAT_EQ(poses[0].keypoints[0].point.x, 10.0F * static_cast<float>(i));
  }
}

}  // namespace
}  // namespace poise
