#include "poise/infer/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/";

Estimator tiny(int batch) {
  EstimatorOptions options;
  options.card.preset = "simple-baselines";
  options.batch = batch;
  return Estimator::load(kGolden + "pytorch_tiny/pose_resnet_tiny.onnx", options).value();
}

Image picture(std::size_t i) {
  Image image(60 + static_cast<int>(i % 5) * 7, 50);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width() * 3; ++x)
      image.row(y)[x] = static_cast<std::uint8_t>((x * 7 + y * 13 + (x * y) % 31 + static_cast<int>(i) * 11) % 256);
  }
  return image;
}

/// Picture i has i % 4 persons.
std::vector<PersonBox> persons(std::size_t i) {
  std::vector<PersonBox> boxes;
  for (std::size_t k = 0; k < i % 4; ++k) boxes.push_back({{static_cast<float>(5 * k), 4, 20, 40}, 0.9F});
  return boxes;
}

struct Seen {
  std::vector<std::vector<Pose>> poses;
  std::vector<std::string> errors;
  PipelineCost cost;
};

Seen run(std::size_t pictures, Estimator& estimator, const PipelineOptions& options, std::size_t broken = 1000) {
  Seen seen;
  seen.cost = run_pipeline(
      pictures, {nullptr, &estimator},
      [&](std::size_t i, const AdmitPixels&) -> Result<PipelinePicture> {
        if (i == broken) return malformed("broken");
        return PipelinePicture{picture(i), persons(i)};
      },
      [&](std::size_t i, Result<PipelineAnswer> answer) {
        EXPECT_EQ(i, seen.poses.size()) << "in order";
        seen.poses.emplace_back();
        seen.errors.push_back(answer.ok() ? "" : answer.error().message);
        if (!answer.ok()) return;
        EXPECT_EQ(answer->image.width(), picture(i).width());
        EXPECT_EQ(answer->boxes.size(), i % 4);
        EXPECT_EQ(answer->heatmaps.size(), options.heatmaps ? i % 4 : 0);
        seen.poses.back() = std::move(answer->frame.poses);
      },
      options);
  return seen;
}

void expect_same(const Seen& a, const Seen& b, float tolerance) {
  ASSERT_EQ(a.poses.size(), b.poses.size());
  for (std::size_t i = 0; i < a.poses.size(); ++i) {
    ASSERT_EQ(a.poses[i].size(), b.poses[i].size()) << i;
    for (std::size_t p = 0; p < a.poses[i].size(); ++p) {
      for (std::size_t j = 0; j < a.poses[i][p].keypoints.size(); ++j) {
        EXPECT_EQ(a.poses[i][p].keypoints[j].point, b.poses[i][p].keypoints[j].point) << i;
        EXPECT_NEAR(a.poses[i][p].keypoints[j].score, b.poses[i][p].keypoints[j].score, tolerance) << i;
      }
    }
  }
}

TEST(Pipeline, SaysWhatTheEstimatorSaysOfEachPicture) {
  Estimator estimator = tiny(5);
  const Seen seen = run(30, estimator, {.streams = 3, .heatmaps = true});
  ASSERT_EQ(seen.poses.size(), 30U);
  Seen apart;
  for (std::size_t i = 0; i < 30; ++i) {
    const Image image = picture(i);
    apart.poses.push_back(estimator.estimate(image.view(), persons(i)).value().poses);
  }
  expect_same(seen, apart, 1e-5F);
  EXPECT_EQ(seen.cost.persons, 43U);
  EXPECT_EQ(seen.cost.pictures, 0U) << "no detector";
  EXPECT_EQ(seen.cost.streams, 3);
}

TEST(Pipeline, StreamsAndReadersChangeNoBit) {
  Estimator estimator = tiny(4);
  const Seen once = run(40, estimator, {.streams = 2, .readers = 1});
  expect_same(once, run(40, estimator, {.streams = 4, .readers = 3}), 0);
}

