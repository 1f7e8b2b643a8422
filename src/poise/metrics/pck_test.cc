#include "poise/metrics/pck.h"

#include <gtest/gtest.h>

#include <limits>

#include "poise/base/file.h"
#include "poise/base/json.h"
#include "poise/metrics/pcp.h"

namespace poise {
namespace {

const std::string kGolden = POISE_SOURCE_DIR "/tests/golden/persons/";

PersonPairs golden(const std::string& truth, const std::string& predictions) {
  const auto read = [](const std::string& name) {
    return read_pose_set(kGolden + name, guess_format(kGolden + name).value()).value();
  };
  return pair_persons(read(truth), read(predictions)).value();
}
double figure(const char* kind, const char* name) {
  const Json json = parse_json(read_file(kGolden + "figures.json", 1U << 20U).value()).value();
  return json.find(kind)->number(name).value();
}
double rate(const std::vector<PartRate>& rates, const std::string& name) {
  for (const PartRate& one : rates) {
    if (one.name == name) return 100 * one.rate;
  }
  ADD_FAILURE() << name;
  return -1;
}

/// One person of lsp14 whose torso is 100 long and whose joints all lie `error` off to the right.
PersonPairs person(float error) {
  PersonPairs pairs;
  pairs.truth_skeleton = find_skeleton("lsp14").value();
  PersonPair pair;
  pair.pose = Pose();
  for (std::size_t j = 0; j < pairs.truth_skeleton.joints.size(); ++j) {
    const auto f = static_cast<float>(j);
    pairs.joints.push_back({pairs.truth_skeleton.joints[j].name, j, j});
    pair.truth.keypoints.push_back({{f, 10 * f}, Visibility::kVisible});
  }
  pair.truth.keypoints[9].point = {0, 0};    // left shoulder
  pair.truth.keypoints[2].point = {60, 80};  // right hip
  pair.truth.box = {0, 0, 30, 40};
  for (const auto& joint : pair.truth.keypoints)
    pair.pose->keypoints.push_back({{joint.point.x + error, joint.point.y}, 1});
  pairs.persons = {pair};
  return pairs;
}

// The figures come from tests/golden/make_persons.py, which follows the reference rules in NumPy's float64.
TEST(Pck, EqualsTheReferenceRules) {
  const PersonPairs pairs = golden("joints.mat", "found.mat");
  const PckResult pck = measure_pck(pairs, {}).value();
  EXPECT_NEAR(100 * pck.mean, figure("leeds", "PCK_mean"), 1e-9);
  EXPECT_NEAR(rate(pck.joints, "left_knee"), figure("leeds", "PCK_left_knee"), 1e-9);
  EXPECT_NEAR(rate(pck.parts, "head"), figure("leeds", "PCK_head"), 1e-9);
  EXPECT_NEAR(pck.auc, figure("leeds", "PDJ_auc"), 1e-9);
  EXPECT_EQ(pck.persons, 50U);
}

TEST(Pckh, EqualsTheReferenceRules) {
  const PersonPairs pairs = golden("gt_valid.mat", "pred.mat");
  EXPECT_EQ(pairs.annotated, Annotated::kPersonCentric);
  const PckhResult result = measure_pckh(pairs).value();
  for (const char* part : {"head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"}) {
    EXPECT_NEAR(rate(result.pck.parts, part), figure("pckh", (std::string("PCKh_") + part).c_str()), 1e-9) << part;
  }
  EXPECT_NEAR(100 * result.mean, figure("pckh", "PCKh_mean"), 1e-9);
  EXPECT_NEAR(100 * result.mean_10, figure("pckh", "PCKh_mean@0.1"), 1e-9);
  EXPECT_NEAR(100 * result.mean_11, figure("pckh", "PCKh_mean@0.11"), 1e-9);
  EXPECT_GT(result.mean_11, result.mean_10);
}

TEST(Pcp, EqualsTheReferenceRules) {
  const PersonPairs pairs = golden("joints.mat", "found.mat");
  const PcpResult strict = measure_pcp(pairs, PcpRule::kStrict).value();
  EXPECT_NEAR(100 * strict.mean, figure("leeds", "PCP_mean"), 1e-9);
  EXPECT_NEAR(rate(strict.sticks, "right_lower_leg"), figure("leeds", "PCP_right_lower_leg"), 1e-9);
  EXPECT_NEAR(rate(strict.parts, "torso"), figure("leeds", "PCP_torso"), 1e-9);
  EXPECT_EQ(strict.sticks.size(), 10U);
  EXPECT_EQ(strict.zero_length, 1U);
  const PcpResult loose = measure_pcp(pairs, PcpRule::kLoose).value();
  EXPECT_NEAR(100 * loose.mean, figure("leeds", "PCP_loose_mean"), 1e-9);
  EXPECT_NEAR(rate(loose.sticks, "head"), figure("leeds", "PCP_loose_head"), 1e-9);
}

TEST(Pck, TheThresholdItselfIsRight) {
  EXPECT_EQ(measure_pck(person(20), {.threshold = 0.2})->mean, 1);
  EXPECT_EQ(measure_pck(person(20.01F), {.threshold = 0.2})->mean, 0);
  EXPECT_EQ(measure_pck(person(20), {.threshold = 0.5, .reference = PckReference::kBoxLongerSide})->mean, 1);
  EXPECT_EQ(measure_pck(person(20.5F), {.threshold = 0.5, .reference = PckReference::kBoxLongerSide})->mean, 0);
  EXPECT_EQ(measure_pck(person(25), {.threshold = 0.5, .reference = PckReference::kBoxDiagonal})->mean, 1);
  // Head: neck (12, 120) to head top (13, 130).
  EXPECT_EQ(measure_pck(person(5), {.threshold = 0.5, .reference = PckReference::kHead})->mean, 1);
  EXPECT_EQ(measure_pck(person(5.1F), {.threshold = 0.5, .reference = PckReference::kHead})->mean, 0);
}

TEST(Pck, CurveAndArea) {
  const PckResult result = measure_pck(person(25), {}).value();
  ASSERT_EQ(result.curve.size(), 51U);
  EXPECT_EQ(result.curve[24], 0);
  EXPECT_EQ(result.curve[25], 1);
  EXPECT_NEAR(result.auc, (0.5 + 25) / 50, 1e-12);
  EXPECT_EQ(measure_pck(person(0), {})->auc, 1);
}

TEST(Pck, WithoutTheReferenceAPersonIsLeftOut) {
  PersonPairs pairs = person(0);
  PersonPair second = pairs.persons[0];
  second.truth.keypoints[9].visibility = Visibility::kAbsent;
  PersonPair third = pairs.persons[0];
  third.truth.keypoints[9].point = third.truth.keypoints[2].point;  // no length
  pairs.persons = {pairs.persons[0], second, third};
  const PckResult result = measure_pck(pairs, {}).value();
  EXPECT_EQ(result.persons, 1U);
  EXPECT_EQ(result.without_reference, 2U);
  EXPECT_EQ(result.mean, 1);
  pairs.persons = {second};
  EXPECT_NE(measure_pck(pairs, {}).error().message.find("none of the persons has the reference"), std::string::npos);
  EXPECT_NE(measure_pckh(pairs).error().message.find("head box"), std::string::npos);
}

TEST(Pck, WhatWasNotFoundIsWrongAndWhatIsNotLabelledDoesNotCount) {
  PersonPairs pairs = person(0);
  pairs.persons[0].pose->keypoints[0].point.x = std::numeric_limits<float>::quiet_NaN();
  pairs.persons[0].truth.keypoints[1].visibility = Visibility::kAbsent;
  PersonPair lost = pairs.persons[0];
  lost.pose.reset();
  pairs.persons.push_back(lost);
  const PckResult result = measure_pck(pairs, {}).value();
  EXPECT_EQ(result.joints[0].counted, 2U);
  EXPECT_EQ(result.joints[0].rate, 0);
  EXPECT_EQ(result.joints[1].counted, 0U);
  EXPECT_EQ(result.joints[1].rate, -1);
  EXPECT_EQ(result.joints[2].rate, 0.5);
  EXPECT_NEAR(result.mean, 12 * 0.5 / 13, 1e-12);
  EXPECT_NEAR(result.pooled, 12.0 / 26, 1e-12);
}

TEST(Pck, NobodyIsNoError) {
  PersonPairs pairs = person(0);
  pairs.persons.clear();
  EXPECT_EQ(measure_pck(pairs, {})->mean, -1);
  EXPECT_EQ(measure_pcp(pairs, PcpRule::kStrict)->mean, -1);
  EXPECT_FALSE(measure_pck(pairs, {.threshold = -1}).ok());
}

TEST(Pcp, StrictWantsBothEndsLooseTheirMean) {
  PersonPairs pairs = person(0);
  // Right lower leg: ankle (0, 0), knee (1, 10); its length is sqrt(101), half of it 5.02.
  pairs.persons[0].pose->keypoints[0].point.x += 8;
  EXPECT_EQ(rate(measure_pcp(pairs, PcpRule::kStrict)->sticks, "right_lower_leg"), 0);
  EXPECT_EQ(rate(measure_pcp(pairs, PcpRule::kLoose)->sticks, "right_lower_leg"), 100);
  pairs.persons[0].pose->keypoints[0].point.x = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(rate(measure_pcp(pairs, PcpRule::kLoose)->sticks, "right_lower_leg"), 0);
}

TEST(Pcp, SticksThatCannotBeAreNamed) {
  PersonPairs pairs = person(0);
  pairs.joints.resize(12);  // without neck and head top, as COCO's 17
  const PcpResult result = measure_pcp(pairs, PcpRule::kStrict).value();
  EXPECT_EQ(result.left_out, std::vector<std::string>{"head"});
  EXPECT_EQ(result.sticks.size(), 9U);
  EXPECT_EQ(result.mean, 1);
  pairs.persons[0].truth.keypoints[0].visibility = Visibility::kAbsent;
  EXPECT_EQ(measure_pcp(pairs, PcpRule::kStrict)->unlabelled, 1U);
  pairs.joints.clear();
  EXPECT_FALSE(measure_pcp(pairs, PcpRule::kStrict).ok());
}

}  // namespace
}  // namespace poise
