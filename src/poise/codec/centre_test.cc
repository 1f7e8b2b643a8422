#include "poise/codec/centre.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "poise/base/random.h"

namespace poise {
namespace {

constexpr Size kCells{40, 30};
constexpr CentreCodec kCodec{.stride = 8};

std::vector<Detection> decoded(const EncodedCentres& encoded, const CentreDecoding& options = {}) {
  const float* maps = encoded.maps.floats().data();
  const std::size_t plane = kCells.width * kCells.height;
  return decode(kCodec, {maps, maps + plane, maps + 3 * plane, kCells}, options);
}

float at(const Tensor& planes, std::int64_t plane, std::int64_t x, std::int64_t y) {
  return planes.floats()[static_cast<std::size_t>((plane * kCells.height + y) * kCells.width + x)];
}

TEST(Centre, DecodingWhatWasEncodedGivesTheBoxes) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Box> boxes;  // one in each of four quarters, three cells from the next
    for (const float left : {0.0F, 172.0F}) {
      for (const float top : {0.0F, 132.0F}) {
        const auto width = static_cast<float>(random.uniform(1, 300)),
                   height = static_cast<float>(random.uniform(1, 300));
        const auto x = left + static_cast<float>(random.uniform(0, 147)),
                   y = top + static_cast<float>(random.uniform(0, 107));
        boxes.push_back({x - width / 2, y - height / 2, width, height});
      }
    }
    // A larger box's Gaussian may cover a smaller one's peak, never raise above it.
    const auto found = decoded(encode(kCodec, boxes, {}, kCells), {.threshold = 0.999F});
    ASSERT_EQ(found.size(), 4U);
    const EncodedCentres encoded = encode(kCodec, boxes, {}, kCells);
    EXPECT_EQ(encoded_boxes(kCodec, encoded.maps.floats().data(), encoded.weights.floats().data(), kCells).size(), 4U);
    for (const Box& box : boxes) {
      float best = 0;
      for (const Detection& one : found) best = std::max(best, iou(one.box, box));
      EXPECT_GT(best, 0.99F);
    }
  }
}

TEST(Centre, ACentreOnTheFirstPixelsEdgeIsInTheFirstCell) {
  const EncodedCentres encoded = encode(kCodec, std::vector<Box>{{-4, -8, 8, 16}}, {}, kCells);
  EXPECT_EQ(at(encoded.maps, 0, 0, 0), 1);
  EXPECT_EQ(at(encoded.maps, 1, 0, 0), 1);  // cells
  EXPECT_EQ(at(encoded.maps, 2, 0, 0), 2);
  EXPECT_EQ(at(encoded.maps, 3, 0, 0), 0);
  EXPECT_EQ(at(encoded.weights, 1, 0, 0), 1);
  EXPECT_EQ(decoded(encoded).at(0).box, (Box{-4, -8, 8, 16}));
}

TEST(Centre, TheSmallerOfTwoKeepsTheCell) {
  const std::vector<Box> boxes{{90, 90, 20, 20}, {50, 50, 100, 100}};
  const auto found = decoded(encode(kCodec, boxes, {}, kCells));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, boxes[0]);
}

TEST(Centre, LargerBoxesScoresRiseByTheSlope) {
  const float side = CentreDecoding::kUnmoved * 320;  // of the input, 320 x 240
  const std::vector<Box> boxes{{10, 10, 20, 20}, {100, 20, side, side}, {200, 30, 100, 200}};
  EncodedCentres encoded = encode(kCodec, boxes, {}, kCells);
  for (float& value : encoded.maps.floats().subspan(0, static_cast<std::size_t>(kCells.width) * kCells.height))
    value *= 0.4F;
  const auto scores = [&](const CentreDecoding& options) {
    std::vector<float> of(3);
    for (const Detection& one : decoded(encoded, options)) {
      for (std::size_t i = 0; i < 3; ++i) {
        if (iou(one.box, boxes[i]) > 0.9F) of[i] = one.score;
      }
    }
    return of;
  };
  EXPECT_EQ(scores({}), (std::vector<float>{0.4F, 0.4F, 0.4F}));
  const std::vector<float> sized = scores({.threshold = 0.1F, .size_slope = 0.5F});
  const auto expected = [](double share) {
    return 1 / (1 + std::exp(-(std::log(0.4 / 0.6) + 0.5 * std::log(share / 0.26))));
  };
  EXPECT_NEAR(sized[0], expected(20.0 / 320), 1e-5);
  EXPECT_NEAR(sized[1], 0.4, 1e-5);
  EXPECT_NEAR(sized[2], expected(std::sqrt(100.0 * 200.0) / 320), 1e-5);
  EXPECT_EQ(scores({.threshold = 0.35F, .size_slope = 0.5F})[0], 0);  // it fell below the threshold
}

