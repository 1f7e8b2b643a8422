#include "poise/metrics/oks_sigmas.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/base/random.h"

namespace poise {
namespace {

TEST(OksSigmas, NamedOnesAreOfTheirLength) {
  EXPECT_EQ(named_sigmas("coco17")->at(0), .26 / 10.0);
  EXPECT_EQ(named_sigmas("coco17")->size(), 17U);
  EXPECT_EQ(named_sigmas("crowdpose14")->size(), 14U);
  const auto whole = named_sigmas("coco_wholebody133").value();
  ASSERT_EQ(whole.size(), 133U);
  std::vector<double> parts = {whole.begin(), whole.begin() + 17};
  for (const char* name : {"foot6", "face68", "lefthand21", "righthand21"}) {
    const auto part = named_sigmas(name).value();
    EXPECT_EQ(std::to_string(part.size()), std::string(name).substr(std::string(name).find_first_of("0123456789")));
    parts.insert(parts.end(), part.begin(), part.end());
  }
  EXPECT_EQ(parts, whole);
  EXPECT_NE(named_sigmas("dog").error().message.find("crowdpose14"), std::string::npos);
}

TEST(OksSigmas, OfASkeletonAreItsDecimals) {
  EXPECT_EQ(skeleton_sigmas(find_skeleton("mpii16").value())->at(0), .089);
  Skeleton none;
  none.joints = {{"tail"}};
  EXPECT_NE(skeleton_sigmas(none).error().message.find("tail"), std::string::npos);
}

TEST(OksSigmas, GuessedByNamesThenByNumber) {
  CocoTruth truth;
  truth.joints = 17;
  EXPECT_EQ(guess_sigmas(truth, CocoPart::kBody).value().source, "coco17");
  EXPECT_EQ(guess_sigmas(truth, CocoPart::kFace).value().source, "face68");
  truth.joints = 5;
  EXPECT_EQ(guess_sigmas(truth, CocoPart::kBody).error().code, ErrorCode::kNotFound);
  truth.joints = 16;
  CocoTruth::Category category;
  const Skeleton mpii = find_skeleton("mpii16").value();
  for (const Joint& joint : mpii.joints) category.keypoints.push_back(joint.name);
  truth.categories = {category};
  EXPECT_EQ(guess_sigmas(truth, CocoPart::kBody).value().source, "mpii16");
}

TEST(OksSigmas, SomeOfCocosJointsHaveCocosSigmas) {
  CocoTruth truth;
  truth.joints = 3;
  truth.categories.emplace_back().keypoints = {"left_hip", "nose", "right_ankle"};
  const OksSigmas some = guess_sigmas(truth, CocoPart::kBody).value();
  EXPECT_EQ(some.values, (std::vector<double>{1.07 / 10.0, .26 / 10.0, .89 / 10.0}));
  EXPECT_EQ(some.source, "coco17, by the joints' names");
  truth.categories[0].keypoints[1] = "tail";
  EXPECT_FALSE(guess_sigmas(truth, CocoPart::kBody).ok());
  truth.categories[0].keypoints[1] = "left_hip";
  EXPECT_FALSE(guess_sigmas(truth, CocoPart::kBody).ok()) << "one name twice";
}

TEST(OksSigmas, EstimatedFromDoubleAnnotation) {
  // Two annotators part by a normal step of sigma times the root of the area in all, half of its square in x, half in
  // y.
  CocoTruth first;
  first.joints = 2;
  CocoTruth second = first;
  const std::vector<double> sigmas = {.05, .1};
  Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    for (CocoTruth* one : {&first, &second}) {
      one->id.push_back(i);
      one->crowd.push_back(0);
      one->area.push_back(400);
    }
    for (std::size_t j = 0; j < 2; ++j) {
      const double step = sigmas[j] * 20 / std::sqrt(2.0);
      first.keypoints.insert(first.keypoints.end(), {10, 20, 2});
      second.keypoints.insert(second.keypoints.end(), {10 + step * random.normal(), 20 + step * random.normal(), 2});
    }
  }
  const auto estimated = estimate_sigmas(first, second).value();
  EXPECT_NEAR(estimated[0], .05, .001);
  EXPECT_NEAR(estimated[1], .1, .002);
  second.id.assign(second.id.size(), -1);
  EXPECT_EQ(estimate_sigmas(first, second).error().code, ErrorCode::kInvalidArgument);
  second.joints = 3;
  EXPECT_EQ(estimate_sigmas(first, second).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace poise
