#include "kit/scene.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kit/scene_tracking.h"
#include "poise/track/lucas_kanade.h"

namespace poise {
namespace {

/// Two people who cross, before a camera that swings.
kit::Scene crossing() {
  kit::SceneOptions options;
  options.size = {320, 240};
  options.people = {{{90, 140}, {6, 0}, 150, 0.04, 0, 3}, {{200, 130}, {-4, 0}, 120, 0.03, 0.4, 4}};
  options.sway = {12, 5};
  options.sway_turns = 0.05;
  return kit::Scene(options);
}

TEST(Scene, FlowTellsWhereEveryPixelGoes) {
  const kit::Scene scene = crossing();
  const kit::SceneFrame from = scene.frame(5), to = scene.frame(6);
  const kit::SceneFlow flow = scene.flow(from, to);
  double apart = 0, still = 0;
  int count = 0, hidden = 0;
  for (int y = 1; y < 239; ++y) {
    for (int x = 1; x < 319; ++x) {
      const auto i = static_cast<std::size_t>(y * 320 + x);
      if (!flow.seen[i]) {
        ++hidden;
        continue;
      }
      const int column = static_cast<int>(std::lround(static_cast<float>(x) + flow.motion[i].x));
      const int row = static_cast<int>(std::lround(static_cast<float>(y) + flow.motion[i].y));
      apart += std::abs(int{from.image.row(y)[3 * x]} - int{to.image.row(row)[3 * column]});
      still += std::abs(int{from.image.row(y)[3 * x]} - int{to.image.row(y)[3 * x]});
      ++count;
    }
  }
  EXPECT_GT(hidden, 200);
  EXPECT_LT(apart / count, 4) << "half a pixel of rounding";
  EXPECT_GT(still / count, 2 * apart / count);
}

TEST(Scene, JointsGoWithTheirPixels) {
  const kit::Scene scene = crossing();
  const kit::SceneFrame from = scene.frame(3), to = scene.frame(4);
  const kit::SceneFlow flow = scene.flow(from, to);
  // A wrist is the end of the forearm, whose pixels lie on it where nobody hides it.
  const auto& before = from.people[0].truth.keypoints[9];
  ASSERT_EQ(before.visibility, Visibility::kVisible);
  const auto x = std::lround(before.point.x), y = std::lround(before.point.y);
  const Point motion = flow.motion[static_cast<std::size_t>(y * 320 + x)];
  const Point after = to.people[0].truth.keypoints[9].point;
  EXPECT_NEAR(before.point.x + motion.x, after.x, 0.1F);
  EXPECT_NEAR(before.point.y + motion.y, after.y, 0.1F);
}

TEST(Scene, WhoIsBehindIsHidden) {
  const kit::Scene scene = crossing();
  float least = 1;
  int occluded = 0;
  for (int i = 0; i < 24; ++i) {
    const kit::SceneFrame frame = scene.frame(i);
    EXPECT_FLOAT_EQ(frame.people[0].visible, 1);
    least = std::min(least, frame.people[1].visible);
    for (const auto& joint : frame.people[1].truth.keypoints) occluded += joint.visibility == Visibility::kOccluded;
  }
  EXPECT_LT(least, 0.4F);
  EXPECT_GT(occluded, 10);
}

TEST(Scene, OurFlowFindsTheTruth) {
  const kit::Scene scene = crossing();
  LucasKanade lucas_kanade;
  const kit::Film film = kit::film(scene, &lucas_kanade);
  std::vector<float> errors;
  for (std::size_t f = 1; f < 12; ++f) {
    const kit::SceneFlow flow = scene.flow(film.frames[f - 1], film.frames[f]);
    for (const kit::ScenePerson& person : film.frames[f - 1].people) {
      for (const auto& joint : person.truth.keypoints) {
        if (joint.visibility != Visibility::kVisible) continue;
        const auto i = static_cast<std::size_t>(std::lround(joint.point.y) * 320 + std::lround(joint.point.x));
        const auto found = film.steps[f]->carry({&joint.point, 1})[0];
        if (!flow.seen[i] || !found) continue;
        errors.push_back(
            std::hypot(found->x - joint.point.x - flow.motion[i].x, found->y - joint.point.y - flow.motion[i].y));
      }
    }
  }
  ASSERT_GT(errors.size(), 200U);
  std::nth_element(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2), errors.end());
  EXPECT_LT(errors[errors.size() / 2], 1.0F);
}

}  // namespace
}  // namespace poise
