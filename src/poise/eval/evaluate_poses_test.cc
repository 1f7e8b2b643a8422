#include "poise/eval/evaluate_poses.h"

#include <gtest/gtest.h>

#include "kit/figure_set.h"
#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/eval/accuracy.h"
#include "poise/image/codec.h"
#include "poise/models/shipped.h"

namespace poise {
namespace {

class EvaluatePoses : public testing::Test {
 protected:
  void SetUp() override {
    const Json set = kit::write_figure_set(folder_ / "images", {.count = 5, .size = {160, 120}});
    write_file_atomic(folder_ / "set.json", set.dump()).value();
  }
  EvalSetOptions options(PoseMetric metric) const {
    return {(folder_ / "set.json").string(), (folder_ / "images").string(), "gt", metric};
  }
  static PoseFinder shipped(BoxSource people = {}) {
    EstimatorOptions options;
    options.run.threads = 1;
    options.run.precision = Precision::kFloat32;
    return PoseFinder(Estimator::create(read_shipped().value(), options).value(), std::move(people));
  }
  const kit::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(EvaluatePoses, TheTruthsCategoryHasAnyNumber) {
  PoseFinder finder = shipped();
  EvalSet set = read_eval_set(options(PoseMetric::kOks)).value();
  const auto ap = [](const OksMeasured& measured) { return measured.evaluation.figures.front().second; };
  const double one = ap(measure_oks(find_poses(set, finder).value(), set.truth).value());
  EXPECT_GT(one, 0);
  for (const std::int64_t id : {0, 7}) {
    set.truth.categories.at(0).id = id;
    const FoundPoses found = find_poses(set, finder).value();
    EXPECT_EQ(ap(measure_oks(found, set.truth).value()), one);
    const Json results = coco_results_json(found);
    for (const Json& entry : results.as_array()) EXPECT_EQ(entry.integer("category_id").value(), id);
  }
}

TEST_F(EvaluatePoses, BothMetricsOfOneRun) {
  PoseFinder finder = shipped();
  const EvalSet set = read_eval_set(options(PoseMetric::kPck)).value();
  std::size_t told = 0;
  FindPosesOptions find;
  find.progress = [&](std::size_t done, std::size_t total, const std::string&) {
    EXPECT_EQ(done, ++told);
    EXPECT_EQ(total, 5U);
    return true;
  };
  const FoundPoses found = find_poses(set, finder, find).value();
  EXPECT_EQ(told, 5U);
  EXPECT_EQ(found.box_source, "ground truth");
  EXPECT_EQ(found.boxes, 5U);
  EXPECT_EQ(found.frames.size(), 5U);
  EXPECT_EQ(coco_results_json(found).as_array().size(), 5U);
  const OksMeasured oks = measure_oks(found, set.truth).value();
  EXPECT_EQ(oks.evaluation.truths_counted, 5U);
  EXPECT_EQ(oks.evaluation.figures.front().first, "AP");
  const PckMeasured pck = measure_pck_of(found, set).value();
  EXPECT_EQ(pck.pairs.persons.size(), 5U);
  AccuracyTest test = AccuracyTest::open(options(PoseMetric::kOks)).value();
  RunnerOptions run;
  run.threads = 1;
  run.precision = Precision::kFloat32;
  EXPECT_EQ(test.measure(read_shipped().value(), {}, {}, run).value(), oks.evaluation.figures.front().second);
  EXPECT_EQ(test.persons(), 5U);
}

TEST_F(EvaluatePoses, AReportSaysWhatWasRunAndItsFigures) {
  PoseFinder finder = shipped();
  const EvalSet set = read_eval_set(options(PoseMetric::kPck)).value();
  const PoseReport report = evaluate_poses(set, finder, "small").value();
  const Json json = to_json(report);
  EXPECT_EQ(json.string("metric").value(), "pck");
  EXPECT_EQ(json.string("model").value(), "small");
  EXPECT_EQ(json.string("backend").value(), "onednn");
  EXPECT_EQ(json.string("pose_nms").value(), "oks 0.9");
  EXPECT_EQ(json.integer("boxes").value(), 5);
  EXPECT_EQ(json.integer("persons").value(), 5);
  EXPECT_EQ(json.number("PCK_mean").value(), 100 * report.pck->result.mean);
  const Json oks = to_json(evaluate_poses(read_eval_set(options(PoseMetric::kOks)).value(), finder, "small").value());
  EXPECT_EQ(oks.string("metric").value(), "oks");
  EXPECT_EQ(oks.integer("truths").value(), 5);
  EXPECT_TRUE(oks.number("AP").ok());
}

TEST_F(EvaluatePoses, TheFinderLooksByItself) {
  EvalSetOptions own = options(PoseMetric::kOks);
  own.boxes = "";
  const EvalSet set = read_eval_set(own).value();
  PoseFinder whole = shipped();
  const FoundPoses one_each = find_poses(set, whole).value();
  EXPECT_EQ(one_each.box_source, "whole image");
  EXPECT_EQ(one_each.boxes, 5U);
  DetectorOptions detect;
  detect.run.threads = 1;
  detect.run.precision = Precision::kFloat32;
  PoseFinder finder =
      shipped(BoxSource({kShippedDetector, Detector::create(read_shipped(kShippedDetector).value(), detect).value()}));
  const FoundPoses found = find_poses(set, finder).value();
  EXPECT_EQ(found.box_source, kShippedDetector);
  ASSERT_EQ(found.frames.size(), 5U);
  std::size_t poses = 0;
  for (const FrameResult& frame : found.frames) poses += frame.poses.size();
  EXPECT_EQ(poses + found.suppressed, found.boxes);
  const Image first = read_image(folder_ / "images/000000000001.jpg").value();
  EXPECT_EQ(found.frames.front().poses.size(), finder.find(first.view()).value().poses.size());
}

TEST_F(EvaluatePoses, TheTruthItselfIsPerfect) {
  const EvalSet set = read_eval_set(options(PoseMetric::kOks)).value();
  FoundPoses found;
  found.skeleton = find_skeleton("coco17").value();
  for (std::size_t i = 0; i < set.truth.size(); ++i) {
    FrameResult& frame = found.frames.emplace_back();
    frame.image_id = set.truth.images[static_cast<std::size_t>(set.truth.image[i])].id;
    Pose& pose = frame.poses.emplace_back();
    const auto& box = set.truth.box[i];
    pose.box = {static_cast<float>(box[0]), static_cast<float>(box[1]), static_cast<float>(box[2]),
                static_cast<float>(box[3])};
    pose.score = 1;
    for (std::size_t j = 0; j < 17; ++j) {
      const double* joint = set.truth.keypoints.data() + 51 * i + 3 * j;
      pose.keypoints.push_back({{static_cast<float>(joint[0]), static_cast<float>(joint[1])}, 1.0F});
    }
  }
  EXPECT_NEAR(measure_oks(found, set.truth)->evaluation.figures.front().second, 1.0, 1e-9);
}

TEST_F(EvaluatePoses, WhatDoesNotFitIsSaidBeforeTheWork) {
  PoseFinder finder = shipped();
  EvalSetOptions nowhere = options(PoseMetric::kOks);
  nowhere.images = (folder_ / "nowhere").string();
  EXPECT_EQ(read_eval_set(nowhere).error().code, ErrorCode::kNotFound);
  EvalSet set = read_eval_set(options(PoseMetric::kOks)).value();
  set.truth.joints = 14;
  const auto found = find_poses(set, finder);
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("the truth has 14 joints"), std::string::npos) << found.error().message;
  EvalSet strange = read_eval_set(options(PoseMetric::kPck)).value();
  for (Joint& joint : strange.people->skeleton.joints) joint.name = "other_" + joint.name;
  FindPosesOptions none;
  none.progress = [](std::size_t, std::size_t, const std::string&) {
    ADD_FAILURE() << "a picture was looked at";
    return true;
  };
  const auto unpaired = find_poses(strange, finder, none);
  ASSERT_FALSE(unpaired.ok());
  EXPECT_NE(unpaired.error().message.find("no joint of one name"), std::string::npos) << unpaired.error().message;
  EvalSet headless = read_eval_set(options(PoseMetric::kPck)).value();
  headless.options.pck.reference = PckReference::kHead;  // COCO's joints have none
  const auto immeasurable = find_poses(headless, finder, none);
  ASSERT_FALSE(immeasurable.ok());
  EXPECT_NE(immeasurable.error().message.find("has the reference, head"), std::string::npos);
  EvalSetOptions sigmas = options(PoseMetric::kOks);
  sigmas.sigmas = "0.1,0.2";
  EXPECT_NE(read_eval_set(sigmas).error().message.find("\"sigmas\" gives 2, "), std::string::npos);
  sigmas.sigmas = "0.1,wide";
  EXPECT_NE(read_eval_set(sigmas).error().message.find("neither numbers"), std::string::npos);
  sigmas.sigmas = "coco17";
  EXPECT_EQ(read_eval_set(sigmas).value().sigmas->values.size(), 17U);
  FindPosesOptions stop;
  stop.progress = [](std::size_t, std::size_t, const std::string&) { return false; };
  EXPECT_EQ(find_poses(read_eval_set(options(PoseMetric::kPck)).value(), finder, stop).error().message, "stopped");
  std::filesystem::remove(folder_ / "images/000000000003.jpg");
  const auto missing = find_poses(read_eval_set(options(PoseMetric::kPck)).value(), finder);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("000000000003.jpg"), std::string::npos) << missing.error().message;
}

}  // namespace
}  // namespace poise
