#include "poise/metrics/angles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "poise/base/json.h"

namespace poise {
namespace {

BytesView bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void expect_number(double found, const Json& wanted, double tolerance, const std::string& where) {
  EXPECT_EQ(std::isnan(found), wanted.is_null()) << where;
  if (!wanted.is_null()) {
    EXPECT_NEAR(found, wanted.as_number(), tolerance) << where;
  }
}

class AnglesGolden : public ::testing::Test {
 protected:
  /// Of the set's results, `check` gets each angle's report and what poseaudit says.
  template <typename Check>
  void compare(int samples, Check check) {
    // Written by tests/golden/make_angles.py.
    const Json golden = parse_json(read_file(POISE_SOURCE_DIR "/tests/golden/angles.json", 1 << 20).value()).value();
    const std::string truth_text = golden.find("truth")->dump();
    const CocoTruth truth = parse_coco_truth(bytes_of(truth_text)).value();
    std::size_t compared = 0;
    for (const Json& set : golden.find("sets")->as_array()) {
      const std::string text = set.find("results")->dump();
      CocoResultsOptions all;
      all.max_per_image = 0;
      const CocoResults results = parse_coco_results(bytes_of(text), truth, all).value();
      AngleOptions options;
      options.samples = samples;
      const auto names = truth.categories.front().keypoints;
      const auto evaluation = measure_angles(truth, results, known_angles(names), options).value();
      for (const AngleReport& report : evaluation.angles) {
        const Json* wanted = set.find("angles")->find(report.angle.name);
        if (wanted == nullptr) continue;
        check(report, *wanted, pair_coco(truth, results).unmatched);
        ++compared;
      }
    }
    EXPECT_EQ(compared, 8U);
  }
};

TEST_F(AnglesGolden, FiguresEqualPoseaudits) {
  compare(0, [](const AngleReport& report, const Json& wanted, std::size_t unmatched) {
    const Json& counts = *wanted.find("counts");
    const auto count = [&](const char* name) { return static_cast<std::size_t>(counts.find(name)->as_integer()); };
    EXPECT_EQ(report.read, count("read"));
    EXPECT_EQ(report.missed, count("missed"));
    EXPECT_EQ(report.not_found, count("not_found"));
    EXPECT_EQ(report.unmeasurable, count("unmeasurable"));
    EXPECT_EQ(report.unlabelled, count("unlabelled"));
    EXPECT_EQ(report.images, count("images"));
    EXPECT_EQ(unmatched, count("unmatched"));
    std::size_t found = 0;
    for (const AngleFigure& figure : report.figures) {
      const Json* value = wanted.find("figures")->find(figure.name);
      ASSERT_NE(value, nullptr) << figure.name;
      expect_number(figure.value, *value, 1e-9, report.angle.name + " " + figure.name);
      EXPECT_TRUE(std::isnan(figure.interval.low)) << "no samples were asked for";
      ++found;
    }
    EXPECT_EQ(found, wanted.find("figures")->as_object().size());
    const auto& bands = wanted.find("bands")->as_array();
    ASSERT_EQ(report.bands.size(), bands.size());
    for (std::size_t b = 0; b < bands.size(); ++b) {
      EXPECT_EQ(report.bands[b].low, bands[b].as_array()[0].as_number());
      EXPECT_EQ(report.bands[b].count, static_cast<std::size_t>(bands[b].as_array()[1].as_integer()));
      expect_number(report.bands[b].mean_abs_error, bands[b].as_array()[2], 1e-9, "band");
      expect_number(report.bands[b].big_error_rate, bands[b].as_array()[3], 1e-9, "band");
    }
  });
}

TEST_F(AnglesGolden, IntervalsAreWithinTheNoiseOfResampling) {
  // Both draw 2,000 samples of images, from different random numbers.
  compare(2000, [](const AngleReport& report, const Json& wanted, std::size_t) {
    std::map<std::string, AngleInterval> intervals;
    for (const AngleFigure& figure : report.figures) intervals.emplace(figure.name, figure.interval);
    for (const auto& [name, ends] : wanted.find("intervals")->as_object()) {
      const double low = ends.as_array()[0].as_number();
      const double high = ends.as_array()[1].as_number();
      EXPECT_NEAR(intervals.at(name).low, low, 0.12 * (high - low)) << report.angle.name << " " << name;
      EXPECT_NEAR(intervals.at(name).high, high, 0.12 * (high - low)) << report.angle.name << " " << name;
    }
  });
}

TEST(Angles, BetweenTwoSides) {
  EXPECT_EQ(angle_between(1, 0, 0, 1), 90);
  EXPECT_EQ(angle_between(1, 0, -1, 0), 180);
  EXPECT_EQ(angle_between(3, 3, 1e-300, 1e-300), 0);
  EXPECT_NEAR(angle_between(1, 0, 1, 1e300), 90, 1e-12);
  EXPECT_TRUE(std::isnan(angle_between(0, 0, 1, 0)));
}

TEST(Angles, WilsonsIntervalIsNoPointWhereNothingHappened) {
  const AngleInterval none = wilson(0, 20);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.16113, 1e-5);
  EXPECT_TRUE(std::isnan(wilson(0, 0).low));
}

TEST(Angles, AreNamedOrGivenByThreeJoints) {
  const std::vector<std::string> joints{"left_shoulder", "left_elbow", "left_wrist", "nose"};
  ASSERT_EQ(known_angles(joints).size(), 1U);
  EXPECT_EQ(known_angles(joints)[0].name, "left_elbow");
  EXPECT_EQ(angle_by_name("left_elbow", joints)->joints, (std::array<int, 3>{0, 1, 2}));
  EXPECT_EQ(angle_by_name("nose,0,2", joints)->joints, (std::array<int, 3>{3, 0, 2}));
  EXPECT_NE(angle_by_name("left_knee", joints).error().message.find("there are left_elbow"), std::string::npos);
  EXPECT_FALSE(angle_by_name("0,1", joints).ok());
  EXPECT_FALSE(angle_by_name("0,1,2,3", joints).ok());
  EXPECT_FALSE(angle_by_name("0,1,0", joints).ok());
  EXPECT_FALSE(angle_by_name("0,1,17", joints).ok());
}

TEST(Angles, WhatIsNoOptionIsRefused) {
  AngleOptions options;
  options.size_bands = {60, 30};
  EXPECT_FALSE(measure_angles({}, {}, {}, options).ok());
  options = {};
  options.samples = 1;
  EXPECT_FALSE(measure_angles({}, {}, {}, options).ok());
  EXPECT_FALSE(measure_angles({}, {}, {{"far", {0, 1, 2}}}, {}).ok());
}

}  // namespace
}  // namespace poise
