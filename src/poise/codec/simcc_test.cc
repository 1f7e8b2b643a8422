#include "poise/codec/simcc.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/base/random.h"
#include "poise/codec/movenet.h"
#include "poise/codec/regression.h"

namespace poise {
namespace {

constexpr Size kInput{192, 256};

std::vector<NetworkOutput> outputs(std::int64_t joints) {
  return {{"simcc_x", {1, joints, 384}}, {"simcc_y", {1, joints, 512}}};
}

TEST(SimCC, EncodedJointsComeBackToHalfABin) {
  const Skeleton skeleton = find_skeleton("halpe26").value();
  const PoseAnswer answer = simcc()->check(outputs(26), skeleton, kInput).value();
  ASSERT_EQ(simcc()->target_shape(answer).value(), (Shape{26, 384 + 512}));
  Random random(4);
  std::vector<Point> joints;
  for (int j = 0; j < 26; ++j) {
    joints.push_back({static_cast<float>(random.uniform(0, 191)), static_cast<float>(random.uniform(0, 255))});
  }
  joints[3] = {-40, 10};
  joints[4] = {NAN, 10};
  const std::array<bool, 26> present = [] {
    std::array<bool, 26> all{};
    all.fill(true);
    all[5] = false;
    return all;
  }();
  std::vector<float> targets(26 * (384 + 512)), weights(26);
  simcc()->encode(answer, joints, present, targets, weights);
  const std::array<const float*, 2> values{targets.data(), targets.data() + 26 * 384};
  const auto found = simcc()->decode(answer, values);
  for (std::size_t j = 0; j < 26; ++j) {
    const bool known = j != 3 && j != 4 && j != 5;
    EXPECT_EQ(weights[j], known ? 1 : 0) << j;
    if (!known) continue;
    EXPECT_NEAR(found[j].point.x, joints[j].x, 0.2501) << j;
    EXPECT_NEAR(found[j].point.y, joints[j].y, 0.2501) << j;
    EXPECT_EQ(found[j].score, 1) << j;
  }
  // sqrt(4 / 3) times as wide along y as along x: RTMPose's 4.9 and 5.66.
  const auto bin = static_cast<std::size_t>(std::lround(joints[0].y * 2));
  const float beside = targets[26 * 384 + bin + 1];
  EXPECT_NEAR(std::sqrt(-0.5F / std::log(beside)), 5.66, 0.01);
}

TEST(SimCC, ScoresAreTheSmallerMaximumAndNothingAboveZeroIsBinMinusOne) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const PoseAnswer answer = simcc()->check(outputs(17), skeleton, kInput).value();
  std::vector<float> x(17 * 384, -1), y(17 * 512, -1);
  x[7] = 0.9F;
  x[8] = 0.9F;
  y[11] = 0.4F;
  x[384 + 5] = NAN;
  x[384 + 6] = 0.3F;
  y[512 + 9] = -0.5F;
  const std::array<const float*, 2> values{x.data(), y.data()};
  const auto found = simcc()->decode(answer, values);
  EXPECT_EQ(found[0].point, (Point{3.5F, 5.5F})) << "the first of equals";
  EXPECT_EQ(found[0].score, 0.4F);
  EXPECT_EQ(found[1].point, (Point{-0.5F, -0.5F}));
  EXPECT_EQ(found[1].score, -0.5F);
}

TEST(SimCC, SaysWhatDoesNotFit) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const auto message = [&](const std::vector<NetworkOutput>& given) {
    const auto answer = simcc()->check(given, skeleton, kInput);
    return answer.ok() ? "taken" : answer.error().message;
  };
  EXPECT_EQ(message(outputs(17)), "taken");
  EXPECT_EQ(message({{"a", {1, 17, 384}}, {"b", {1, 17, 512}}}), "taken") << "two of the right shape";
  EXPECT_NE(message(outputs(26)).find("26 joints, skeleton \"coco17\" has 17"), std::string::npos);
  EXPECT_NE(message({{"simcc_x", {1, 17, 384}}, {"simcc_y", {1, 17, 384}}}).find("as many bins a pixel along both"),
            std::string::npos);
  EXPECT_NE(message({{"heatmaps", {1, 17, 64, 48}}}).find("output heatmaps (1x17x64x48)"), std::string::npos);
}

