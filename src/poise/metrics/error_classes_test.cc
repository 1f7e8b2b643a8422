#include "poise/metrics/error_classes.h"

#include <gtest/gtest.h>

#include <string>

namespace poise {
namespace {

BytesView view(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

/// Joints: left_x, right_x, middle. Two persons, 100 apart; area 400 and sigma .5 make ks exp(-d^2 / 800): good up to
/// 11.4 px, jitter up to 23.5.
std::string person(int id, double x, const std::string& extra = "") {
  const auto at = [&](double dx) { return std::to_string(x + dx) + ", 0, 2"; };
  return R"({"id": )" + std::to_string(id) + R"(, "image_id": 1, "category_id": 1, "area": 400, "bbox": [0, 0, 9, 9],
            "keypoints": [)" +
         at(0) + "," + at(50) + "," + at(25) + "]" + extra + "}";
}

std::string pose(double score, double left, double right, double middle) {
  return R"({"image_id": 1, "category_id": 1, "score": )" + std::to_string(score) + R"(, "keypoints": [)" +
         std::to_string(left) + ", 0, 1, " + std::to_string(right) + ", 0, 1, " + std::to_string(middle) + ", 0, 1]}";
}

ErrorClasses classify(const std::string& persons, const std::string& poses) {
  const std::string truth_text =
      R"({"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": [)" + persons + "]}";
  const std::string results_text = "[" + poses + "]";
  const CocoTruth truth = parse_coco_truth(view(truth_text)).value();
  const CocoResults results = parse_coco_results(view(results_text), truth).value();
  CocoEvalOptions options;
  options.sigmas = {.5, .5, .5};
  const CocoEvaluation evaluation = evaluate_coco(truth, results, options).value();
  ErrorClassOptions classes;
  classes.mirror = mirror_of({"left_x", "right_x", "middle"});
  return classify_errors(truth, results, evaluation.matches, options, classes);
}

std::size_t count(const ErrorClasses& classes, std::size_t joint, JointError error) {
  return classes.joints[joint][static_cast<std::size_t>(error)];
}

TEST(ErrorClasses, GoodAndJitterBySimilarity) {
  const auto found = classify(person(1, 0), pose(1, 11, 50 + 12, 25 + 23));
  EXPECT_EQ(count(found, 0, JointError::kGood), 1U);
  EXPECT_EQ(count(found, 1, JointError::kJitter), 1U);
  EXPECT_EQ(count(found, 2, JointError::kJitter), 1U);
  EXPECT_EQ(found.matched, 1U);
  EXPECT_NEAR(found.image_errors[0], 2.0 / 3, 1e-12);
}

TEST(ErrorClasses, MirroredJointsAreInversions) {
  const auto found = classify(person(1, 0), pose(1, 50, 0, 25));
  EXPECT_EQ(count(found, 0, JointError::kInversion), 1U);
  EXPECT_EQ(count(found, 1, JointError::kInversion), 1U);
  EXPECT_EQ(count(found, 2, JointError::kGood), 1U);
}

TEST(ErrorClasses, JointsOfAnotherPersonAreSwaps) {
  const auto found = classify(person(1, 0) + "," + person(2, 300), pose(1, 0, 350, 25));
  EXPECT_EQ(count(found, 0, JointError::kGood), 1U);
  EXPECT_EQ(count(found, 1, JointError::kSwap), 1U);
  EXPECT_EQ(found.missed, 1U);
  EXPECT_NEAR(found.image_errors[0], 4.0 / 6, 1e-12);  // a missed person's joints are all wrong
}

TEST(ErrorClasses, FarFromEverythingIsAMiss) {
  const auto found = classify(person(1, 0), pose(1, 0, 50, 200));
  EXPECT_EQ(count(found, 2, JointError::kMiss), 1U);
}

TEST(ErrorClasses, BackgroundDuplicatesAndScore) {
  const auto found =
      classify(person(1, 0), pose(.9, 15, 65, 40) + "," + pose(.8, 0, 50, 25) + "," + pose(.7, 900, 950, 925));
  EXPECT_EQ(found.background, 1U);
  EXPECT_EQ(found.duplicates, 1U);
  EXPECT_EQ(found.score, 1U);  // the better pose has the lower score
  EXPECT_EQ(found.total[static_cast<std::size_t>(JointError::kJitter)], 3U);
}

TEST(ErrorClasses, IgnoredPersonsExcuseDetections) {
  const auto found = classify(person(1, 0, R"(, "iscrowd": 1)"), pose(.9, 0, 50, 25));
  EXPECT_EQ(found.background + found.matched + found.missed, 0U);
  EXPECT_EQ(found.image_errors[0], -1.0);
}

TEST(ErrorClasses, MirrorsByName) {
  EXPECT_EQ(mirror_of({"nose", "left_eye", "right_eye", "left_horn"}), (std::vector<int>{0, 2, 1, 3}));
}

}  // namespace
}  // namespace poise
