#include "poise/formats/posetrack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "poise/base/random.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

const std::filesystem::path kSample = POISE_SOURCE_DIR "/../shared/data/posetrack-sample/val";

constexpr const char* kOld = R"({"annolist": [
  {"image": [{"name": "images/a/00000001.jpg"}], "is_labeled": [1],
   "annorect": [
     {"x1": [10], "y1": [20], "x2": [40], "y2": [60], "score": [0.9], "track_id": [7],
      "annopoints": [{"point": [{"id": [13], "x": [25.5], "y": [30], "score": [0.7]},
                                {"id": [0], "x": [0], "y": [0]},
                                {"id": [13], "x": [1], "y": [1]},
                                {"id": [15], "x": [1], "y": [1]}]}]},
     {"track_id": [8], "annopoints": []}],
   "ignore_regions": [{"point": [{"x": [0], "y": [0]}, {"x": [9], "y": [0]}, {"x": [0], "y": [9]}]}]},
  {"image": [{"name": "images/a/00000002.jpg"}], "annorect": []}]})";

Result<PosetrackSequence> parsed(const std::string& text) { return parse_posetrack(parse_json(text).value()); }

TEST(Posetrack, ReadsTheFormOf2017) {
  const PosetrackSequence sequence = parsed(kOld).value();
  ASSERT_EQ(sequence.frames.size(), 2U);
  const PosetrackFrame& frame = sequence.frames[0];
  EXPECT_EQ(frame.name, "images/a/00000001.jpg");
  EXPECT_EQ(frame.labelled, true);
  ASSERT_EQ(frame.persons.size(), 2U);
  EXPECT_EQ(frame.persons[0].track, 7);
  EXPECT_EQ(frame.persons[0].head, (std::array<double, 4>{10, 20, 40, 60}));
  ASSERT_EQ(frame.persons[0].points.size(), 2U) << "of a joint the first point counts, joints beyond 14 do not";
  EXPECT_EQ(frame.persons[0].points[0].x, 25.5);
  EXPECT_EQ(frame.persons[0].points[0].score, 0.7);
  EXPECT_EQ(frame.persons[0].points[1].joint, 0) << "a point at 0, 0 is one here";
  EXPECT_FALSE(frame.persons[1].annotated);
  ASSERT_EQ(frame.ignored.size(), 1U);
  EXPECT_EQ(frame.ignored[0][1], (std::array<double, 2>{9, 0}));
  EXPECT_TRUE(sequence.frames[1].persons.empty());
}

/// Equal, but for what one of the formats does not hold.
void expect_equal(const PosetrackSequence& a, const PosetrackSequence& b) {
  ASSERT_EQ(a.frames.size(), b.frames.size());
  for (std::size_t f = 0; f < a.frames.size(); ++f) {
    EXPECT_EQ(a.frames[f].name, b.frames[f].name);
    EXPECT_EQ(a.frames[f].ignored, b.frames[f].ignored);
    ASSERT_EQ(a.frames[f].persons.size(), b.frames[f].persons.size());
    for (std::size_t p = 0; p < a.frames[f].persons.size(); ++p) {
      const PosetrackPerson& one = a.frames[f].persons[p];
      const PosetrackPerson& other = b.frames[f].persons[p];
      EXPECT_EQ(one.track, other.track);
      EXPECT_EQ(one.head, other.head);
      ASSERT_EQ(one.points.size(), other.points.size());
      for (const PosetrackPoint& point : one.points) {
        const auto same = [&](const PosetrackPoint& q) {
          return q.joint == point.joint && q.x == point.x && q.y == point.y;
        };
        EXPECT_TRUE(std::any_of(other.points.begin(), other.points.end(), same)) << point.joint;
      }
    }
  }
}

TEST(Posetrack, TheSampleGoesThroughBothForms) {
  if (!std::filesystem::exists(kSample)) GTEST_SKIP() << kSample << " is not there";
  const std::size_t people[] = {1, 2, 11};
  std::size_t file = 0;
  for (const char* name : {"003418_mpii_test", "009473_mpii_test", "012834_mpii_test"}) {
    const PosetrackSequence sequence = read_posetrack(kSample / (std::string(name) + ".json")).value();
    EXPECT_EQ(sequence.name, name);
    ASSERT_EQ(sequence.frames.size(), 1U);
    EXPECT_EQ(sequence.frames[0].persons.size(), people[file++]);
    EXPECT_EQ(sequence.frames[0].width, 1920);
    EXPECT_FALSE(sequence.frames[0].ignored.empty());
    const PosetrackSequence old = parse_posetrack(posetrack17_json(sequence)).value();
    expect_equal(sequence, old);
    const PosetrackSequence again = parse_posetrack(posetrack18_json(old)).value();
    expect_equal(sequence, again);
    expect_equal(sequence, parse_posetrack(posetrack18_json(sequence)).value());
  }
}

