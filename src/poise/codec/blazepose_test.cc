// BlazePose's two networks' answers, decoded as NumPy decodes them (tests/golden/make_blazepose.py).

#include "poise/codec/blazepose.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/codec/detection.h"
#include "poise/tensor/npy.h"

namespace poise {
namespace {

Tensor golden(const std::string& name) {
  return read_npy(std::string(POISE_SOURCE_DIR) + "/tests/golden/one_stage/blazepose_" + name + ".npy").value();
}

/// The stored bytes as numbers, of this shape.
Tensor numbers(const std::string& name, const Shape& shape, float times = 1) {
  const Tensor stored = golden(name);
  Tensor out(shape);
  for (std::int64_t i = 0; i < out.count(); ++i) {
    out.floats()[i] = (static_cast<float>(stored.as<std::uint8_t>()[i]) - 128) / 8 * times;
  }
  return out;
}

TEST(BlazePoseDetector, SaysWhatNumpySays) {
  std::vector<Tensor> outputs;
  outputs.push_back(numbers("logits", {1, 2254, 1}));
  outputs.push_back(numbers("numbers", {1, 2254, 12}, 4));
  const DetectionFamily& family = *find_detection_family("blazepose");
  const DetectionHead head{.input = {224, 224}, .threshold = 0.5F};
  EXPECT_EQ(family.classes(outputs, head).value(), 1);
  std::vector<Detection> found;
  ASSERT_TRUE(family.decode(outputs, head, found).ok());
  const Tensor want = golden("found");
  ASSERT_EQ(static_cast<std::int64_t>(found.size()), want.dim(0));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const float* row = want.floats().data() + 9 * i;
    const auto& [hips, edge] = found[i].body.value();
    const std::array<float, 9> own{
        found[i].box.x, found[i].box.y, found[i].box.width, found[i].box.height, found[i].score, hips.x, hips.y,
        edge.x,         edge.y};
    for (std::size_t k = 0; k < 9; ++k) EXPECT_NEAR(own[k], row[k], 1e-4F * std::max(1.0F, std::abs(row[k]))) << i;
  }
  EXPECT_FALSE(family.decode(outputs, {.input = {256, 256}}, found).ok());
}

TEST(BlazePoseDetector, BoxesThatAreNoNumbersEndNothing) {
  std::vector<Tensor> outputs;
  outputs.push_back(numbers("logits", {1, 2254, 1}));
  outputs.emplace_back(Shape{1, 2254, 12});
  std::fill(outputs[1].floats().begin(), outputs[1].floats().end(), NAN);
  std::vector<Detection> found;
  EXPECT_TRUE(
      find_detection_family("blazepose")->decode(outputs, {.input = {224, 224}, .threshold = 0.5F}, found).ok());
  EXPECT_TRUE(found.empty());
}

struct Landmarks {
  Tensor marks, heat;
  float flag = 0.9F;
  PoseAnswer answer;
  std::vector<const float*> values() const { return {marks.floats().data(), &flag, heat.floats().data()}; }
};

Landmarks landmarks() {
  Landmarks out{numbers("marks", {39, 5}), numbers("heat", {16, 16, 39}), 0.9F, {}};
  for (std::int64_t j = 0; j < 39; ++j) {
    for (std::int64_t k = 0; k < 2; ++k) out.marks.floats()[5 * j + k] *= 16 * 1.6F;
  }
  const std::vector<NetworkOutput> outputs{
      {"Identity", {1, 195}}, {"Identity_1", {1, 1}}, {"Identity_3", {1, 16, 16, 39}}, {"Identity_4", {1, 117}}};
  out.answer = blazepose()->check(outputs, find_skeleton("blazepose33").value(), {256, 256}).value();
  return out;
}

TEST(BlazePose, SaysWhatNumpySays) {
  const Landmarks given = landmarks();
  EXPECT_EQ(given.answer.outputs, (std::vector<std::size_t>{0, 1, 2}));
  const Tensor want = golden("joints");
  const auto expect_want = [&](const std::vector<Keypoint>& found) {
    ASSERT_EQ(found.size(), 33U);
    for (std::size_t j = 0; j < 33; ++j) {
      EXPECT_NEAR(found[j].point.x, want.floats()[3 * j], 1e-3) << j;
      EXPECT_NEAR(found[j].point.y, want.floats()[3 * j + 1], 1e-3) << j;
      EXPECT_NEAR(found[j].score, want.floats()[3 * j + 2], 1e-5) << j;
    }
  };
  expect_want(blazepose()->decode(given.answer, given.values()));
  // The same heatmaps map by map.
  Landmarks planar = landmarks();
  for (std::size_t cell = 0; cell < 256; ++cell) {
    for (std::size_t j = 0; j < 39; ++j) planar.heat.floats()[j * 256 + cell] = given.heat.floats()[cell * 39 + j];
  }
  planar.answer.shapes[2] = {39, 16, 16};
  expect_want(blazepose()->decode(planar.answer, planar.values()));
}

TEST(BlazePose, WhereThereIsNobodyNoJointIsSeen) {
  Landmarks given = landmarks();
  given.flag = 0.5F;
  for (const Keypoint& joint : blazepose()->decode(given.answer, given.values())) EXPECT_EQ(joint.score, 0);
}

TEST(BlazePose, SaysWhatDoesNotFit) {
  const std::vector<NetworkOutput> outputs{{"a", {1, 195}}, {"b", {1, 1}}};
  EXPECT_TRUE(blazepose()->check(outputs, find_skeleton("blazepose33").value(), {256, 256}).ok()) << "without heatmaps";
  EXPECT_NE(
      blazepose()->check(outputs, find_skeleton("coco17").value(), {256, 256}).error().message.find("blazepose33"),
      std::string::npos);
  EXPECT_NE(blazepose()
                ->check(std::span(outputs).first(1), find_skeleton("blazepose33").value(), {256, 256})
                .error()
                .message.find("output a (1x195)"),
            std::string::npos);
}

}  // namespace
}  // namespace poise
