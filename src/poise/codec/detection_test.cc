#include "poise/codec/detection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "poise/tensor/npy.h"

namespace poise {
namespace {

constexpr Size kInput{96, 64};  // tests/golden/make_detections.py

Tensor golden(const std::string& name) {
  return read_npy(std::string(POISE_SOURCE_DIR) + "/tests/golden/detections/" + name + ".npy").value();
}

/// The family's decoding and suppression, box by box as NumPy has them.
void expect_as_numpy(const std::string& family, std::size_t outputs, const DetectionHead& head, float limit) {
  std::vector<Tensor> given;
  for (std::size_t i = 0; i < outputs; ++i) given.push_back(golden(family + "_" + std::to_string(i)));
  std::vector<Detection> found;
  const DetectionFamily* known = find_detection_family(family);
  ASSERT_NE(known, nullptr);
  const Status status = known->decode(given, head, found);
  ASSERT_TRUE(status.ok()) << status.error().message;
  found = suppress(std::move(found), limit, 1000);
  const Tensor wanted = golden(family + "_boxes");
  ASSERT_EQ(static_cast<std::int64_t>(found.size()), wanted.dim(0)) << family;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const float* row = wanted.floats().data() + i * 6;
    const Detection& d = found[i];
    const std::array<float, 5> own{d.box.x, d.box.y, d.box.width, d.box.height, d.score};
    for (std::size_t k = 0; k < 5; ++k) {
      EXPECT_NEAR(own[k], row[k], 1e-4F * std::max(1.0F, std::abs(row[k]))) << family << " " << i << " " << k;
    }
    EXPECT_EQ(d.label, static_cast<int>(row[5])) << family << " " << i;
  }
}

TEST(Detection, FamiliesSayWhatNumpySays) {
  expect_as_numpy("fastestdet", 1, {.input = kInput, .threshold = 0.5F}, 0.45F);
  expect_as_numpy("yolov3", 2,
                  {.input = kInput,
                   .threshold = 0.3F,
                   .anchors = {{{30, 40}, {50, 30}, {60, 60}}, {{8, 10}, {12, 16}, {20, 12}}},
                   .scale_xy = {1.05F, 1}},
                  0.45F);
  expect_as_numpy("yolov5", 1, {.input = kInput, .threshold = 0.25F}, 0.45F);
  expect_as_numpy("yolov8", 1, {.input = kInput, .threshold = 0.25F}, 0.4F);
  expect_as_numpy("yolox", 1, {.input = kInput, .threshold = 0.3F}, 0.45F);
  expect_as_numpy("centre", 3, {.input = kInput, .threshold = 0.6F}, 1);
  expect_as_numpy("end2end", 1, {.input = kInput, .threshold = 0.5F, .classes = 3}, 1);
  expect_as_numpy("nanodet", 1, {.input = kInput, .threshold = 0.35F}, 0.6F);
}

TEST(Detection, EndToEndRowsMayHaveTheirClassesBeside) {
  const DetectionFamily& family = *find_detection_family("end2end");
  std::vector<Tensor> outputs;
  outputs.push_back(Tensor::from({1, 2, 5}, std::vector<float>{1, 2, 11, 22, 0.9F, 0, 0, 5, 5, 0.8F}));
  std::vector<Detection> found;
  ASSERT_TRUE(family.decode(outputs, {.input = kInput}, found).ok());
  EXPECT_EQ(family.classes(outputs, {.input = kInput}).value(), 1) << "nothing says which";
  EXPECT_EQ(found[1].label, 0);
  outputs.push_back(Tensor::from({1, 2}, std::vector<std::int64_t>{7, 2}));
  found.clear();
  ASSERT_TRUE(family.decode(outputs, {.input = kInput}, found).ok());
  EXPECT_EQ(found[0].box, (Box{1, 2, 10, 20}));
  EXPECT_EQ(found[0].label, 7);
  EXPECT_EQ(family.classes(outputs, {.input = kInput, .classes = 80}).value(), 80);
  const Status beyond = family.decode(outputs, {.input = kInput, .classes = 3}, found);
  EXPECT_NE(beyond.error().message.find("class 7, and there are 3"), std::string::npos) << beyond.error().message;
  outputs.clear();
  outputs.push_back(Tensor::from({1, 1, 6}, std::vector<float>{1, 2, 11, 22, 0.9F, 30.5F}));
  EXPECT_FALSE(family.decode(outputs, {.input = kInput}, found).ok()) << "keypoints, not a class";
}

TEST(Detection, EveryFamilyRefusesOutputsOfAnother) {
  for (const DetectionFamily& family : detection_families()) {
    const DetectionHead head{.input = kInput, .anchors = {{{1, 1}}}};
    const std::vector<std::vector<Shape>> wrong{{},
                                                {{1}},
                                                {{2, 9, 7}},
                                                {{1, 300, 11}},
                                                {{1, 2, 2, 2}, {1, 9, 2, 2}},
                                                {{1, 4, 4}},
                                                {{1, 1, 8, 8}, {1, 2, 8, 8}, {1, 2, 8, 8}},
                                                {{1, 1, 0, 8}, {1, 2, 0, 8}, {1, 2, 0, 8}}};
    for (const std::vector<Shape>& shapes : wrong) {
      std::vector<Tensor> outputs;
      for (const Shape& shape : shapes) outputs.emplace_back(shape);
      std::vector<Detection> found;
      const Status status = family.decode(outputs, head, found);
      ASSERT_FALSE(status.ok()) << family.name;
      EXPECT_NE(status.error().message.find(family.name), std::string::npos) << status.error().message;
    }
  }
}

TEST(Detection, LogitsAreSquashed) {
  std::vector<Tensor> outputs;
  outputs.push_back(Tensor::from({1, 1, 1, 2}, std::vector<float>{0.5F, -9}));
  outputs.push_back(Tensor::from({1, 2, 1, 2}, std::vector<float>{1, 1, 2, 2}));
  outputs.push_back(Tensor::from({1, 2, 1, 2}, std::vector<float>{0.5F, 0, 0.5F, 0}));
  std::vector<Detection> found;
  ASSERT_TRUE(find_detection_family("centre")->decode(outputs, {.input = {8, 4}, .logits = true}, found).ok());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].score, 1 / (1 + std::exp(-0.5F)), 1e-6);
  EXPECT_EQ(found[0].box, (Box{0, -2, 4, 8})) << "a cell is 4x4 pixels, the centre at (2, 2)";
}