TEST(Centre, CellsAroundACentreKnowItsBoxToo) {
  CentreCodec codec = kCodec;
  codec.box_sigma = 0.09F;
  const std::vector<Box> boxes{{41, 30, 200, 160}, {200, 100, 8, 8}};  // the second is too small for neighbours
  const EncodedCentres encoded = encode(codec, boxes, {}, kCells);
  const float* maps = encoded.maps.floats().data();
  const auto plane = static_cast<std::size_t>(kCells.width) * kCells.height;
  float around = 0;
  std::size_t cells = 0, centres = 0;
  for (std::size_t at_cell = 0; at_cell < plane; ++at_cell) {
    const float weight = encoded.weights.floats()[plane + at_cell];
    if (weight == 1) ++centres;
    if (weight == 0 || weight == 1) continue;
    EXPECT_LE(weight, 0.5F);
    ++cells, around += weight;
    const auto x = static_cast<float>(at_cell % kCells.width), y = static_cast<float>(at_cell / kCells.width);
    EXPECT_NEAR((x + maps[3 * plane + at_cell]) * 8, 141, 1e-3);  // the box's centre
    EXPECT_NEAR((y + maps[4 * plane + at_cell]) * 8, 110, 1e-3);
    EXPECT_EQ(maps[plane + at_cell], 25);
    EXPECT_EQ(maps[2 * plane + at_cell], 20);
  }
  EXPECT_EQ(centres, 2U);
  EXPECT_GT(cells, 20U);
  EXPECT_NEAR(around, 1, 1e-4);
  EXPECT_EQ(encoded_boxes(codec, maps, encoded.weights.floats().data(), kCells).size(), 2U);
  const EncodedCentres plain = encode(kCodec, boxes, {}, kCells);
  EXPECT_TRUE(std::equal(maps, maps + plane, plain.maps.floats().begin()));  // the heatmap is the same
}

TEST(Centre, ASmallBoxesNeighboursLeaveLargerCentresAlone) {
  CentreCodec codec = kCodec;
  codec.box_sigma = 0.3F;
  const std::vector<Box> boxes{{0, 0, 200, 160},
                               {76, 60, 64, 56}};  // centres (100, 80) and (108, 88): cells beside each other
  const EncodedCentres encoded = encode(codec, boxes, {}, kCells);
  EXPECT_EQ(at(encoded.weights, 1, 12, 10), 1);
  EXPECT_EQ(at(encoded.maps, 1, 12, 10), 25);
  EXPECT_EQ(at(encoded.maps, 1, 13, 11), 8);
  EXPECT_EQ(at(encoded.maps, 1, 14, 11), 8);  // the smaller one's neighbour
}

TEST(Centre, IgnoredBoxesHaveNoWeightButAtCentres) {
  const std::vector<Box> person{{70, 70, 16, 20}}, ignored{{64, 64, 40, 40}, {-1e30F, -1e30F, 1, 1}};
  const EncodedCentres encoded = encode(kCodec, person, ignored, kCells);
  EXPECT_EQ(at(encoded.weights, 0, 8, 8), 0);
  EXPECT_EQ(at(encoded.weights, 0, 12, 12), 0);
  EXPECT_EQ(at(encoded.weights, 0, 13, 12), 1);
  EXPECT_EQ(at(encoded.weights, 0, 7, 8), 1);
  EXPECT_EQ(at(encoded.weights, 0, 9, 10), 1);  // the person's centre, (78, 80)
}

TEST(Centre, BoxesThatAreNoneLeaveNothing) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  const std::vector<Box> boxes{{kNan, 0, 9, 9}, {0, 0, kInf, 9}, {9, 9, 0, 9},
                               {9, 9, -3, 9},   {-50, 0, 20, 9}, {330, 0, 9, 9}};
  const EncodedCentres encoded = encode(kCodec, boxes, {}, kCells);
  for (const float value : encoded.maps.floats()) ASSERT_EQ(value, 0);
}

