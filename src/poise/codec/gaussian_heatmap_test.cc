#include "poise/codec/gaussian_heatmap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "poise/base/random.h"

namespace poise {
namespace {

constexpr Size kMap{48, 64};
constexpr GaussianHeatmap kCodec{};

/// Of a network whose heatmaps are `map`, its input `stride` times as large.
PoseAnswer answer_of(std::vector<int> flip_index, Size map, int stride) {
  const auto joints = static_cast<std::int64_t>(flip_index.size());
  return {{map.width * stride, map.height * stride}, std::move(flip_index), {0}, {{joints, map.height, map.width}}};
}

struct Encoded {
  std::vector<float> map, weights;
};

/// A stride of 4.
Encoded encode_one(Point joint, const GaussianHeatmap& codec = kCodec, Size map = kMap, bool present = true) {
  const std::array<bool, 1> flags{present};
  Encoded out{std::vector<float>(static_cast<std::size_t>(map.width * map.height), -9.0F), {-9.0F}};
  gaussian_heatmap(codec)->encode(answer_of({0}, map, 4), std::span(&joint, 1), flags, out.map, out.weights);
  return out;
}

/// In heatmap pixels: of an input of the same size.
std::vector<Keypoint> decode(GaussianHeatmap codec, const float* heatmap, Size map, Refine refine = Refine::kQuarter) {
  codec.refine = refine;
  return gaussian_heatmap(codec)->decode(answer_of({0}, map, 1), std::span(&heatmap, 1));
}

// An unquantised Gaussian, as a network might give it.
std::vector<float> gaussian(Point centre, float sigma, Size map, float peak = 1.0F) {
  std::vector<float> out;
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) {
      const double dx = x - static_cast<double>(centre.x);
      const double dy = y - static_cast<double>(centre.y);
      out.push_back(static_cast<float>(peak * std::exp(-(dx * dx + dy * dy) / (2.0 * sigma * sigma))));
    }
  }
  return out;
}

std::size_t at(int x, int y, Size map = kMap) { return static_cast<std::size_t>(y) * map.width + x; }

TEST(GaussianHeatmapEncode, PeakIsOneAtTheRoundedCentreAndThePatchEndsAtThreeSigma) {
  const Encoded out = encode_one({101.9F, 98.0F});  // 25.475 -> 25, 24.5 -> 25
  const auto& map = out.map;
  EXPECT_EQ(out.weights, std::vector<float>{1.0F});
  EXPECT_EQ(map[at(25, 25)], 1.0F);
  EXPECT_FLOAT_EQ(map[at(26, 25)], std::exp(-1.0F / 8.0F));
  EXPECT_FLOAT_EQ(map[at(24, 23)], std::exp(-5.0F / 8.0F));
  EXPECT_FLOAT_EQ(map[at(31, 31)], std::exp(-72.0F / 8.0F));  // the corner of the 13 by 13 square
  EXPECT_EQ(map[at(32, 25)], 0.0F);
  EXPECT_EQ(map[at(25, 18)], 0.0F);
  EXPECT_EQ(std::count_if(map.begin(), map.end(), [](float v) { return v > 0; }), 13 * 13);
}

TEST(GaussianHeatmapEncode, SigmaThreeDrawsNineteenPixels) {
  const auto out = encode_one({144, 192}, {.sigma = 3.0F}, {72, 96});
  const auto& map = out.map;
  EXPECT_EQ(std::count_if(map.begin(), map.end(), [](float v) { return v > 0; }), 19 * 19);
}

TEST(GaussianHeatmapEncode, RoundingIsTowardsZeroLeftOfTheMap) {
  // -5.9 / 4 + 0.5 = -0.975 -> 0, where rounding to the nearest would give -1.
  EXPECT_EQ(encode_one({-5.9F, 100}).map[at(0, 25)], 1.0F);
  EXPECT_FLOAT_EQ(encode_one({-6.1F, 100}).map[at(0, 25)], std::exp(-1.0F / 8.0F));
}

TEST(GaussianHeatmapEncode, WeightIsZeroWhereThePatchIsOutside) {
  const auto weight = [](float heatmap_x, float heatmap_y) {
    return encode_one({heatmap_x * 4, heatmap_y * 4}).weights[0];
  };
  EXPECT_EQ(weight(53, 30), 1.0F);  // 53 - 6 = 47, the last column
  EXPECT_EQ(weight(54, 30), 0.0F);
  EXPECT_EQ(weight(24, 69), 1.0F);
  EXPECT_EQ(weight(24, 70), 0.0F);
  EXPECT_EQ(weight(-7, 30), 1.0F);  // int(-6.5) = -6: column 0 is the patch's last
  EXPECT_EQ(weight(-9, 30), 0.0F);
  EXPECT_EQ(weight(24, -9), 0.0F);
}

