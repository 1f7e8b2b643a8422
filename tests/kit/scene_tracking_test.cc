// The tracker and the smoothing on drawn scenes, whose truth is known exactly.

#include "kit/scene_tracking.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/track/lucas_kanade.h"
#include "poise/track/offline_smoothing.h"
#include "poise/track/one_euro.h"
#include "poise/track/steadiness.h"

namespace poise {
namespace {

kit::Film filmed(const kit::SceneOptions& options) {
  LucasKanade flow;
  return kit::film(kit::Scene(options), &flow);
}

TrackerOptions with(Similarity similarity, bool propagate) {
  TrackerOptions options;
  options.similarity = similarity;
  options.propagate = propagate;
  return options;
}

TEST(SceneTracking, OneMissedDetectionSwitchesNobody) {
  const kit::Film film = filmed(kit::crossing_people(2, 1));
  kit::SceneFinderOptions missing;
  missing.misses = [](int frame, int /*person*/) { return frame % 20 == 10; };
  for (const Similarity similarity : {Similarity::kPose, Similarity::kFlow, Similarity::kMultiFlow}) {
    for (const bool propagate : {false, true}) {
      const auto tracked = kit::track_scene(film, kit::SceneFinder(missing), with(similarity, propagate));
      EXPECT_EQ(tracked.missed, 6);
      EXPECT_EQ(tracked.figures.clear.id_switches, 0) << name_of(similarity) << propagate;
      EXPECT_GE(tracked.recovered, propagate ? 5 : 0);
    }
  }
}

TEST(SceneTracking, ThreeHiddenFramesSwitchNobody) {
  const kit::SceneFinder finder({});
  const auto hidden_frames = [&](const kit::Scene& scene) {
    int hidden = 0;
    for (int i = 0; i < scene.options().frames; ++i) hidden += finder.counts(scene.frame(i).people[1]) ? 0 : 1;
    return hidden;
  };
  kit::SceneOptions options;
  options.frames = 30;
  options.people = {{{40, 180}, {17, 0}, 200, 0.04, 0, 3}, {{240, 190}, {1, 0}, 110, 0.02, 0.3, 4}};
  while (hidden_frames(kit::Scene(options)) < 3) options.people[0].velocity.x -= 1;  // who passes takes longer
  ASSERT_EQ(hidden_frames(kit::Scene(options)), 3);
  const kit::Film film = filmed(options);
  for (const Similarity similarity : {Similarity::kPose, Similarity::kFlow, Similarity::kMultiFlow}) {
    const auto tracked = kit::track_scene(film, finder, with(similarity, true));
    EXPECT_EQ(tracked.figures.clear.id_switches, 0) << name_of(similarity);
    EXPECT_EQ(tracked.figures.tracks, 2) << name_of(similarity);
  }
}

TEST(SceneTracking, ATenthOfTheBoxesDropped) {
  std::vector<MotFigures> figures, without;
  int missed = 0, recovered = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const kit::Film film = filmed(kit::crossing_people(4, seed));
    kit::SceneFinderOptions options;
    options.drop = 0.1;
    options.seed = seed;
    const kit::SceneFinder finder(options);
    const auto tracked = kit::track_scene(film, finder, {});
    figures.push_back(tracked.figures);
    missed += tracked.missed;
    recovered += tracked.recovered;
    const auto alone = kit::track_scene(film, finder, with(Similarity::kMultiFlow, false));
    EXPECT_EQ(alone.recovered, 0);
    without.push_back(alone.figures);
  }
  EXPECT_GT(missed, 30);
  EXPECT_GE(recovered, 0.7 * missed);
  EXPECT_GE(combine(figures).clear.mota, 0.95);
  EXPECT_LT(combine(without).clear.mota, 0.92);
}

TEST(SceneTracking, UnderFastMotionFlowKeepsWhomBoxesConfuse) {
  kit::SceneOptions options = kit::fast_people(4, 2);
  options.frames = 40;
  options.sway = {60, 0};  // at most 34 pixels a frame
  const kit::Film film = filmed(options);
  const kit::SceneFinder finder({.drop = 0.1});
  const auto box = kit::track_scene(film, finder, with(Similarity::kBox, true)).figures.clear.id_switches;
  const auto flow = kit::track_scene(film, finder, with(Similarity::kMultiFlow, true)).figures.clear.id_switches;
  EXPECT_GT(box, 20);
  EXPECT_LE(flow, 2);
}

/// Mean error of the joints' second differences, parts of the person's size, over joints that are seen.
double acceleration_error(const kit::Film& film, const std::vector<TimedFrame>& frames) {
  double sum = 0;
  int count = 0;
  const auto pose_of = [&](std::size_t frame, int id) -> const Pose* {
    for (const Pose& pose : frames[frame].result.poses) {
      if (pose.track_id == id) return &pose;
    }
    return nullptr;
  };
  for (std::size_t f = 1; f + 1 < frames.size(); ++f) {
    for (const kit::ScenePerson& person : film.frames[f].people) {
      const auto id = static_cast<int>(person.truth.id);
      const Pose* poses[3] = {pose_of(f - 1, id), pose_of(f, id), pose_of(f + 1, id)};
      if (poses[0] == nullptr || poses[1] == nullptr || poses[2] == nullptr) continue;
      const auto p = static_cast<std::size_t>(id - 1);
      for (std::size_t j = 0; j < person.truth.keypoints.size(); ++j) {
        double dx = 0, dy = 0;
        for (std::size_t k = 0; k < 3; ++k) {
          const double weight = k == 1 ? -2 : 1;
          const Point truth = film.frames[f - 1 + k].people[p].truth.keypoints[j].point;
          dx += weight * (poses[k]->keypoints[j].point.x - truth.x);
          dy += weight * (poses[k]->keypoints[j].point.y - truth.y);
        }
        sum += std::hypot(dx, dy) / std::sqrt(person.truth.box.area());
        ++count;
      }
    }
  }
  return sum / count;
}

class SceneSmoothing : public ::testing::Test {
 protected:
  /// People who are never hidden, a walk and a run, with the noise of a good network; ids are the truth's.
  void SetUp() override {
    kit::SceneOptions options;
    options.frames = 150;
    options.people = {{{60, 130}, {0.8F, 0}, 150, 0.03, 0, 1}, {{420, 140}, {-0.5F, 0}, 140, 0.045, 0.4, 2}};
    film_ = kit::film(kit::Scene(options), nullptr);
    const kit::SceneFinder finder({.joint_noise = 0.015, .least_seen = 0});
    for (const kit::SceneFrame& frame : film_.frames) {
      TimedFrame& timed = found_.emplace_back();
      timed.index = frame.index;
      timed.seconds = frame.seconds;
      std::vector<PersonBox> boxes;
      for (const kit::ScenePerson& person : frame.people) boxes.push_back({person.truth.box, 1});
      timed.result.poses = finder.estimate(frame, boxes);
      for (std::size_t i = 0; i < boxes.size(); ++i) timed.result.poses[i].track_id = static_cast<int>(i) + 1;
    }
  }

