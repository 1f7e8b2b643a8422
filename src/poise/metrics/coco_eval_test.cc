#include "poise/metrics/coco_eval.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/metrics/oks_sigmas.h"

namespace poise {
namespace {

const std::string kOracles = std::string(POISE_SOURCE_DIR) + "/../shared/oracles/coco/";

BytesView bytes(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::vector<double> values(const CocoEvaluation& evaluation) {
  std::vector<double> all;
  for (const auto& [name, value] : evaluation.figures) all.push_back(value);
  return all;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted, double tolerance) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], tolerance) << "figure " << i;
}

struct Case {
  CocoPart part = CocoPart::kBody;
  CocoEvalOptions options;
  std::string sigmas = "coco17";
};

std::vector<double> run(const std::string& truth_file, const std::string& results_file, Case c) {
  const bool boxes = c.part == CocoPart::kNone;
  const CocoTruth truth = read_coco_truth(kOracles + truth_file, c.part).value();
  CocoResultsOptions reading;
  reading.part = c.part;
  reading.drop_unseen = c.options.variant != CocoVariant::kCocoapi;
  reading.max_per_image = boxes ? 100 : 20;
  const CocoResults results = read_coco_results(kOracles + results_file, truth, reading).value();
  c.options.similarity = boxes ? CocoSimilarity::kBoxIou : CocoSimilarity::kOks;
  if (!boxes) c.options.sigmas = named_sigmas(c.sigmas).value();
  return values(evaluate_coco(truth, results, c.options).value());
}

class CocoOracles : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kOracles)) GTEST_SKIP() << "../shared/oracles/coco is not there";
  }
};

TEST_F(CocoOracles, Val2017SubsetEqualsItsTenFigures) {
  const Bytes file = read_file(kOracles + "val2017_subset_stats.json", 1U << 20U).value();
  const Json stats = parse_json(file).value();
  const auto wanted = stats.numbers("AP,AP50,AP75,APm,APl,AR,AR50,AR75,ARm,ARl").value();
  expect_near(run("val2017_subset_gt.json", "val2017_subset_dt.json", {}), wanted, 1e-15);
}

TEST_F(CocoOracles, ExampleCoco) {
  const std::vector<double> wanted = {0.8608896054440609,
                                      0.993145468392993,
                                      0.9108910891089109,
                                      0.7755775577557756,
                                      0.9372524752475248,
                                      0.875,
                                      1.0,
                                      0.9166666666666666,
                                      0.78,
                                      0.9428571428571428};
  expect_near(run("example_coco_val.json", "example_coco_preds.json", {}), wanted, 1e-15);
  Case c;
  c.options.variant = CocoVariant::kXtcocotools;  // equal here (facts of xtcocotools' own example)
  expect_near(run("example_coco_val.json", "example_coco_preds.json", c), wanted, 1e-15);
}

TEST_F(CocoOracles, SingleImageOfFasterCocoEval) {
  expect_near(run("single_gt.json", "single_dt.json", {}),
              {0.5048844884488449, 0.7227722772277227, 0.6336633663366337, 0.46633663366336636, 0.7504950495049505,
               0.5181818181818182, 0.7272727272727273, 0.6363636363636364, 0.4666666666666666, 0.75},
              1e-15);
}

TEST_F(CocoOracles, BoxesOfAllCategories) {
  Case c;
  c.part = CocoPart::kNone;
  expect_near(run("instances_val2014_100.json", "instances_val2014_fakebbox100_results.json", c),
              {.5045806987249628, .6969727247299577, .5729816669904824, .5856257209410443, .5193996948036719,
               .5013978986347466, .38681277964578054, .5936795762842003, .595352982877607, .6398109626113442,
               .5664205978994309, .5642905982905982},
              1e-14);
}

TEST_F(CocoOracles, CrowdPose) {
  Case c;
  c.options.variant = CocoVariant::kCrowdPose;
  c.options.area_from_box = true;
  c.sigmas = "crowdpose14";
  const auto found = run("example_crowdpose_val.json", "example_crowdpose_preds.json", c);
  expect_near(found, {.787722, .988119, .731436, .822222, 1, .777778, 1.0, .9802, .4116}, 5e-5);
  expect_near({found.begin(), found.begin() + 6}, {.787722, .988119, .731436, .822222, 1, .777778}, 5e-7);
}

struct WholeBodyCase {
  CocoPart part;
  const char* sigmas;
  std::vector<double> wanted;  // AP AP50 AP75 APm APl
};