TEST(GaussianHeatmapEncode, OnePixelBeyondTheLeftBorderKeepsItsWeightAsTheSourceDoes) {
  const auto out = encode_one({-7.6F * 4, 100});  // int(-7.1) = -7: the patch ends at -1, "br" is 0 and not below
  EXPECT_EQ(out.weights[0], 1.0F);
  EXPECT_EQ(*std::max_element(out.map.begin(), out.map.end()), 0.0F);
}

TEST(GaussianHeatmapEncode, AbsentAndUnusableJointsAreEmpty) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<std::pair<Point, bool>> cases{
      {{100, 100}, false}, {{NAN, 100}, true}, {{100, infinity}, true}, {{-infinity, 1}, true}, {{3e38F, 3e38F}, true}};
  for (const auto& [joint, present] : cases) {
    const auto out = encode_one(joint, kCodec, kMap, present);
    EXPECT_EQ(out.weights[0], 0.0F);
    EXPECT_EQ(*std::max_element(out.map.begin(), out.map.end()), 0.0F);
  }
}

TEST(GaussianHeatmapEncode, RefusesSizesThatDoNotMatch) {
  const std::array<Point, 2> joints{};
  const std::array<bool, 1> present{true};
  std::vector<float> map(at(0, kMap.height)), weights(2);
  EXPECT_THROW(gaussian_heatmap()->encode(answer_of({0}, kMap, 4), joints, present, map, weights), std::logic_error);
  EXPECT_THROW(gaussian_heatmap({.sigma = 0}), std::logic_error);
}

TEST(GaussianHeatmapDecode, EncodedJointsComeBack) {
  Random random(7);
  for (int i = 0; i < 500; ++i) {
    const Point joint{static_cast<float>(random.uniform(0, 189)), static_cast<float>(random.uniform(0, 253))};
    const Encoded encoded = encode_one(joint);
    const float* const map = encoded.map.data();
    for (const Refine refine : {Refine::kNone, Refine::kQuarter, Refine::kDark}) {
      const auto found = gaussian_heatmap({.refine = refine})->decode(answer_of({0}, kMap, 4), std::span(&map, 1));
      // Half a stride is lost in encoding; DARK may add as much near the borders.
      const double lost = refine == Refine::kDark ? 3.001 : 2.001;
      EXPECT_NEAR(found[0].point.x, joint.x, lost) << joint.x << " " << joint.y;
      EXPECT_NEAR(found[0].point.y, joint.y, lost) << joint.x << " " << joint.y;
      EXPECT_EQ(found[0].score, 1.0F);
    }
  }
}

TEST(GaussianHeatmapDecode, WhatIsNotRoundedIsWithinAQuarterOfAStride) {
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    const Point truth{static_cast<float>(random.uniform(16, 172)), static_cast<float>(random.uniform(16, 236))};
    const std::vector<float> map = gaussian({truth.x / 4, truth.y / 4}, 2, kMap);
    const float* const values = map.data();
    const auto found = gaussian_heatmap()->decode(answer_of({0}, kMap, 4), std::span(&values, 1));
    EXPECT_NEAR(found[0].point.x, truth.x, 1.001);
    EXPECT_NEAR(found[0].point.y, truth.y, 1.001);
  }
}

TEST(GaussianHeatmapDecode, OfAnUnevenHeatmapTheMiddlesMeet) {
  // 250 rows become 63 and not 62.5: one scale, from the widths, as transform_preds has it.
  PoseAnswer answer = answer_of({0}, {48, 63}, 4);
  answer.input.height = 250;
  std::vector<float> map(48 * 63, 0.0F);
  map[31 * 48 + 24] = 1;
  const float* const values = map.data();
  const PoseCodecPtr codec = gaussian_heatmap({.refine = Refine::kNone});
  EXPECT_EQ(codec->decode(answer, std::span(&values, 1))[0].point, (Point{96, 123}));
  const PoseMaps maps = codec->maps(answer).value();
  EXPECT_EQ(maps.maps_from_input(Point{96, 123}), (Point{24, 31}));
  EXPECT_NE(codec->target_shape(answer).error().message.find("48x63"), std::string::npos);
}

