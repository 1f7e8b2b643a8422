#include "poise/track/steadiness.h"

#include <gtest/gtest.h>

#include <cmath>

namespace poise {
namespace {

std::vector<Pose> with_joint(double x, double size = 100, int id = 1) {
  Pose pose;
  pose.track_id = id;
  pose.keypoints = {{{static_cast<float>(x), 0}, 0.9F}};
  pose.box = {0, 0, static_cast<float>(size), static_cast<float>(size)};
  return {pose};
}

TEST(Steadiness, JitterIsTheSecondDifferenceByThePersonsSize) {
  Steadiness steadiness;
  for (int i = 0; i < 20; ++i) steadiness.add(with_joint(i % 2 == 0 ? 0 : 1), with_joint(3.0 * i));
  EXPECT_NEAR(steadiness.jitter_before(), 2.0 / 100, 1e-6);
  EXPECT_NEAR(steadiness.jitter_after(), 0, 1e-6);
}

TEST(Steadiness, LagIsInFramesWhateverTheSize) {
  for (const double size : {20.0, 400.0}) {
    for (const double lag : {0.0, 0.5, 2.0}) {
      Steadiness steadiness;
      const auto place = [&](double t) { return size * std::sin(0.1 * t); };
      for (int i = 0; i < 300; ++i) steadiness.add(with_joint(place(i), size), with_joint(place(i - lag), size));
      EXPECT_NEAR(steadiness.lag().value(), lag, 0.05) << size;
    }
  }
}

TEST(Steadiness, FramesCountThatFollowEachOther) {
  Steadiness steadiness;
  for (int i = 0; i < 20; ++i) {
    if (i % 3 == 2) {
      steadiness.add({}, {});
    } else {
      steadiness.add(with_joint(i * i), with_joint(0));
    }
  }
  EXPECT_EQ(steadiness.jitter_before(), 0) << "never three on end";
  EXPECT_FALSE(steadiness.lag());
}

}  // namespace
}  // namespace poise