TEST(Regression, UnitsAreSharesCentredOrPixels) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const NetworkOutput output{"coords", {1, 34}};
  for (const auto& [unit, x, y] :
       {std::tuple{CoordinateUnit::kShare, 0.25F, 0.5F}, std::tuple{CoordinateUnit::kCentred, -0.25F, 0.0F},
        std::tuple{CoordinateUnit::kPixels, 48.0F, 128.0F}}) {
    const PoseCodecPtr codec = regression({unit});
    const PoseAnswer answer = codec->check(std::span(&output, 1), skeleton, kInput).value();
    std::vector<float> numbers(34);
    for (std::size_t j = 0; j < 17; ++j) {
      numbers[2 * j] = x;
      numbers[2 * j + 1] = y;
    }
    const float* values = numbers.data();
    const auto found = codec->decode(answer, std::span(&values, 1));
    EXPECT_EQ(found[16].point, (Point{48, 128}));
    EXPECT_EQ(found[16].score, 1);
    const std::vector<Point> joints(17, Point{48, 128});
    const std::array<bool, 17> present{true};
    std::vector<float> targets(34), weights(17);
    codec->encode(answer, joints, present, targets, weights);
    EXPECT_EQ(targets[0], x);
    EXPECT_EQ(targets[1], y);
    EXPECT_EQ(weights[0], 1);
    EXPECT_EQ(weights[1], 0);
  }
}

TEST(Regression, AMirroredInputSaysTheSame) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const NetworkOutput output{"coords", {1, 34}};
  for (const CoordinateUnit unit : {CoordinateUnit::kShare, CoordinateUnit::kCentred, CoordinateUnit::kPixels}) {
    const PoseCodecPtr codec = regression({unit});
    const PoseAnswer answer = codec->check(std::span(&output, 1), skeleton, kInput).value();
    std::vector<Point> joints, mirrored(17);
    for (int j = 0; j < 17; ++j) joints.push_back({static_cast<float>(8 * j + 20), static_cast<float>(12 * j + 20)});
    for (std::size_t j = 0; j < 17; ++j)  // column c of 192 becomes 191 - c
      mirrored[static_cast<std::size_t>(answer.flip_index[j])] = {191 - joints[j].x, joints[j].y};
    std::array<bool, 17> present{};
    present.fill(true);
    std::vector<float> here(34), there(34), weights(17);
    codec->encode(answer, joints, present, here, weights);
    codec->encode(answer, mirrored, present, there, weights);
    const std::vector<float> before = here;
    float* own = here.data();
    const float* other = there.data();
    codec->merge_flipped(answer, std::span(&own, 1), std::span(&other, 1));
    for (std::size_t k = 0; k < 34; ++k) EXPECT_NEAR(here[k], before[k], 1e-4);
  }
}

TEST(Regression, SigmasOfRleBecomeScores) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const NetworkOutput output{"coords", {1, 17, 4}};
  const PoseAnswer answer = regression()->check(std::span(&output, 1), skeleton, kInput).value();
  std::vector<float> numbers(17 * 4);
  numbers[2] = std::log(0.1F / 0.9F);  // sigmoids of .1 and .3
  numbers[3] = std::log(0.3F / 0.7F);
  const float* values = numbers.data();
  EXPECT_NEAR(regression()->decode(answer, std::span(&values, 1))[0].score, 0.8, 1e-6);
  EXPECT_FALSE(regression()->target_shape(answer).ok());
  const NetworkOutput other{"coords", {1, 33}};
  EXPECT_NE(regression()->check(std::span(&other, 1), skeleton, kInput).error().message.find("output coords (1x33)"),
            std::string::npos);
}

TEST(MoveNet, YComesBeforeX) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const NetworkOutput output{"StatefulPartitionedCall:0", {1, 1, 17, 3}};
  const PoseAnswer answer = movenet()->check(std::span(&output, 1), skeleton, {192, 192}).value();
  std::vector<float> numbers(51);
  numbers[0] = 0.25F;
  numbers[1] = 0.5F;
  numbers[2] = 0.75F;
  float* own = numbers.data();
  const float* values = own;
  const auto found = movenet()->decode(answer, std::span(&values, 1));
  EXPECT_EQ(found[0].point, (Point{95.5F, 47.5F}));
  EXPECT_EQ(found[0].score, 0.75F);
  // A flipped view that agrees is averaged by the squares of the scores; one that does not, and is less sure, is not.
  std::vector<float> flipped(51);
  flipped[0] = 0.25F;
  flipped[1] = 0.52F;
  flipped[2] = 0.75F;
  const float* other = flipped.data();
  movenet()->merge_flipped(answer, std::span(&own, 1), std::span(&other, 1));
  EXPECT_NEAR(numbers[1], 0.49, 1e-6);
  EXPECT_EQ(numbers[2], 0.75F);
  numbers[1] = 0.5F;
  flipped[1] = 0.9F;
  flipped[2] = 0.25F;
  movenet()->merge_flipped(answer, std::span(&own, 1), std::span(&other, 1));
  EXPECT_EQ(numbers[1], 0.5F);
  EXPECT_EQ(numbers[2], 0.5F);
  EXPECT_FALSE(movenet()->target_shape(answer).ok());
}

}  // namespace
}  // namespace poise