TEST(GaussianHeatmapDecode, QuarterIsWithinAQuarterOfTheTruthInside) {
  Random random(8);
  for (int i = 0; i < 500; ++i) {
    const Point truth{static_cast<float>(random.uniform(4, 43)), static_cast<float>(random.uniform(4, 59))};
    const auto found = decode(kCodec, gaussian(truth, 2, kMap).data(), kMap);
    EXPECT_NEAR(found[0].point.x, truth.x, 0.2501);
    EXPECT_NEAR(found[0].point.y, truth.y, 0.2501);
  }
}

TEST(GaussianHeatmapDecode, DarkFindsTheCentreOfAGaussian) {
  Random random(9);
  for (const float sigma : {2.0F, 3.0F}) {
    const Size map{72, 96};
    for (int i = 0; i < 100; ++i) {
      const Point truth{static_cast<float>(random.uniform(16, 55)), static_cast<float>(random.uniform(16, 79))};
      const std::vector<float> values = gaussian(truth, sigma, map, 0.6F);
      const auto found = decode({.sigma = sigma}, values.data(), map, Refine::kDark);
      EXPECT_NEAR(found[0].point.x, truth.x, 0.01);
      EXPECT_NEAR(found[0].point.y, truth.y, 0.01);
      EXPECT_EQ(found[0].score, *std::max_element(values.begin(), values.end()));  // not of the blurred map
    }
  }
}

TEST(GaussianHeatmapDecode, DarkLeavesBordersAndShapesWithoutAMaximumAlone) {
  for (const Point truth : {Point{1, 30}, Point{46, 30}, Point{24, 1}, Point{24, 62}, Point{0, 0}}) {
    EXPECT_EQ(decode(kCodec, gaussian(truth, 2, kMap).data(), kMap, Refine::kDark)[0].point, truth);
  }
  // A saddle under the arg-max: the blurred surroundings rise to the left and, more slowly, to the right.
  std::vector<float> map(at(0, kMap.height), 0.0F);
  map[at(24, 30)] = 1.0F;
  for (const int x : {17, 18, 19, 29, 30, 31}) {
    for (int y = 24; y < 37; ++y) map[at(x, y)] = x < 24 ? 0.99F : 0.9F;
  }
  EXPECT_EQ(decode(kCodec, map.data(), kMap, Refine::kDark)[0].point, (Point{24, 30}));
  const Size tiny{3, 3};
  const std::vector<float> bump{0, 0, 0, 0, 1, 0, 0, 0, 0};
  EXPECT_EQ(decode(kCodec, bump.data(), tiny, Refine::kDark)[0].point, (Point{1, 1}));
}

TEST(GaussianHeatmapDecode, TheFirstOfEqualPeaksWinsWhereverItLies) {
  for (const Size map : {Size{48, 64}, Size{7, 3}, Size{1, 1}, Size{5, 13}}) {
    const std::size_t count = at(0, map.height, map);
    for (std::size_t first = 0; first < count; ++first) {
      std::vector<float> values(count, -1.0F);
      values[first] = values[count - 1] = values[(first + count) / 2] = 0.5F;
      const auto found = decode(kCodec, values.data(), map, Refine::kNone);
      ASSERT_EQ(at(static_cast<int>(found[0].point.x), static_cast<int>(found[0].point.y), map), first);
    }
  }
}

TEST(GaussianHeatmapDecode, NothingPositiveIsTheOriginWithTheLargestValueAsScore) {
  std::vector<float> map(at(0, kMap.height), -2.0F);
  map[at(20, 20)] = -0.5F;
  for (const Refine refine : {Refine::kNone, Refine::kQuarter, Refine::kDark}) {
    const auto found = decode(kCodec, map.data(), kMap, refine);
    EXPECT_EQ(found[0].point, (Point{0, 0}));
    EXPECT_EQ(found[0].score, -0.5F);
  }
}

TEST(GaussianHeatmapDecode, NotANumberIsNeverAPeak) {
  std::vector<float> map(at(0, kMap.height), NAN);
  EXPECT_EQ(decode(kCodec, map.data(), kMap)[0].score, 0.0F);
  map[at(20, 21)] = 0.25F;
  for (const Refine refine : {Refine::kNone, Refine::kQuarter, Refine::kDark}) {
    const auto found = decode(kCodec, map.data(), kMap, refine);
    EXPECT_EQ(found[0].point, (Point{20, 21}));
    EXPECT_EQ(found[0].score, 0.25F);
  }
}