TEST_F(CocoOracles, WholeBodyParts) {
  const std::vector<WholeBodyCase> cases = {
      {CocoPart::kBody, "coco17", {.853922, 1, .935231, .776544, .922774}},
      {CocoPart::kFoot, "foot6", {.957105, 1, .98544, .923762, .979066}},
      {CocoPart::kFace, "face68", {.727013, 1, .816007, .69901, .751909}},
      {CocoPart::kLeftHand, "lefthand21", {.548743, .793729, .574257, .764356, .477492}},
      {CocoPart::kRightHand, "righthand21", {.497841, .644564, .526253, .826733, .363096}},
      {CocoPart::kWholeBody, "coco_wholebody133", {.642076, 1, .841089, .67645, .630317}}};
  for (const WholeBodyCase& one : cases) {
    SCOPED_TRACE(one.sigmas);
    Case c{one.part, {}, one.sigmas};
    c.options.variant = CocoVariant::kXtcocotools;
    const auto found = run("example_wholebody_val.json", "example_wholebody_preds.json", c);
    expect_near({found.begin(), found.begin() + 5}, one.wanted, 5e-7);
  }
}

TEST(CocoEval, SmallRandomSetEqualsPycocotools) {
  // A set of tests/golden/random_coco.py (seed 5, set 337, six digits): ties, crowds, id 0; figures by
  // pycocotools 2.0.11.
  const std::string folder = std::string(POISE_SOURCE_DIR) + "/tests/golden/coco/";
  const Bytes file = read_file(folder + "figures.json", 1U << 20U).value();
  const auto wanted = parse_json(file)->numbers("figures").value();
  const CocoTruth truth = read_coco_truth(folder + "truth.json").value();
  const CocoResults results = read_coco_results(folder + "results.json", truth).value();
  CocoEvalOptions options;
  options.sigmas = named_sigmas("coco17").value();
  for (const int threads : {1, 3}) {
    options.threads = threads;
    expect_near(values(evaluate_coco(truth, results, options).value()), wanted, 1e-12);
  }
}

/// Two images, one joint each person; sigma .5 makes OKS exp(-d^2 / area / 2).
std::string truth_text(const std::string& annotations) {
  return R"({"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1, "name": "person", "keypoints": ["nose"]}],
             "annotations": [)" +
         annotations + "]}";
}

std::string person(int id, int image, double x, double area, int labelled = 1, int crowd = 0) {
  std::ostringstream text;
  text << R"({"id": )" << id << R"(, "image_id": )" << image << R"(, "category_id": 1, "iscrowd": )" << crowd
       << R"(, "area": )" << area << R"(, "bbox": [)" << x - 50 << R"(, 0, 100, 100], "num_keypoints": )" << labelled
       << R"(, "keypoints": [)" << (labelled > 0 ? x : 0) << ", 0, " << 2 * labelled << "]}";
  return text.str();
}

std::string detection(int image, double x, double score, double v = 1, double size = 50) {
  std::ostringstream text;
  text << R"({"image_id": )" << image << R"(, "category_id": 1, "score": )" << score << R"(, "bbox": [0, 0, )" << size
       << ", " << size << R"(], "keypoints": [)" << x << ", 0, " << v << "]}";
  return text.str();
}

CocoEvaluation small(const std::string& annotations, const std::string& detections,
                     CocoVariant variant = CocoVariant::kCocoapi) {
  const std::string truth_json = truth_text(annotations);
  const std::string results_json = "[" + detections + "]";
  const CocoTruth truth = parse_coco_truth(bytes(truth_json)).value();
  CocoResultsOptions reading;
  reading.drop_unseen = variant != CocoVariant::kCocoapi;
  const CocoResults results = parse_coco_results(bytes(results_json), truth, reading).value();
  CocoEvalOptions options;
  options.variant = variant;
  options.sigmas = {.5};
  return evaluate_coco(truth, results, options).value();
}

double figure(const CocoEvaluation& evaluation, const std::string& name) {
  for (const auto& [known, value] : evaluation.figures) {
    if (known == name) return value;
  }
  ADD_FAILURE() << "no figure " << name;
  return -2;
}

TEST(CocoEval, PerfectAndNothing) {
  const auto both = person(1, 1, 10, 2000) + "," + person(2, 2, 20, 2000);
  const auto perfect = small(both, detection(1, 10, .9) + "," + detection(2, 20, .8));
  EXPECT_NEAR(figure(perfect, "AP"), 1.0, 1e-15);
  EXPECT_EQ(figure(perfect, "AR"), 1.0);
  EXPECT_EQ(figure(perfect, "APl"), -1.0);  // nobody is large
  const auto none = small(both, "");
  EXPECT_EQ(figure(none, "AP"), 0.0);
  EXPECT_EQ(figure(none, "AR"), 0.0);
  const auto nobody = small("", detection(1, 10, .9));
  for (const double value : values(nobody)) EXPECT_EQ(value, -1.0);
}