TEST(Pipeline, ErrorsAreThePicturesOwn) {
  Estimator estimator = tiny(8);
  const Seen seen = run(12, estimator, {.streams = 2}, 7);
  ASSERT_EQ(seen.errors.size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(seen.errors[i], i == 7 ? "broken" : "");
}

TEST(Pipeline, StopsAfterWhatWasBegun) {
  Estimator estimator = tiny(8);
  std::atomic<int> asked = 0;
  PipelineOptions options{.streams = 2};
  options.stop = [&] { return ++asked > 9; };
  const Seen seen = run(1000, estimator, options);
  EXPECT_GE(seen.poses.size(), 5U);
  EXPECT_LE(seen.poses.size(), 12U);
  for (std::size_t i = 0; i < seen.poses.size(); ++i) EXPECT_EQ(seen.poses[i].size(), i % 4);
}

TEST(Pipeline, WhatTakeThrowsComesOut) {
  Estimator estimator = tiny(8);
  const auto run = [&] {
    run_pipeline(
        200, {nullptr, &estimator},
        [](std::size_t i, const AdmitPixels&) -> Result<PipelinePicture> {
          return PipelinePicture{picture(i), persons(i)};
        },
        [](std::size_t i, const Result<PipelineAnswer>&) {
          if (i == 5) throw std::runtime_error("enough");
        },
        {.streams = 2});
  };
  EXPECT_THROW(run(), std::runtime_error);
}

TEST(Pipeline, NoPictureAndOnePicture) {
  Estimator estimator = tiny(8);
  EXPECT_TRUE(run(0, estimator, {}).poses.empty());
  const Seen one = run(1, estimator, {});
  EXPECT_EQ(one.poses.size(), 1U);
  EXPECT_EQ(one.cost.streams, 1);
}

TEST(Pipeline, TheDetectorFindsWhomNobodyNamed) {
  Detector detector = Detector::load(kGolden + "darknet/tiny.weights", {.threshold = 0.05F}).value();
  Estimator estimator = tiny(8);
  std::size_t looked = 0, found = 0;
  const PipelineCost cost = run_pipeline(
      6, {&detector, &estimator},
      [](std::size_t i, const AdmitPixels&) -> Result<PipelinePicture> {
        PipelinePicture given{picture(i), {}};
        if (i % 2 == 0) given.boxes = persons(i);
        return given;
      },
      [&](std::size_t i, Result<PipelineAnswer> answer) {
        ASSERT_TRUE(answer.ok()) << answer.error().message;
        if (i % 2 == 0) {
          EXPECT_EQ(answer->boxes.size(), persons(i).size());
        } else {
          const Image image = picture(i);
          EXPECT_EQ(answer->boxes.size(), detector.detect(image.view()).value().size());
          looked += 1;
          found += answer->boxes.size();
        }
        EXPECT_EQ(answer->frame.poses.size() + answer->doubles, answer->boxes.size());
      },
      {.streams = 2});
  EXPECT_EQ(cost.pictures, looked);
  EXPECT_GT(found, 0U);
}

TEST(Pipeline, PicturesUnderWayShareABudgetOfPixels) {
  Estimator estimator = tiny(8);
  constexpr std::uint64_t kLarge = 40'000'000;  // claimed: two are let in, as one alone holds fewer than the budget
  std::atomic<std::uint64_t> held = 0;
  std::atomic<std::uint64_t> most = 0;
  std::atomic<std::size_t> admitted = 0;
  std::size_t taken = 0;
  run_pipeline(
      30, {nullptr, &estimator},
      [&](std::size_t i, const AdmitPixels& admit) -> Result<PipelinePicture> {
        POISE_RETURN_IF_ERROR(admit(kLarge));
        const std::size_t turn = admitted++;
        EXPECT_LE(std::max(turn, i) - std::min(turn, i), 1U) << "in order, but for the two that are let in together";
        const std::uint64_t now = held += kLarge;
        for (std::uint64_t before = most; before < now && !most.compare_exchange_weak(before, now);) {
        }
        Image image(8000, 5000);
        return PipelinePicture{std::move(image), persons(i)};
      },
      [&](std::size_t, const Result<PipelineAnswer>& answer) {
        EXPECT_TRUE(answer.ok());
        held -= kLarge;
        ++taken;
      },
      {.streams = 2, .readers = 4});
  EXPECT_EQ(taken, 30U);
  EXPECT_LE(most, 2 * kLarge);
}

TEST(Pipeline, AFailureGivesItsPixelsBackAndNobodyWaitsAfterTheEnd) {
  Estimator estimator = tiny(8);
  const auto read = [](std::size_t i, const AdmitPixels& admit) -> Result<PipelinePicture> {
    POISE_RETURN_IF_ERROR(admit(200'000'000));
    if (i % 2 == 0) return malformed("broken");
    return PipelinePicture{picture(i), persons(i)};
  };
  std::size_t taken = 0;
  run_pipeline(40, {nullptr, &estimator}, read, [&](std::size_t, const Result<PipelineAnswer>&) { ++taken; });
  EXPECT_EQ(taken, 40U);
  const auto thrown = [&] {
    run_pipeline(40, {nullptr, &estimator}, read, [](std::size_t i, const Result<PipelineAnswer>&) {
      if (i == 3) throw std::runtime_error("enough");
    });
  };
  EXPECT_THROW(thrown(), std::runtime_error);
}

}  // namespace
}  // namespace poise
