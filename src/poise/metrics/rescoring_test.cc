#include "poise/metrics/rescoring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "poise/metrics/coco_eval.h"
#include "poise/metrics/oks_sigmas.h"
#include "poise/person/oks.h"

namespace poise {
namespace {

const std::string kTruth = std::string(POISE_SOURCE_DIR) + "/../shared/oracles/coco/example_coco_val.json";

TEST(Rescore, ThreeModes) {
  Pose pose;
  pose.keypoints = {{{}, .8F}, {{}, .4F}, {{}, .1F}};
  pose.box_score = .5F;
  EXPECT_EQ(rescore(pose, ScoreMode::kBox), .5F);
  EXPECT_FLOAT_EQ(rescore(pose, ScoreMode::kBoxTimesJoints), .3F);  // .1 is not above .2
  EXPECT_FLOAT_EQ(rescore(pose, ScoreMode::kBoxTimesJoints, .5F), .4F);
  EXPECT_FLOAT_EQ(rescore(pose, ScoreMode::kBoxPlusJoints), .5F + 1.3F / 3 + .8F);
  pose.keypoints.clear();
  EXPECT_EQ(rescore(pose, ScoreMode::kBoxPlusJoints), .5F);
}

Pose pose_at(float x, float score) {
  Pose pose;
  pose.keypoints = {{{x, 0}, 1}};
  pose.score = score;
  return pose;
}

TEST(SoftOksNms, LowersTheAlikeAndKeepsTheBest) {
  Skeleton one;
  one.name = "one";
  one.joints = {{"a", Side::kCentre, .5F, 1}};
  const std::vector<Pose> poses = {pose_at(0, .8F), pose_at(0, .9F), pose_at(1000, .5F)};
  const std::vector<float> areas(3, 100.0F);
  const auto kept = soft_oks_nms(poses, areas, one, .9F, 20);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].index, 1);
  EXPECT_EQ(kept[1].index, 2);  // the first's twin fell below: .8 exp(-1 / .9)
  EXPECT_EQ(kept[2].index, 0);
  EXPECT_NEAR(kept[2].score, .8 * std::exp(-1 / .9), 1e-6);
  EXPECT_FLOAT_EQ(kept[1].score, .5F);
  EXPECT_EQ(soft_oks_nms(poses, areas, one, .9F, 1).size(), 1U);
  EXPECT_TRUE(soft_oks_nms({}, {}, one).empty());
}

enum class Nms { kHard, kSoft };

/// One made prediction: where, how sure, and the id that mmpose sorts by.
struct Made {
  std::int64_t id;
  int image;
  Pose pose;
  float area;
};

/// Truth row g with x times `sx`, y times `sy`, v times `sv` as the joints' scores, in floats as the network would say.
Made make(const CocoTruth& truth, std::size_t g, double sx, double sy, double sv, float box_score) {
  Made made{truth.id[g], truth.image[g], {}, 0};
  const auto joints = static_cast<std::size_t>(truth.joints);
  for (std::size_t j = 0; j < joints; ++j) {
    const double* p = truth.keypoints.data() + 3 * (g * joints + j);
    made.pose.keypoints.push_back({{static_cast<float>(static_cast<float>(p[0]) * static_cast<float>(sx)),
                                    static_cast<float>(static_cast<float>(p[1]) * static_cast<float>(sy))},
                                   static_cast<float>(p[2]) * static_cast<float>(sv)});
  }
  made.pose.box_score = box_score;
  made.area = static_cast<float>(truth.box[g][2] * 1.25 * truth.box[g][3] * 1.25);
  return made;
}

