#include "poise/metrics/posetrack_eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "poise/base/json.h"
#include "poise/base/random.h"
#include "poise/metrics/posetrack_frames.h"

namespace poise {
namespace {

const std::filesystem::path kSample = POISE_SOURCE_DIR "/../shared/data/posetrack-sample/val";
constexpr std::size_t kTotal = kPosetrackJoints;

/// "all", "none", or the names of those that are kept.
PosetrackOptions keeping(const std::string& names) {
  PosetrackOptions options;
  for (const auto& [name, member] : posetrack_quirks()) {
    options.quirks.*member =
        names == "all" || ("," + names + ",").find("," + std::string(name) + ",") != std::string::npos;
  }
  return options;
}

void expect_row(const PosetrackRow& row, const Json& wanted, const std::string& where) {
  ASSERT_EQ(wanted.as_array().size(), row.size());
  for (std::size_t j = 0; j < row.size(); ++j) {
    const Json& value = wanted.as_array()[j];
    EXPECT_EQ(std::isnan(row[j]), value.is_null()) << where << " " << j;
    if (!value.is_null()) {
      EXPECT_NEAR(row[j], value.as_number(), 1e-9) << where << " " << j;
    }
  }
}

TEST(PosetrackEval, EqualsThePlainVersionWithAndWithoutEachQuirk) {
  // Written by tests/golden/random_posetrack.py, whose plain version equals poseval.
  const Json golden = parse_json(read_file(POISE_SOURCE_DIR "/tests/golden/posetrack.json", 1 << 20).value()).value();
  std::size_t compared = 0;
  for (const Json& set : golden.as_array()) {
    std::vector<PosetrackPair> pairs;
    for (const Json& pair : set.find("sequences")->as_array()) {
      pairs.push_back(
          {parse_posetrack(*pair.find("truth")).value(), parse_posetrack(*pair.find("predictions")).value()});
    }
    for (const auto& [quirks, rows] : set.find("figures")->as_object()) {
      const PosetrackFigures all = measure_posetrack(pairs, keeping(quirks)).value().all;
      const std::string where = "set " + std::to_string(compared) + ", quirks " + quirks + ", ";
      expect_row(all.ap, *rows.find("AP"), where + "AP");
      expect_row(all.ap_precision, *rows.find("AP_precision"), where + "AP_precision");
      expect_row(all.ap_recall, *rows.find("AP_recall"), where + "AP_recall");
      expect_row(all.mota, *rows.find("MOTA"), where + "MOTA");
      expect_row(all.motp, *rows.find("MOTP"), where + "MOTP");
      expect_row(all.precision, *rows.find("precision"), where + "precision");
      expect_row(all.recall, *rows.find("recall"), where + "recall");
      ++compared;
    }
  }
  EXPECT_EQ(compared, 5U * 7U);
}

/// Somebody whose fifteen joints lie at x, x + 1, ... with a head of size 10.
PosetrackPerson person(std::int64_t track, double x, double score = 0.9) {
  PosetrackPerson person;
  person.track = track;
  person.head = {x, 0, x + 10 / 0.6, 0};
  for (int joint = 0; joint < kPosetrackJoints; ++joint) person.points.push_back({joint, x + joint, 50, score});
  return person;
}

PosetrackFrame frame(std::vector<PosetrackPerson> persons) { return {"frame", {}, 0, 0, {}, std::move(persons), {}}; }

PosetrackFigures measure(std::vector<PosetrackFrame> truth, std::vector<PosetrackFrame> predictions,
                         const std::string& quirks) {
  return measure_posetrack({{{"a", std::move(truth)}, {"a", std::move(predictions)}}}, keeping(quirks)).value().all;
}

TEST(PosetrackEval, TheLastFrameIsNotTracked) {
  const std::vector<PosetrackFrame> truth{frame({person(1, 0)}), frame({person(1, 0)})};
  const std::vector<PosetrackFrame> found{frame({person(5, 0)}), frame({person(6, 0)})};
  EXPECT_EQ(measure(truth, found, "last-frame").mota[kTotal], 100) << "the switch in the last frame is not seen";
  EXPECT_EQ(measure(truth, found, "none").mota[kTotal], 50);
  EXPECT_EQ(measure(truth, found, "last-frame").ap[kTotal], 100);
}

TEST(PosetrackEval, FramesOfNobodyArePassedOver) {
  PosetrackFrame empty = frame({});
  empty.labelled = true;
  const std::vector<PosetrackFrame> truth{frame({person(1, 0)}), empty};
  const std::vector<PosetrackFrame> found{frame({person(5, 0)}), frame({person(5, 0, 0.95)})};
  EXPECT_EQ(measure(truth, found, "unlabelled-frames").ap[kTotal], 100);
  EXPECT_EQ(measure(truth, found, "unlabelled-frames").frames, 1);
  EXPECT_EQ(measure(truth, found, "none").ap[kTotal], 50) << "a better score where nobody is";
  EXPECT_EQ(measure(truth, found, "none").mota[kTotal], 0);
}

TEST(PosetrackEval, AnEmptySideCountsAsOneMissAndOneFalsePositive) {
  const std::vector<PosetrackFrame> truth{frame({person(1, 0), person(2, 300), person(3, 600)})};
  const std::vector<PosetrackFrame> found{frame({})};
  const PosetrackFigures odd = measure(truth, found, "empty-side");
  EXPECT_EQ(odd.counts[0].misses, 1);
  EXPECT_EQ(odd.counts[0].false_positives, 1);
  EXPECT_EQ(odd.mota[kTotal], -100);
  const PosetrackFigures plain = measure(truth, found, "none");
  EXPECT_EQ(plain.counts[0].misses, 3);
  EXPECT_EQ(plain.counts[0].false_positives, 0);
  EXPECT_EQ(plain.mota[kTotal], 0);
}

TEST(PosetrackEval, AJointThatNobodyHasCountsAsNothingFound) {
  PosetrackPerson one = person(1, 0);
  one.points.pop_back();
  const std::vector<PosetrackFrame> frames{frame({one})};
  EXPECT_NEAR(measure(frames, frames, "absent-joint").ap[kTotal], 100.0 * 14 / 15, 1e-12);
  EXPECT_EQ(measure(frames, frames, "none").ap[kTotal], 100);
}

TEST(PosetrackEval, DistancesAreSummedOverAllPairsWithinReach) {
  const std::vector<PosetrackFrame> truth{frame({person(1, 0)})};
  const std::vector<PosetrackFrame> found{frame({person(5, 2), person(6, 4)})};  // .2 and .4 of the head
  EXPECT_NEAR(measure(truth, found, "none").motp[kTotal], 80, 1e-9);
  EXPECT_NEAR(measure(truth, found, "summed-distances").motp[kTotal], 100 * (1 - (.2 + .4) - .2), 1e-9)
      << "both pairs, and the match again";
}

TEST(PosetrackEval, APoseKeepsItsBestPersonAndAPersonTheBestPose) {
  // Both poses lie on the one person; the better one is right, the other wrong, whatever its score.
  const std::vector<PosetrackFrame> truth{frame({person(1, 0)})};
  PosetrackPerson worse = person(6, 3, 0.95);
  worse.points[0].x += 100;
  const PosetrackFigures figures = measure(truth, {frame({worse, person(5, 0)})}, "none");
  EXPECT_EQ(figures.ap[1], 50);
  EXPECT_EQ(figures.ap_recall[1], 100);
  EXPECT_EQ(figures.counts[1].detections, 1);
  EXPECT_EQ(figures.counts[1].false_positives, 1);
}

TEST(PosetrackEval, PointsWithinIgnoredRegionsAreNeither) {
  PosetrackFrame truth = frame({person(1, 0), person(2, 300)});
  truth.ignored = {{{290, 0}, {400, 0}, {400, 100}, {290, 100}}};
  const PosetrackFigures figures = measure({truth}, {frame({person(5, 0), person(6, 305)})}, "none");
  EXPECT_EQ(figures.persons, 1);
  EXPECT_EQ(figures.poses, 1);
  EXPECT_EQ(figures.ap[kTotal], 100);
}

TEST(PosetrackEval, AMissingScoreIsTheLowest) {
  PosetrackPerson unscored = person(5, 0);
  for (PosetrackPoint& point : unscored.points) point.score.reset();
  const PosetrackFigures figures = measure({frame({person(1, 0)})}, {frame({unscored, person(6, 900, 0.001)})}, "none");
  EXPECT_EQ(figures.ap[kTotal], 50) << "right, but after what is wrong";
}

TEST(PosetrackEval, WithoutIdsAveragePrecisionAloneIsMeasured) {
  PosetrackPerson nameless = person(5, 0);
  nameless.track.reset();
  const auto evaluation = measure_posetrack({{{"a", {frame({person(1, 0)})}}, {"a", {frame({nameless})}}}}).value();
  EXPECT_FALSE(evaluation.all.tracked);
  EXPECT_EQ(evaluation.all.ap[kTotal], 100);
  EXPECT_EQ(evaluation.notes.size(), 1U);
}

TEST(PosetrackEval, WhatCannotBeMeasuredIsNamed) {
  const auto message = [](std::vector<PosetrackFrame> truth, std::vector<PosetrackFrame> found) {
    return measure_posetrack({{{"a", std::move(truth)}, {"a", std::move(found)}}}).error().message;
  };
  EXPECT_EQ(message({frame({})}, {}), "a: the truth has 1 frame, the predictions 0: as many are wanted");
  EXPECT_EQ(message({frame({person(1, 0)})}, {frame({person(5, 0), person(5, 9)})}),
            "a: predictions, frame: id 5 stands there twice");
  PosetrackPerson headless = person(1, 0);
  headless.head.reset();
  EXPECT_NE(message({frame({headless})}, {frame({})}).find("no head box"), std::string::npos);
}

TEST(PosetrackEval, TheBorderOfARegionIsOutside) {
  const PosetrackFrame::Polygon square{{0, 0}, {10, 0}, {10, 10}, {0, 10}};
  EXPECT_TRUE(inside(square, 5, 5));
  for (const auto& [x, y] : {std::pair{0.0, 5.0}, {10.0, 5.0}, {5.0, 0.0}, {5.0, 10.0}, {0.0, 0.0}, {10.0, 10.0}}) {
    EXPECT_FALSE(inside(square, x, y)) << x << " " << y;
  }
  EXPECT_FALSE(inside(square, -5, 10));
  EXPECT_FALSE(inside({{0, 0}, {10, 10}}, 5, 5));
  const PosetrackFrame::Polygon notched{{0, 0}, {10, 0}, {5, 5}, {10, 10}, {0, 10}};
  EXPECT_TRUE(inside(notched, 4, 5));
  EXPECT_FALSE(inside(notched, 6, 5));
}

/// The truth as predictions, each joint moved by so many head sizes in a random direction, or by Gaussian noise of that
/// standard deviation in x and y.
PosetrackSequence moved(const PosetrackSequence& truth, double heads, bool gaussian) {
  PosetrackSequence found = truth;
  Random random(7);
  for (PosetrackFrame& one : found.frames) {
    for (PosetrackPerson& person : one.persons) {
      const auto& head = *person.head;
      const double size = 0.6 * std::hypot(head[2] - head[0], head[3] - head[1]);
      for (PosetrackPoint& point : person.points) {
        const double angle = random.uniform(0, 6.28);
        point.x += heads * size * (gaussian ? random.normal() : std::cos(angle));
        point.y += heads * size * (gaussian ? random.normal() : std::sin(angle));
        point.score = random.uniform();
      }
    }
  }
  return found;
}

TEST(PosetrackEval, TheSampleAgainstItselfWithNoise) {
  if (!std::filesystem::exists(kSample)) GTEST_SKIP() << kSample << " is not there";
  std::vector<PosetrackSequence> truths;
  for (const char* name : {"003418_mpii_test", "009473_mpii_test", "012834_mpii_test"}) {
    truths.push_back(read_posetrack(kSample / (std::string(name) + ".json")).value());
    truths.back().frames.front().ignored.clear();  // noise would carry joints into them
  }
  const auto figures = [&](double heads, bool gaussian) {
    std::vector<PosetrackPair> pairs;
    for (const PosetrackSequence& truth : truths) pairs.push_back({truth, moved(truth, heads, gaussian)});
    return measure_posetrack(pairs, keeping("none")).value().all;
  };
  const PosetrackFigures same = figures(0, false);
  EXPECT_EQ(same.ap[kTotal], 100);
  EXPECT_EQ(same.mota[kTotal], 100);
  EXPECT_EQ(same.motp[kTotal], 100);
  EXPECT_EQ(same.persons, 14);
  const PosetrackFigures near = figures(0.4, false);
  EXPECT_NEAR(near.recall[kTotal], 100, 1e-9);
  EXPECT_NEAR(near.motp[kTotal], 60, 2) << "people who stand close may get each other's joints";
  const PosetrackFigures far = figures(0.6, false);
  EXPECT_LT(far.ap[kTotal], 5);
  EXPECT_LT(far.mota[kTotal], -80);
  // Of Gaussian noise of .3 heads, 1 - exp(-(.5 / .3)^2 / 2) = 75 % lies within half a head.
  EXPECT_NEAR(figures(0.3, true).ap_recall[kTotal], 75, 8);
}

}  // namespace
}  // namespace poise
