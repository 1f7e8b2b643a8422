#include "poise/infer/pose_finder.h"

#include <gtest/gtest.h>

#include "kit/temporary_folder.h"
#include "poise/models/model_store.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/";

EstimatorOptions tiny_options() {
  EstimatorOptions options;
  options.card.preset = "simple-baselines";
  return options;
}

PoseFinderOptions tiny() {
  return {.model = kGolden + "pytorch_tiny/pose_resnet_tiny.onnx",
          .detector = kGolden + "darknet/tiny.weights",
          .estimate = tiny_options(),
          .detect = {.threshold = 0.05F}};
}

Image picture() {
  Image image(90, 50);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width() * 3; ++x)
      image.row(y)[x] = static_cast<std::uint8_t>((x * 7 + y * 13 + (x * y) % 31) % 256);
  }
  return image;
}

void expect_equal(const std::vector<Pose>& a, const std::vector<Pose>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].score, b[i].score);
    for (std::size_t j = 0; j < a[i].keypoints.size(); ++j) EXPECT_EQ(a[i].keypoints[j].point, b[i].keypoints[j].point);
  }
}

TEST(PoseFinder, IsDetectorEstimatorAndNoDoubles) {
  PoseFinder finder = PoseFinder::open(tiny()).value();
  const Image image = picture();
  Detector detector = Detector::load(kGolden + "darknet/tiny.weights", {.threshold = 0.05F}).value();
  Estimator estimator = Estimator::load(tiny().model, tiny_options()).value();
  const auto boxes = detector.detect(image.view()).value();
  ASSERT_GT(boxes.size(), 1U);
  Estimate estimate = estimator.estimate(image.view(), boxes).value();
  remove_doubles(estimate, estimator.card().crop(), estimator.skeleton());
  const FrameResult found = finder(image);
  expect_equal(found.poses, estimate.poses);
  EXPECT_EQ(found.width, 90);
  EXPECT_EQ(found.height, 50);
  EXPECT_EQ(found.box_source, "tiny.weights");

  PoseFinderOptions all = tiny();
  all.doubles.rule = DoublesOptions::Rule::kNone;
  EXPECT_EQ(PoseFinder::open(all).value()(image).poses.size(), boxes.size());
}

TEST(PoseFinder, TheWholePictureAndGivenBoxes) {
  PoseFinderOptions options = tiny();
  options.whole_picture = true;
  PoseFinder finder = PoseFinder::open(options).value();
  const Image image = picture();
  const FrameResult whole = finder(image);
  ASSERT_EQ(whole.poses.size(), 1U);
  EXPECT_EQ(whole.poses[0].box.width, 90);
  EXPECT_EQ(whole.box_source, "whole image");
  // The same box twice stays two: given boxes are nobody's guess.
  const std::vector<PersonBox> boxes{{{0, 0, 90, 50}, 1.0F}, {{0, 0, 90, 50}, 1.0F}};
  const FrameResult given = finder.find(image.view(), boxes).value();
  ASSERT_EQ(given.poses.size(), 2U);
  expect_equal({given.poses[1]}, whole.poses);
  EXPECT_FALSE(finder.find(ImageView{}).ok());
}

TEST(PoseFinder, EveryOrderOfBytesGivesTheSamePoses) {
  PoseFinder finder = PoseFinder::open(tiny()).value();
  const Image image = picture();
  const std::vector<Pose> poses = finder(image).poses;
  for (const PixelOrder order : {PixelOrder::kBgr, PixelOrder::kRgba, PixelOrder::kBgra}) {
    const int step = bytes_per_pixel(order);
    const ChannelOffsets at = channel_offsets(order);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(image.width() * image.height() * step));
    for (int i = 0; i < image.width() * image.height(); ++i) {
      std::uint8_t* to = bytes.data() + std::ptrdiff_t{i} * step;
      const std::uint8_t* rgb = image.data() + std::ptrdiff_t{3} * i;
      to[at.red] = rgb[0], to[at.green] = rgb[1], to[at.blue] = rgb[2];
    }
    const ImageView view{bytes.data(), image.width(), image.height(), std::ptrdiff_t{step} * image.width(), order};
    expect_equal(finder.find(view).value().poses, poses);
  }
}