TEST(Posetrack, ASetKeepsIdsHeadsAndRegions) {
  const PosetrackSequence sequence = parsed(kOld).value();
  PoseSet set = posetrack_pose_set(sequence).value();
  EXPECT_FALSE(set.is_truth) << "it has scores";
  ASSERT_EQ(set.images.at(0).poses.size(), 1U) << "who has no joint is left out";
  EXPECT_EQ(set.images[0].poses[0].track_id, 7);
  EXPECT_NEAR(set.images[0].poses[0].score, 0.9, 1e-6);
  const PosetrackSequence again = posetrack_sequence(set);
  EXPECT_EQ(again.frames.at(0).ignored, sequence.frames[0].ignored);
  EXPECT_EQ(again.frames[0].persons.at(0).points.size(), 2U);
  EXPECT_EQ(again.frames[0].persons[0].track, 7);

  PosetrackSequence truth = sequence;
  truth.frames[0].persons.pop_back();
  for (PosetrackPoint& point : truth.frames[0].persons[0].points) point.score.reset();
  set = posetrack_pose_set(truth).value();
  EXPECT_TRUE(set.is_truth);
  EXPECT_EQ(set.images.at(0).head_boxes.at(0), (Box{10, 20, 30, 40}));
  const PosetrackSequence back = posetrack_sequence(set);
  expect_equal(truth, back);
  EXPECT_FALSE(back.frames[0].persons[0].points[0].score.has_value());
}

TEST(Posetrack, SetsOfOtherSkeletonsAreWrittenByName) {
  PoseSet set;
  set.skeleton = find_skeleton("coco17").value();
  Pose pose;
  for (int j = 0; j < 17; ++j) pose.keypoints.push_back({{static_cast<float>(j), 100}, 0.5F});
  set.images.push_back({3, "a.jpg", 0, 0, {pose}, {}, {}, {}, {}});
  const PosetrackSequence sequence = posetrack_sequence(set);
  ASSERT_EQ(sequence.frames.at(0).persons.at(0).points.size(), 15U);
  EXPECT_EQ(sequence.frames[0].persons[0].points[12].x, 5.5) << "head_bottom between the shoulders";
  EXPECT_EQ(sequence.frames[0].id, 3);
}

TEST(Posetrack, WhatIsWrongIsNamed) {
  const auto message = [](const std::string& text) { return parsed(text).error().message; };
  EXPECT_EQ(message(R"({"persons": []})"), "neither PoseTrack17's \"annolist\" nor PoseTrack18's \"images\" is in it");
  EXPECT_EQ(message(R"({"annolist": [{"annorect": []}]})"), "annolist[0].image.name must be a text");
  EXPECT_EQ(message(R"({"annolist": [{"image": [{"name": "a"}], "annorect": [{"annopoints":
              [{"point": [{"id": [1], "x": ["3"], "y": [4]}]}]}]}]})"),
            "annolist[0].annorect[0].annopoints.point[0].x must be one number");
  const std::string joints =
      R"("categories": [{"keypoints": ["nose","head_bottom","head_top","left_ear","right_ear","left_shoulder",
      "right_shoulder","left_elbow","right_elbow","left_wrist","right_wrist","left_hip","right_hip","left_knee",
      "right_knee","left_ankle","right_ankle"]}])";
  EXPECT_EQ(message(R"({"images": [], "annotations": [], "categories": [{"keypoints": ["nose"]}]})"),
            "categories[0].keypoints must name right_ankle once: PoseTrack's fifteen joints are wanted");
  EXPECT_EQ(message(R"({"images": [], "annotations": [{"image_id": 4}], )" + joints + "}"),
            "annotations[0].image_id is not the id of a picture: 4");
  EXPECT_EQ(
      message(R"({"images": [{"id": 4, "file_name": "a"}], "annotations": [{"image_id": 4, "keypoints": [1]}], )" +
              joints + "}"),
      "annotations[0].keypoints must be 51 numbers: x, y, v of each joint that the category names");
  EXPECT_EQ(message(R"({"images": [{"id": 4, "file_name": "a"}, {"id": 4, "file_name": "b"}], "annotations": [], )" +
                    joints + "}"),
            "images[1]: another picture has the id 4");
}

TEST(Posetrack, MutatedFilesAreReadOrRefused) {
  const PosetrackSequence sequence = parsed(kOld).value();
  Random random(3);
  int refused = 0;
  for (const std::string& text : {std::string(kOld), posetrack18_json(sequence).dump()}) {
    for (int i = 0; i < 1500; ++i) {
      std::string bent = text;
      for (std::uint64_t k = 0; k <= random.below(3); ++k) {
        const auto at = static_cast<std::size_t>(random.below(bent.size()));
        if (random.uniform() < 0.5) {
          bent[at] = "0-9[]{},\":eEx"[random.below(13)];
        } else {
          bent.erase(at, static_cast<std::size_t>(random.below(30)));
        }
      }
      const auto json = parse_json(bent);
      refused += !json.ok() || !parse_posetrack(*json).ok() ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 3000) << "some remain good";
}

}  // namespace
}  // namespace poise