TEST(CocoEval, HalfOfTwoPersonsIsFound) {
  const auto half = small(person(1, 1, 10, 2000) + "," + person(2, 2, 20, 2000), detection(1, 10, .9));
  EXPECT_NEAR(figure(half, "AP"), 51.0 / 101, 1e-12);  // recalls 0 to .5 of 101
  EXPECT_EQ(figure(half, "AR"), .5);
}

TEST(CocoEval, AreaRangesHoldBothEnds) {
  const auto edge = small(person(1, 1, 10, 9216), detection(1, 10, .9));
  EXPECT_GT(figure(edge, "APm"), .99);
  EXPECT_GT(figure(edge, "APl"), .99);
  const auto low = small(person(1, 1, 10, 1024), detection(1, 10, .9));
  EXPECT_GT(figure(low, "APm"), .99);
  EXPECT_EQ(figure(low, "APl"), -1.0);
}

TEST(CocoEval, IdZeroIsAMissInCocoapiAlone) {
  const std::string truth = person(0, 1, 10, 2000);
  EXPECT_EQ(figure(small(truth, detection(1, 10, .9)), "AP"), 0.0);
  EXPECT_GT(figure(small(truth, detection(1, 10, .9), CocoVariant::kXtcocotools), "AP"), .99);
}

TEST(CocoEval, IgnoredTruthsTakeDetectionsWithoutBlame) {
  // The crowd takes two, the person without joints one, in twice its box.
  const auto found = small(
      person(1, 1, 10, 2000) + "," + person(2, 1, 500, 2000, 1, 1) + "," + person(3, 2, 20, 2000, 0),
      detection(1, 10, .5) + "," + detection(1, 500, .9) + "," + detection(1, 500, .8) + "," + detection(2, 60, .7));
  EXPECT_GT(figure(found, "AP"), .99);
  EXPECT_EQ(found.truths_counted, 1U);
  EXPECT_EQ(found.truths_ignored, 2U);
}

TEST(CocoEval, DetectionsWithoutScoreOfAnyJointAreNoneToXtcocotools) {
  const std::string truth = person(1, 1, 10, 2000);
  const std::string detections = detection(1, 400, .9, 0) + "," + detection(1, 10, .5);
  EXPECT_NEAR(figure(small(truth, detections), "AP"), .5, 1e-12);
  EXPECT_GT(figure(small(truth, detections, CocoVariant::kXtcocotools), "AP"), .99);
}

TEST(CocoEval, ThreadsAndWeightsChangeNothing) {
  const std::string truth_json = truth_text(person(1, 1, 10, 2000) + "," + person(2, 2, 20, 2000));
  const std::string results_json = "[" + detection(1, 12, .9) + "," + detection(2, 90, .95) + "]";
  const CocoTruth truth = parse_coco_truth(bytes(truth_json)).value();
  const CocoResults results = parse_coco_results(bytes(results_json), truth).value();
  CocoEvalOptions options;
  options.sigmas = {.5};
  const CocoEvaluation once = evaluate_coco(truth, results, options).value();
  const auto twice = coco_figures(truth, results, once.matches, options, {2, 2});
  const auto second = coco_figures(truth, results, once.matches, options, {0, 1});
  EXPECT_EQ(twice[5].second, once.figures[5].second);  // AR
  EXPECT_NEAR(twice[0].second, once.figures[0].second, 1e-12);
  EXPECT_EQ(second[5].second, 0.0);
}

TEST(CocoEval, WhatDoesNotFitIsAnError) {
  const std::string truth_json = truth_text(person(1, 1, 10, 2000));
  const CocoTruth truth = parse_coco_truth(bytes(truth_json)).value();
  const CocoResults results = parse_coco_results(bytes("[" + detection(1, 12, .9) + "]"), truth).value();
  CocoEvalOptions options;
  EXPECT_NE(evaluate_coco(truth, results, options).error().message.find("0 sigmas for 1 joint:"), std::string::npos);
  options.sigmas = {0};
  EXPECT_EQ(evaluate_coco(truth, results, options).error().code, ErrorCode::kInvalidArgument);
  options.sigmas = {.5};
  options.variant = CocoVariant::kCrowdPose;
  EXPECT_NE(evaluate_coco(truth, results, options).error().message.find("crowdIndex"), std::string::npos);
}

}  // namespace
}  // namespace poise