TEST(PoseFinder, SiblingsAndThePipelineSayTheSame) {
  PoseFinder finder = PoseFinder::open(tiny()).value();
  const Image image = picture();
  const std::vector<Pose> poses = finder(image).poses;
  auto sibling = finder.sibling(1);
  ASSERT_TRUE(sibling.has_value());
  const std::vector<Pose> theirs = (*sibling)(image).poses;
  ASSERT_EQ(theirs.size(), poses.size());
  std::size_t taken = 0;
  run_pipeline(
      3, finder,
      [&](std::size_t, const AdmitPixels&) -> Result<PipelinePicture> { return PipelinePicture{.image = picture()}; },
      [&](std::size_t, Result<PipelineAnswer> answer) {
        ASSERT_TRUE(answer.ok()) << answer.error().message;
        EXPECT_EQ(answer->frame.poses.size(), poses.size());
        EXPECT_EQ(answer->boxes.size(), poses.size() + answer->doubles);
        EXPECT_EQ(answer->frame.width, 90);
        ++taken;
      });
  EXPECT_EQ(taken, 3U);
}

TEST(PoseFinder, ThePipelineTakesWholePicturesToo) {
  PoseFinderOptions options = tiny();
  options.whole_picture = true;
  PoseFinder finder = PoseFinder::open(options).value();
  const Image image = picture();
  const std::vector<Pose> poses = finder(image).poses;
  run_pipeline(
      1, finder,
      [&](std::size_t, const AdmitPixels&) -> Result<PipelinePicture> { return PipelinePicture{.image = picture()}; },
      [&](std::size_t, Result<PipelineAnswer> answer) {
        ASSERT_TRUE(answer.ok()) << answer.error().message;
        expect_equal(answer->frame.poses, poses);
      });
}

TEST(PoseFinder, WhatComesWithPoiseNeedsNothing) {
  PoseFinder finder = PoseFinder::open().value();
  EXPECT_EQ(finder.skeleton().name, "coco17");
  EXPECT_TRUE(PoseFinder::open({.model = "poise-small", .detector = "poise-person"}).ok());
  const Image image = picture();
  EXPECT_EQ(finder(image).box_source, "poise-person");
}

TEST(PoseFinder, SaysHowItsResultsComeAbout) {
  PoseFinderOptions options = tiny();
  options.estimate.flip_test = true;
  const Provenance found = provenance_of(PoseFinder::open(options).value(), "tiny.onnx");
  EXPECT_EQ(found.model, "tiny.onnx");
  EXPECT_EQ(found.model_hash.size(), 64U);
  EXPECT_EQ(found.settings.string("backend").value(), "onednn");
  EXPECT_TRUE(found.settings.find("flip_test")->as_bool());
  EXPECT_EQ(found.settings.find("detector")->string("file").value(), "tiny.weights");
  EXPECT_EQ(found.settings.string("pose_nms").value(), "oks 0.9");
  EXPECT_EQ(found.settings.string("codec").value(), "gaussian_heatmap");
  EXPECT_EQ(found.settings.find("skeleton"), nullptr);
  options.whole_picture = true;
  options.estimate.run.backend = "reference";
  const Json whole = provenance_of(PoseFinder::open(options).value(), "tiny.onnx").settings;
  EXPECT_EQ(whole.string("backend").value(), "reference");
  EXPECT_EQ(whole.string("boxes").value(), "whole image");
  EXPECT_EQ(whole.string("pose_nms").value(), "none");
  EXPECT_EQ(whole.find("detector"), nullptr);
}

TEST(PoseFinder, TakesModelsByName) {
  const kit::TemporaryFolder folder;
  ASSERT_TRUE(ModelStore(folder.path()).add(tiny().model, "mine").value());
  PoseFinderOptions options = tiny();
  options.model = "mine";
  EXPECT_EQ(PoseFinder::open(options).error().code, ErrorCode::kNotFound);
  options.models = folder.path();
  expect_equal(PoseFinder::open(options).value()(picture()).poses, PoseFinder::open(tiny()).value()(picture()).poses);
}

TEST(PoseFinder, ErrorsNameTheFile) {
  const auto none = PoseFinder::open({.model = "nowhere.onnx"});
  ASSERT_FALSE(none.ok());
  EXPECT_TRUE(none.error().message.starts_with("nowhere.onnx")) << none.error().message;
}

}  // namespace
}  // namespace poise