// What a peak is stands in codec/centre.h, and is tested there.
TEST(Detection, APlateauOfCentresIsOneDetectionAClass) {
  std::vector<Tensor> outputs;
  outputs.push_back(Tensor::from({1, 2, 1, 4}, std::vector<float>{0.5F, 0.5F, 0.5F, 0, 0, 0.5F, 0.5F, 0.9F}));
  outputs.push_back(Tensor::from({1, 2, 1, 4}, std::vector<float>(8, 1)));
  outputs.push_back(Tensor::from({1, 2, 1, 4}, std::vector<float>(8, 0.5F)));
  std::vector<Detection> found;
  ASSERT_TRUE(find_detection_family("centre")->decode(outputs, {.input = {16, 4}}, found).ok());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].box, (Box{12, 0, 4, 4}));
  EXPECT_EQ(found[0].label, 1);
  EXPECT_EQ(found[1].box, (Box{0, 0, 4, 4}));
  EXPECT_EQ(found[1].label, 0);
}

/// 64x32 pixels: 32 + 8 + 2 cells, of which one speaks.
std::vector<Detection> yolox_says(const std::vector<float>& row, float centres) {
  Tensor output({1, 42, 6});
  for (std::int64_t i = 0; i < 42; ++i) {
    float* at = output.floats().data() + i * 6;
    at[0] = at[1] = centres;
  }
  std::copy(row.begin(), row.end(), output.floats().data() + 6 * 9);  // the second row's second cell
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(output));
  std::vector<Detection> found;
  EXPECT_TRUE(find_detection_family("yolox")->decode(outputs, {.input = {64, 32}, .threshold = 0.3F}, found).ok());
  return found;
}

