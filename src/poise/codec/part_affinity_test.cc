// People who stand across each other, put together from heatmaps and part affinity fields as NumPy puts them together
// (tests/golden/make_part_affinity.py).

#include <gtest/gtest.h>

#include <cmath>

#include "poise/codec/one_stage/upsample.h"
#include "poise/codec/one_stage_codec.h"
#include "poise/tensor/npy.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/one_stage/";
constexpr Size kInput{36 * 8, 26 * 8};

OneStageCodecPtr codec(const std::string& grouping) {
  return find_one_stage_codec("part_affinity")->create(Json::Object{{"grouping", grouping}}).value();
}

/// Heatmaps and fields of the scene.
std::vector<Tensor> scene() {
  const Tensor stored = read_npy(kGolden + "scene_maps.npy").value();
  const std::int64_t height = stored.dim(1), width = stored.dim(2);
  std::vector<Tensor> outputs;
  outputs.emplace_back(Shape{1, 19, height, width});
  outputs.emplace_back(Shape{1, 38, height, width});
  const auto bytes = stored.as<std::uint8_t>();
  std::size_t i = 0;
  for (Tensor& output : outputs) {
    for (float& value : output.floats()) value = static_cast<float>(bytes[i++]) / 127.5F - 1;
  }
  return outputs;
}

std::vector<NetworkOutput> shapes(const std::vector<Tensor>& outputs) {
  return {{"fields", outputs[1].shape()}, {"heat", outputs[0].shape()}};
}

TEST(PartAffinity, PeopleAreThoseThatNumpyPutsTogether) {
  const std::vector<Tensor> outputs = scene();
  for (const std::string grouping : {"lightweight", "openpose"}) {
    const OneStageAnswer answer =
        codec(grouping)->check(shapes(outputs), find_skeleton("openpose18").value(), kInput, 0).value();
    EXPECT_EQ(answer.outputs, (std::vector<std::size_t>{1, 0}));
    EXPECT_FALSE(codec(grouping)->repeats_people(answer));
    const auto people = codec(grouping)->decode(answer, outputs, grouping == "openpose" ? 0.4F : 0.2F).value();
    const Tensor want = read_npy(kGolden + "scene_" + grouping + ".npy").value();
    ASSERT_EQ(static_cast<std::int64_t>(people.size()), want.dim(0)) << grouping;
    ASSERT_EQ(people.size(), 3U);
    for (std::size_t p = 0; p < people.size(); ++p) {
      const float* row = want.floats().data() + p * 55;
      for (std::size_t j = 0; j < 18; ++j) {
        EXPECT_EQ(people[p].keypoints[j].point, (Point{row[3 * j], row[3 * j + 1]}))
            << grouping << " " << p << " " << j;
        EXPECT_NEAR(people[p].keypoints[j].score, row[3 * j + 2], 1e-5) << grouping << " " << p << " " << j;
      }
      EXPECT_NEAR(people[p].found.score, row[54], 1e-4) << grouping << " " << p;
      EXPECT_GT(people[p].found.box.height, 100);
    }
  }
}

TEST(PartAffinity, TheTwoGroupingsDifferInWhomTheyKeep) {
  // Of the scene without its legs and arms three joints are left: enough for one of them.
  std::vector<Tensor> outputs = scene();
  const std::int64_t plane = outputs[0].dim(2) * outputs[0].dim(3);
  for (const int j : {3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 0, 14, 15, 16, 17}) {
    std::fill_n(outputs[0].floats().data() + j * plane, plane, 0.0F);
  }
  for (const std::string grouping : {"lightweight", "openpose"}) {
    const OneStageAnswer answer =
        codec(grouping)->check(shapes(outputs), find_skeleton("openpose18").value(), kInput, 0).value();
    EXPECT_EQ(codec(grouping)->decode(answer, outputs, 0.2F).value().size(), grouping == "lightweight" ? 3U : 0U);
  }
}

TEST(PartAffinity, MapsOfNothingAreNobody) {
  std::vector<Tensor> outputs;
  outputs.emplace_back(Shape{1, 19, 8, 8});
  outputs.emplace_back(Shape{1, 38, 8, 8});
  const OneStageAnswer answer =
      codec("lightweight")->check(shapes(outputs), find_skeleton("openpose18").value(), {64, 64}, 0).value();
  EXPECT_TRUE(codec("lightweight")->decode(answer, outputs, 0.2F).value().empty());
  for (Tensor& output : outputs) std::fill(output.floats().begin(), output.floats().end(), NAN);
  EXPECT_TRUE(codec("openpose")->decode(answer, outputs, 0.2F).value().empty());
  const auto other = codec("openpose")->check(shapes(outputs), find_skeleton("coco17").value(), {64, 64}, 0);
  EXPECT_NE(other.error().message.find("it is openpose18"), std::string::npos);
}

TEST(Upsampling, IsOpenCvsCubic) {
  // cv2.resize(np.array([[0, 1, 4, 2]], np.float32), None, fx=4, fy=1, interpolation=cv2.INTER_CUBIC)
  const std::vector<float> map{0, 1, 4, 2};
  const Bicubic fine(map.data(), {4, 1}, 4);
  const std::vector<float> want{-0.10986328125F, -0.07177734375F, 0.07373046875F, 0.16259765625F,
                                0.31005859375F,  0.68017578125F,  1.40576171875F, 2.32275390625F,
                                3.20458984375F,  3.84033203125F,  4.00634765625F, 3.60888671875F,
                                2.91845703125F,  2.23974609375F,  1.8564453125F,  1.7802734375F};
  ASSERT_EQ(fine.width(), 16);
  std::vector<float> have;
  for (int x = 0; x < 16; ++x) have.push_back(fine.at(x, 0));
  for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(have[i], want[i], 1e-5) << i;
}

}  // namespace
}  // namespace poise