TEST(GaussianHeatmapDecode, QuarterMovesOnlyStrictlyInsideOne) {
  struct Case {
    int x, y;
    bool moves;
  };
  for (const Case& c : {Case{2, 30, true}, Case{1, 30, false}, Case{46, 30, true}, Case{47, 30, false},
                        Case{24, 2, true}, Case{24, 1, false}, Case{24, 62, true}, Case{24, 63, false}}) {
    std::vector<float> map(at(0, kMap.height), 0.0F);
    map[at(c.x, c.y)] = 1.0F;
    map[at(c.x - 1, c.y)] = 0.5F;                              // to the left
    if (c.y + 1 < kMap.height) map[at(c.x, c.y + 1)] = 0.25F;  // and down
    const Point want = c.moves ? Point{static_cast<float>(c.x) - 0.25F, static_cast<float>(c.y) + 0.25F}
                               : Point{static_cast<float>(c.x), static_cast<float>(c.y)};
    EXPECT_EQ(decode(kCodec, map.data(), kMap)[0].point, want) << c.x << " " << c.y;
  }
}

TEST(GaussianHeatmapDecode, EqualNeighboursDoNotMoveThePeak) {
  const auto map = gaussian({24, 30}, 2, kMap);
  EXPECT_EQ(decode(kCodec, map.data(), kMap)[0].point, (Point{24, 30}));
}

void merge(std::vector<float>& maps, const std::vector<float>& flipped, const PoseAnswer& answer, bool shift) {
  float* const own = maps.data();
  const float* const other = flipped.data();
  gaussian_heatmap({.flip_shift = shift})->merge_flipped(answer, std::span(&own, 1), std::span(&other, 1));
}

TEST(MergeFlipped, IsTheMeanWithTheMirroredSwappedMaps) {
  std::vector<float> maps{1, 2,  3,  4,  //
                          5, 6,  7,  8,  //
                          9, 10, 11, 12};
  const std::vector<float> flipped{10, 20,  30,  40,  //
                                   50, 60,  70,  80,  //
                                   90, 100, 110, 120};
  merge(maps, flipped, answer_of({0, 2, 1}, {4, 1}, 4), false);
  EXPECT_EQ(maps, (std::vector<float>{20.5F, 16, 11.5F, 7,   //
                                      62.5F, 58, 53.5F, 49,  //
                                      44.5F, 40, 35.5F, 31}));
}

TEST(MergeFlipped, ShiftMovesAllButTheFirstColumn) {
  std::vector<float> maps{0, 0, 0, 0, 0, 0};
  const std::vector<float> flipped{2, 4, 6, 8, 10, 12};  // mirrored: 6 4 2 / 12 10 8; shifted: 6 6 4 / 12 12 10
  merge(maps, flipped, answer_of({0}, {3, 2}, 4), true);
  EXPECT_EQ(maps, (std::vector<float>{3, 3, 2, 6, 6, 5}));
}

TEST(MergeFlipped, RefusesAnIndexThatDoesNotFit) {
  std::vector<float> maps(4, 0.0F);
  EXPECT_THROW(merge(maps, maps, answer_of({2}, {2, 2}, 4), true), std::logic_error);
}

TEST(GaussianHeatmapCheck, SaysWhatTheNetworkGives) {
  const Skeleton skeleton = find_skeleton("mpii16").value();
  const auto message = [&](Shape shape) {
    const NetworkOutput output{"out", std::move(shape)};
    const auto answer = gaussian_heatmap()->check(std::span(&output, 1), skeleton, {64, 64});
    return answer.ok() ? "taken" : answer.error().message;
  };
  EXPECT_EQ(message({-1, 16, 16, 16}), "taken");
  EXPECT_NE(message({1, 17, 16, 16}).find("the network gives 17 heatmaps, skeleton \"mpii16\" has 16 joints"),
            std::string::npos);
  EXPECT_NE(
      message({1, 16, 256}).find("output out (1x16x256): codec gaussian_heatmap reads heatmaps (N, joints, h, w)"),
      std::string::npos);
  EXPECT_NE(message({1, 16, 0, 16}).find("reads heatmaps"), std::string::npos);
}

}  // namespace
}  // namespace poise