std::vector<double> figures(const CocoTruth& truth, std::vector<Made> all, ScoreMode mode, Nms nms) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  std::stable_sort(all.begin(), all.end(), [](const Made& a, const Made& b) { return a.id < b.id; });
  std::map<int, std::vector<const Made*>> images;
  for (Made& one : all) {
    one.pose.score = rescore(one.pose, mode);
    auto& list = images[one.image];
    if (list.empty() || list.back()->id != one.id) list.push_back(&one);
  }
  CocoResults results;
  results.joints = truth.joints;
  for (auto& [image, list] : images) {
    std::reverse(list.begin(), list.end());  // of equal scores mmpose takes the later first (argsort()[::-1])
    std::vector<Pose> poses;
    std::vector<float> areas;
    for (const Made* one : list) {
      poses.push_back(one->pose);
      areas.push_back(one->area);
    }
    std::vector<int> kept;
    if (nms == Nms::kHard) kept = oks_nms(poses, areas, skeleton, .9F);
    if (nms == Nms::kSoft) {
      for (const SoftKept& one : soft_oks_nms(poses, areas, skeleton)) kept.push_back(one.index);
    }
    std::stable_sort(kept.begin(), kept.end(),
                     [&](int a, int b) {  // rows are in falling score; mmpose keeps it as it was
                       return poses[static_cast<std::size_t>(a)].score > poses[static_cast<std::size_t>(b)].score;
                     });
    for (const int i : kept) {
      const Pose& pose = poses[static_cast<std::size_t>(i)];
      results.index.push_back(results.index.size());
      results.image.push_back(image);
      results.category.push_back(0);
      results.score.push_back(pose.score);
      double low_x = 1e9, low_y = 1e9, high_x = -1e9, high_y = -1e9;
      for (const Keypoint& k : pose.keypoints) {
        results.keypoints.insert(results.keypoints.end(), {k.point.x, k.point.y, k.score});
        low_x = std::min<double>(low_x, k.point.x);
        high_x = std::max<double>(high_x, k.point.x);
        low_y = std::min<double>(low_y, k.point.y);
        high_y = std::max<double>(high_y, k.point.y);
      }
      results.area.push_back((high_x - low_x) * (high_y - low_y));
      results.box.push_back({low_x, low_y, high_x - low_x, high_y - low_y});
    }
  }
  CocoEvalOptions options;
  options.variant = CocoVariant::kXtcocotools;
  options.sigmas = named_sigmas("coco17").value();
  std::vector<double> values;
  const CocoEvaluation evaluation = evaluate_coco(truth, results, options).value();
  for (const auto& [name, value] : evaluation.figures) values.push_back(value);
  return values;
}

class MmposeGolden : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kTruth)) GTEST_SKIP() << "../shared/oracles/coco is not there";
    truth_ = read_coco_truth(kTruth).value();
  }
  void expect(const std::vector<double>& found, const std::vector<double>& wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-9) << "figure " << i;
  }
  CocoTruth truth_;
};

// mmpose, tests/test_evaluation/test_metrics/test_coco_metric.py, test_topdown_alignment, cases 1 to 3.
TEST_F(MmposeGolden, BoxTimesJointsAndOksNms) {
  std::vector<Made> all;
  for (std::size_t g = 0; g < truth_.size(); ++g) all.push_back(make(truth_, g, .98, 1.02, .8, .98F));
  expect(figures(truth_, all, ScoreMode::kBoxTimesJoints, Nms::kHard),
         {.5287458745874587, .9042904290429042, .5009900990099009, .42475247524752474, .6219554455445544,
          .5833333333333333, .9166666666666666, .5833333333333334, .44000000000000006, .6857142857142857});
}

TEST_F(MmposeGolden, BoxPlusJointsAndOksNms) {
  std::vector<Made> all;
  for (std::size_t g = 0; g < truth_.size(); ++g) all.push_back(make(truth_, g, .98, 1.02, .8, .98F));
  expect(figures(truth_, all, ScoreMode::kBoxPlusJoints, Nms::kHard),
         {.5004950495049505, .8836633663366337, .4679867986798679, .42475247524752474, .5814108910891089});
}

TEST_F(MmposeGolden, BoxTimesJointsAndSoftOksNms) {
  std::vector<Made> all;
  for (std::size_t g = 0; g < truth_.size(); ++g) {
    const double i = static_cast<double>(g) / 100;
    all.push_back(make(truth_, g, 1 - i, 1 + i, 1 - i, 1));
    all.push_back(make(truth_, g, 1 + i, 1 - i, 1 - 2 * i, static_cast<float>(1 - 2 * i)));
    ++all.back().id;
  }
  expect(figures(truth_, all, ScoreMode::kBoxTimesJoints, Nms::kSoft),
         {.17073707370737073, .25055005500550054, .10671067106710669, 0, .29315181518151806, .2416666666666666,
          .3333333333333333, .16666666666666666, 0, .41428571428571426});
}

}  // namespace
}  // namespace poise