TEST(Detection, YoloxIsReadWhetherOrNotItDecodesItself) {
  const auto box = [](const std::vector<Detection>& found) { return found.size() == 1 ? found[0].box : Box{}; };
  EXPECT_EQ(box(yolox_says({0.5F, 0.5F, 0, 0, 0.9F, 1}, 0.5F)), (Box{8, 8, 8, 8})) << "offsets and logarithms";
  EXPECT_EQ(box(yolox_says({20, 16, 3, 4, 0.9F, 1}, 20)), (Box{18.5F, 14, 3, 4})) << "centres all over the input";
  EXPECT_EQ(box(yolox_says({20, 16, 24, 30, 0.9F, 1}, 0)), (Box{8, 1, 24, 30})) << "as logarithms beyond all sizes";
}

/// What is wrong with answers to a grey picture; "" where nothing is.
std::string oddity(const std::vector<Detection>& said) {
  const Status status = check_answers(said, {.input = {640, 480}, .threshold = 0.25F});
  return status.ok() ? "" : status.error().message;
}

TEST(Detection, AnswersThatCannotBeADetectorsAreNamed) {
  std::vector<Detection> usual;
  for (int i = 0; i < 48; ++i) {
    usual.push_back({{static_cast<float>(i % 8) * 80, static_cast<float>(i / 8) * 80, 60, 70}, 0.001F, 0});
  }
  EXPECT_EQ(oddity(usual), "");
  EXPECT_EQ(oddity({}), "");
  std::vector<Detection> said = usual;
  said[5].score = -7;
  EXPECT_NE(oddity(said).find("-7 to 0.001"), std::string::npos) << oddity(said);
  said = usual;
  said[5].score = 31;
  EXPECT_NE(oddity(said).find("to 31"), std::string::npos) << oddity(said);
  said = usual;
  said[5].box.width = 1e9F;
  EXPECT_EQ(oddity(said), "") << "nobody looks at what scores so little";
  said[5].score = 0.9F;
  EXPECT_NE(oddity(said).find("1e+09 pixels long"), std::string::npos) << oddity(said);
  said = usual;
  for (Detection& d : said) d.box = {d.box.x / 640, d.box.y / 480, d.box.width / 640, d.box.height / 480};
  EXPECT_NE(oddity(said).find("upper left corner"), std::string::npos) << oddity(said);
}

TEST(Suppress, EachClassForItselfBestFirst) {
  const std::vector<Detection> found{
      {{0, 0, 10, 10}, 0.5F, 0}, {{1, 0, 10, 10}, 0.9F, 0}, {{0, 1, 10, 10}, 0.7F, 1}, {{40, 0, 10, 10}, 0.6F, 0}};
  const auto kept = suppress(found, 0.5F, 10);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].score, 0.9F);
  EXPECT_EQ(kept[1].label, 1);
  EXPECT_EQ(kept[2].box.x, 40);
  EXPECT_EQ(suppress(found, 0.5F, 2).size(), 2U);
  EXPECT_EQ(suppress(found, 1, 10).size(), 4U);
}

TEST(Suppress, WhatIsNoBoxGoes) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const auto kept = suppress({{{0, 0, inf, 1}, 1, 0},
                              {{nan, 0, 1, 1}, 1, 0},
                              {{0, 0, 0, 1}, 1, 0},
                              {{0, 0, 1, 1}, nan, 0},
                              {{0, 0, 1, 1}, 1, 0}},
                             0.5F, 10);
  EXPECT_EQ(kept.size(), 1U);
}

}  // namespace
}  // namespace poise
