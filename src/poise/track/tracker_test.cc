#include "poise/track/tracker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace poise {
namespace {

const Skeleton& coco17() {
  static const Skeleton skeleton = find_skeleton("coco17").value();
  return skeleton;
}

/// Everything moves by the same way.
class Shift : public FlowStep {
 public:
  explicit Shift(Point by) : by_(by) {}
  std::vector<std::optional<Point>> carry(std::span<const Point> points) const override {
    std::vector<std::optional<Point>> carried;
    for (const Point& p : points) carried.push_back(Point{p.x + by_.x, p.y + by_.y});
    return carried;
  }

 private:
  Point by_;
};

PersonBox box_at(float x, float y) { return {{x, y, 40, 100}, 0.9F}; }

/// Somebody whose body fills the box.
Pose pose_in(const PersonBox& box, float score = 0.9F) {
  Pose pose;
  for (int i = 0; i < 17; ++i) {
    const auto part = static_cast<float>(i);
    pose.keypoints.push_back(
        {{box.box.x + 4 + 32 * std::fmod(part * 0.37F, 1.0F), box.box.y + 4 + 92 * part / 16}, score});
  }
  pose.box = box.box;
  pose.box_score = box.score;
  return pose;
}

/// One frame: who is found, and which of the boxes to look at hold a person (all, unless told).
struct Frame {
  std::vector<PersonBox> detections;
  const FlowStep* step = nullptr;
  std::function<bool(const Box&)> is_person = [](const Box&) { return true; };
};

std::vector<Pose> run(Tracker& tracker, int index, const Frame& frame) {
  tracker.begin(frame.step, index / 30.0, {640, 480});
  std::vector<Pose> poses;
  for (const PersonBox& box : tracker.propose(frame.detections)) {
    Pose pose = pose_in(box, frame.is_person(box.box) ? 0.9F : 0.05F);
    pose.box = box.box;
    poses.push_back(std::move(pose));
  }
  tracker.link(poses);
  return poses;
}

TEST(Tracker, IdsGoWithPeople) {
  Tracker tracker(coco17());
  const Shift still({0, 0});
  const auto first = run(tracker, 0, {{box_at(100, 100), box_at(300, 100)}, nullptr});
  ASSERT_EQ(first.size(), 2U);
  const auto second = run(tracker, 1, {{box_at(303, 100), box_at(102, 101)}, &still});
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].track_id, first[1].track_id);
  EXPECT_EQ(second[1].track_id, first[0].track_id);
  EXPECT_EQ(tracker.ids(), 2);
}

TEST(Tracker, ADetectionThatIsMissedIsFoundWhereFlowCarriesIt) {
  const Shift moved({12, 0});
  for (const bool propagate : {true, false}) {
    TrackerOptions options;
    options.propagate = propagate;
    Tracker tracker(coco17(), options);
    const auto first = run(tracker, 0, {{box_at(100, 100)}, nullptr});
    const auto missed = run(tracker, 1, {{}, &moved});
    ASSERT_EQ(missed.size(), propagate ? 1U : 0U);
    if (propagate) {
      EXPECT_EQ(missed[0].track_id, first[0].track_id);
      EXPECT_NEAR(missed[0].box.centre().x, 132, 4);
    }
    const auto again = run(tracker, 2, {{box_at(124, 100)}, &moved});
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].track_id, first[0].track_id) << propagate;
  }
}

TEST(Tracker, CarriedBoxesWithoutAnybodyGo) {
  Tracker tracker(coco17());
  const Shift still({0, 0});
  run(tracker, 0, {{box_at(100, 100)}, nullptr});
  EXPECT_TRUE(run(tracker, 1, {{}, &still, [](const Box&) { return false; }}).empty());
}

TEST(Tracker, CarriedBoxesAreNotGoneOnWithForEver) {
  TrackerOptions options;
  options.max_carried = 5;
  Tracker tracker(coco17(), options);
  const Shift still({0, 0});
  run(tracker, 0, {{box_at(100, 100)}, nullptr});
  int seen = 0;
  for (int i = 1; i < 10; ++i) seen += static_cast<int>(run(tracker, i, {{}, &still}).size());
  EXPECT_EQ(seen, 5);
  // But they are remembered: found again, they are the same.
  const auto again = run(tracker, 10, {{box_at(100, 100)}, &still});
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].track_id, 1);
}