// Boxes moved by the radius in any of the three ways keep the overlap, and some way does not keep much more.
TEST(Centre, RadiusIsWhereTheOverlapEnds) {
  for (const Box box : {Box{0, 0, 4, 9}, Box{0, 0, 30, 7}, Box{0, 0, 1, 1}, Box{0, 0, 12, 12}}) {
    const float r = centre_radius(box.width, box.height, 0.7F);
    const float same = iou(box, {r, r, box.width, box.height});
    const float inwards = iou(box, {r, r, box.width - 2 * r, box.height - 2 * r});
    const float outwards = iou(box, {-r, -r, box.width + 2 * r, box.height + 2 * r});
    EXPECT_NEAR(std::min({same, inwards, outwards}), 0.7F, 1e-4F);
  }
}

/// Cells where boxes were found; `values` is a heatmap of five columns, whose sizes are one cell.
std::vector<int> peaks(const std::vector<float>& values, const CentreDecoding& options = {}) {
  const Size cells{5, static_cast<int>(values.size()) / 5};
  const std::vector<float> size(2 * values.size(), 1.0F), offset(2 * values.size(), 0.5F);
  std::vector<int> found;
  for (const Detection& one : decode({.stride = 1}, {values.data(), size.data(), offset.data(), cells}, options)) {
    found.push_back(static_cast<int>(one.box.y) * 5 + static_cast<int>(one.box.x));
  }
  return found;
}

TEST(Centre, APlateauIsOnePeakWhateverItsShape) {
  const float a = 0.8F, b = 0.9F;
  // An arch, whose legs are no neighbours of each other, and a tail that leads to the left of where it began.
  EXPECT_EQ(peaks({0, a, a, a, 0,  //
                   0, a, 0, a, 0,  //
                   a, 0, 0, 0, a}),
            std::vector{1});
  EXPECT_EQ(peaks({0, 0, 0, a, 0,  //
                   a, a, a, 0, 0,  //
                   0, 0, 0, 0, 0}),
            std::vector{3});
  EXPECT_EQ(peaks({a, 0, a, 0, a,  //
                   0, a, 0, a, 0,  //
                   0, 0, 0, 0, 0}),
            std::vector{0});
  EXPECT_EQ(peaks({a, a, 0, a, a,  //
                   0, 0, 0, 0, 0,  //
                   a, 0, 0, 0, a}),
            (std::vector{0, 3, 10, 14}))
      << "four plateaus";
  EXPECT_EQ(peaks(std::vector<float>(25, a)), std::vector{0});
  // Shoulders of something higher are none, from whichever side they are met.
  EXPECT_EQ(peaks({a, a, a, a, b}), std::vector{4});
  EXPECT_EQ(peaks({b, a, a, a, a}), std::vector{0});
  EXPECT_EQ(peaks({a, a, a, 0, a,  //
                   a, 0, 0, a, 0,  //
                   b, 0, 0, 0, 0}),
            std::vector{10});
}

TEST(Centre, PeaksOfLogitsAreToldApartWhereTheSigmoidIsOne) {
  const std::vector<float> logits{0, 20, 30, 20, 0, 0, 0, 0, 0, -3};
  EXPECT_EQ(peaks(logits, {.logits = true}), std::vector{2});
  const std::vector<float> low{-0.5F, -9, -9, -9, -1.0F};
  EXPECT_EQ(peaks(low, {.threshold = 0.3F, .logits = true}), std::vector{0}) << "0.38 and 0.27";
}

TEST(Centre, EqualNeighboursAreOnePeakAndBadOutputsGiveNoBox) {
  const std::size_t plane = kCells.width * kCells.height;
  std::vector<float> heat(plane, 0.0F), size(2 * plane, 3.0F), offset(2 * plane, 0.5F);
  heat[100] = heat[101] = heat[140] = 0.8F;
  heat[500] = 0.6F;
  heat[501] = std::numeric_limits<float>::quiet_NaN();
  heat[700] = 0.9F, size[700] = std::numeric_limits<float>::infinity();
  heat[800] = 0.9F, size[plane + 800] = -1;
  heat[900] = 0.9F, offset[900] = std::numeric_limits<float>::quiet_NaN();
  const auto found = decode(kCodec, {heat.data(), size.data(), offset.data(), kCells});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].score, 0.8F);
  EXPECT_EQ(found[0].box, (Box{20 * 8 + 4 - 12, 2 * 8 + 4 - 12, 24, 24}));
  EXPECT_EQ(found[1].score, 0.6F);
  EXPECT_EQ(decode(kCodec, {heat.data(), size.data(), offset.data(), kCells}, {.most = 1}).size(), 1U);
}

}  // namespace
}  // namespace poise