  Steadiness steadiness(const std::vector<TimedFrame>& smoothed) const {
    Steadiness steadiness;
    for (std::size_t f = 0; f < found_.size(); ++f) steadiness.add(found_[f].result.poses, smoothed[f].result.poses);
    return steadiness;
  }

  kit::Film film_;
  std::vector<TimedFrame> found_;
};

TEST_F(SceneSmoothing, OneEuroHalvesTheErrorOfTheAccelerationAtUnderTwoFramesLag) {
  std::vector<TimedFrame> smoothed = found_;
  OneEuro filter;
  for (TimedFrame& frame : smoothed) filter.smooth(frame.result.poses, frame.seconds);
  EXPECT_LT(acceleration_error(film_, smoothed), acceleration_error(film_, found_) / 2);
  const Steadiness steady = steadiness(smoothed);
  EXPECT_LT(steady.lag().value(), 2);
  EXPECT_GT(steady.lag().value(), 0.1);
  EXPECT_LT(steady.jitter_after(), steady.jitter_before() / 2);
}

TEST_F(SceneSmoothing, OfflineRemovesThreeQuartersOfItWithoutLag) {
  std::vector<TimedFrame> smoothed = found_;
  smooth_offline(smoothed);
  EXPECT_LT(acceleration_error(film_, smoothed), acceleration_error(film_, found_) / 4);
  EXPECT_NEAR(steadiness(smoothed).lag().value(), 0, 0.05);
}

}  // namespace
}  // namespace poise