TEST(Tracker, WhoIsPlainlyThereIsGoneOnWithForSeconds) {
  const Shift still({0, 0});
  for (const int detections : {5, 4}) {
    for (const float sure : {0.9F, 0.5F}) {
      Tracker tracker(coco17());
      for (int i = 0; i < detections; ++i) run(tracker, i, {{box_at(100, 100)}, &still});
      int seen = 0;
      for (int i = detections; i < 100; ++i) {
        tracker.begin(&still, i / 30.0, {640, 480});
        std::vector<Pose> poses;
        for (const PersonBox& box : tracker.propose({})) {
          poses.push_back(pose_in(box, sure));
          poses.back().box = box.box;
        }
        tracker.link(poses);
        seen += static_cast<int>(poses.size());
      }
      // Two seconds of 30 frames, or the ten frames of everybody.
      const int wanted = detections == 5 && sure > 0.8F ? 60 : 10;
      EXPECT_NEAR(seen, wanted, 1) << detections << " detections, then joints of " << sure;
    }
  }
}

TEST(Tracker, WhoWasHiddenForThreeFramesIsKnownAgain) {
  for (const auto similarity : {Similarity::kPose, Similarity::kFlow, Similarity::kMultiFlow, Similarity::kBox}) {
    TrackerOptions options;
    options.similarity = similarity;
    options.propagate = false;
    Tracker tracker(coco17(), options);
    const Shift moved({8, 0});
    int id = 0;
    for (int i = 0; i < 12; ++i) {
      const bool hidden = i >= 5 && i < 8;
      std::vector<PersonBox> detections;
      if (!hidden) detections.push_back(box_at(100 + 8.0F * static_cast<float>(i), 100));
      const auto poses = run(tracker, i, {detections, i == 0 ? nullptr : &moved});
      if (i == 0) id = poses.at(0).track_id.value();
      if (!hidden) {
        ASSERT_EQ(poses.size(), 1U);
        EXPECT_EQ(poses[0].track_id, id) << name_of(similarity) << " frame " << i;
      }
    }
  }
}

TEST(Tracker, WithoutMemoryEveryAbsenceIsAnotherPerson) {
  TrackerOptions options;
  options.memory = 0;
  options.propagate = false;
  Tracker tracker(coco17(), options);
  const Shift still({0, 0});
  EXPECT_EQ(run(tracker, 0, {{box_at(100, 100)}, nullptr}).at(0).track_id, 1);
  run(tracker, 1, {{}, &still});
  EXPECT_EQ(run(tracker, 2, {{box_at(100, 100)}, &still}).at(0).track_id, 2);
}

TEST(Tracker, IdsAreNeverUsedAgain) {
  TrackerOptions options;
  options.memory = 0.05;
  Tracker tracker(coco17(), options);
  std::set<int> ids;
  int people = 0;
  for (int i = 0; i < 200; ++i) {
    if (i % 4 > 1) {
      run(tracker, i, {{}, nullptr, [](const Box&) { return false; }});
      continue;
    }
    for (const Pose& pose : run(tracker, i, {{box_at(static_cast<float>(37 * i % 500), 100)}, nullptr})) {
      ids.insert(pose.track_id.value());
      ++people;
    }
  }
  EXPECT_GT(people, 50);
  EXPECT_EQ(static_cast<int>(ids.size()), tracker.ids());
  EXPECT_EQ(*ids.rbegin(), tracker.ids());
}

TEST(Tracker, OfADetectionAndItsOwnCarriedBoxOnePoseStays) {
  TrackerOptions options;
  options.box_nms = 0.99F;  // every carried box is looked at
  Tracker tracker(coco17(), options);
  const Shift still({0, 0});
  run(tracker, 0, {{box_at(100, 100)}, nullptr});
  const auto poses = run(tracker, 1, {{box_at(103, 100)}, &still});
  ASSERT_EQ(poses.size(), 1U);
  EXPECT_FLOAT_EQ(poses[0].box.x, 103);
  EXPECT_EQ(tracker.ids(), 1);
}

TEST(Tracker, WeakDetectionsAreLeftOut) {
  TrackerOptions options;
  options.min_box_score = 0.5F;
  Tracker tracker(coco17(), options);
  PersonBox weak = box_at(100, 100);
  weak.score = 0.3F;
  EXPECT_TRUE(run(tracker, 0, {{weak}, nullptr}).empty());
}

TEST(Tracker, TheBestSumIsAnotherMatching) {
  TrackerOptions options;
  options.matching = TrackerOptions::Matching::kBestSum;
  Tracker tracker(coco17(), options);
  const Shift still({0, 0});
  const auto first = run(tracker, 0, {{box_at(100, 100), box_at(110, 100)}, nullptr});
  const auto second = run(tracker, 1, {{box_at(108, 100), box_at(118, 100)}, &still});
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].track_id, first[0].track_id);
  EXPECT_EQ(second[1].track_id, first[1].track_id);
}

}  // namespace
}  // namespace poise
