#include "poise/codec/one_stage_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace poise {
namespace {

constexpr Size kInput{64, 64};  // 64 + 16 + 4 cells of strides 8, 16 and 32

OneStageCodecPtr codec(const std::string& name, const Json& card = Json::object()) {
  return find_one_stage_codec(name)->create(card).value();
}

Skeleton three() {
  return skeleton_from_json(
             parse_json(
                 R"({"name":"three","joints":[{"name":"a"},{"name":"b"},{"name":"c"}],"flip_pairs":[],"limbs":[]})")
                 .value())
      .value();
}

Result<OneStageAnswer> check(const std::string& name, const std::vector<NetworkOutput>& outputs,
                             const Skeleton& skeleton, int classes = 0, const Json& card = Json::object()) {
  return codec(name, card)->check(outputs, skeleton, kInput, classes);
}

std::string message(const Result<OneStageAnswer>& answer) { return answer.ok() ? "taken" : answer.error().message; }

TEST(OneStageCodecs, ParametersAreReadBack) {
  for (const OneStageCodecFamily& family : one_stage_codec_families()) {
    const Json written = family.create(Json::object()).value()->parameters();
    EXPECT_EQ(written.as_object().size(), family.parameters.size()) << family.name;
    for (const char* name : family.parameters) EXPECT_NE(written.find(name), nullptr) << name;
    EXPECT_EQ(family.create(written).value()->parameters().dump(), written.dump());
  }
  EXPECT_EQ(find_one_stage_codec("gaussian_heatmap"), nullptr);
}

TEST(OneStageCodecs, EveryOneNamesTheOutputsThatItRefuses) {
  const Skeleton coco = find_skeleton("coco17").value();
  for (const OneStageCodecFamily& family : one_stage_codec_families()) {
    const std::vector<NetworkOutput> wrong{{"one", {1, 7}}, {"two", {1, 3, 5, 9}}};
    const auto answer = family.create(Json::object()).value()->check(wrong, coco, kInput, 1);
    ASSERT_FALSE(answer.ok()) << family.name;
    EXPECT_NE(answer.error().message.find("outputs one (1x7), two (1x3x5x9)"), std::string::npos)
        << answer.error().message;
    // And what is run later must be what was promised.
    std::vector<Tensor> outputs;
    outputs.emplace_back(Shape{1, 7});
    EXPECT_FALSE(family.create(Json::object()).value()->decode({kInput, 17, 1, 0, {0}}, outputs, 0.5F).ok());
  }
}

TEST(YoloPose, ColumnsAreBoxesScoresAndJoints) {
  const Skeleton skeleton = three();
  const std::vector<NetworkOutput> outputs{{"output0", {1, 4 + 2 + 9, 84}}};
  const OneStageAnswer answer = check("yolo_pose", outputs, skeleton, 2).value();
  EXPECT_EQ(answer.classes, 2);
  EXPECT_TRUE(codec("yolo_pose")->repeats_people(answer));
  std::vector<Tensor> values;
  values.emplace_back(Shape{1, 15, 84});
  float* at = values[0].floats().data() + 5;
  const std::vector<float> column{20, 30, 10, 16, 0.2F, 0.7F, 1, 2, 0.9F, 3, 4, 0.8F, 5, 6, 0};
  for (std::size_t k = 0; k < column.size(); ++k) at[k * 84] = column[k];
  const auto people = codec("yolo_pose")->decode(answer, values, 0.5F).value();
  ASSERT_EQ(people.size(), 1U);
  EXPECT_EQ(people[0].found.box, (Box{15, 22, 10, 16}));
  EXPECT_EQ(people[0].found.score, 0.7F);
  EXPECT_EQ(people[0].found.label, 1);
  EXPECT_EQ(people[0].keypoints[1].point, (Point{3, 4}));
  EXPECT_EQ(people[0].keypoints[1].score, 0.8F);
  EXPECT_TRUE(codec("yolo_pose")->decode(answer, values, 0.7F).value().empty()) << "above the threshold, not at it";
}

TEST(YoloPose, OfTwoDimensionsJointsAreAsSureAsTheirPerson) {
  const Json card = Json::Object{{"dimensions", 2}};
  const std::vector<NetworkOutput> outputs{{"output0", {1, 4 + 1 + 6, 84}}};
  const OneStageAnswer answer = check("yolo_pose", outputs, three(), 1, card).value();
  std::vector<Tensor> values;
  values.emplace_back(Shape{1, 11, 84});
  const std::vector<float> column{20, 30, 10, 16, 0.7F, 1, 2, 3, 4, 5, 6};
  for (std::size_t k = 0; k < column.size(); ++k) values[0].floats()[k * 84] = column[k];
  const auto people = codec("yolo_pose", card)->decode(answer, values, 0.5F).value();
  ASSERT_EQ(people.size(), 1U);
  EXPECT_EQ(people[0].keypoints[2].point, (Point{5, 6}));
  EXPECT_EQ(people[0].keypoints[2].score, 0.7F);
}

TEST(YoloPose, RowsAreThinnedOutAlready) {
  const std::vector<NetworkOutput> outputs{{"output0", {1, 300, 6 + 9}}};
  const OneStageAnswer answer = check("yolo_pose", outputs, three(), 1).value();
  EXPECT_FALSE(codec("yolo_pose")->repeats_people(answer));
  std::vector<Tensor> values;
  values.push_back(
      Tensor::from({1, 2, 15}, std::vector<float>{10,   20, 30, 50, 0.9F, 0, 1, 2, 0.5F, 3, 4, 0.5F, 5, 6,
                                                  0.5F,  //
                                                  0,    0,  0,  0,  0,    0, 0, 0, 0,    0, 0, 0,    0, 0, 0}));
  const auto people = codec("yolo_pose")->decode(answer, values, 0.25F).value();
  ASSERT_EQ(people.size(), 1U) << "empty rows fill up what is left";
  EXPECT_EQ(people[0].found.box, (Box{10, 20, 20, 30}));
  EXPECT_EQ(people[0].keypoints[2].point, (Point{5, 6}));
  const auto implausible = [&](std::size_t k, float value) {
    Tensor changed = values[0].clone();
    changed.floats()[k] = value;
    const auto said = codec("yolo_pose")->decode(answer, std::span(&changed, 1), 0.25F);
    return said.ok() ? "taken" : said.error().message;
  };
  EXPECT_NE(implausible(5, 1).find("class 1 where there are 1"), std::string::npos) << implausible(5, 1);
  EXPECT_NE(implausible(5, 0.5F).find("class"), std::string::npos);
  EXPECT_NE(implausible(4, 30).find("scores 30"), std::string::npos);
  EXPECT_NE(implausible(8, 42).find("a joint scores 42"), std::string::npos);
  EXPECT_NE(implausible(2, 5).find("box"), std::string::npos) << "its right is left of its left";
  EXPECT_NE(implausible(2, 1e6F).find("box"), std::string::npos);
  EXPECT_EQ(implausible(2, NAN), "taken") << "what is no number is left out later";
}

TEST(YoloPose, SaysWhatDoesNotFit) {
  const Skeleton coco = find_skeleton("coco17").value();
  EXPECT_EQ(message(check("yolo_pose", {{"o", {1, 56, 84}}}, coco)), "taken");
  EXPECT_NE(message(check("yolo_pose", {{"o", {1, 56, 84}}}, three(), 1)).find("14 numbers a place, not 56"),
            std::string::npos);
  EXPECT_NE(message(check("yolo_pose", {{"o", {1, 60, 84}}}, coco)).find("5 classes or other joints"),
            std::string::npos);
  EXPECT_NE(message(check("yolo_pose", {{"o", {1, 56, 86}}}, coco)).find("cells of its strides"), std::string::npos);
}

TEST(Rtmo, BoxesAndJointsAreTwoOutputs) {
  const std::vector<NetworkOutput> outputs{{"keypoints", {1, 2, 3, 3}}, {"dets", {1, 2, 5}}};
  const OneStageAnswer answer = check("rtmo", outputs, three()).value();
  EXPECT_EQ(answer.outputs, (std::vector<std::size_t>{1, 0}));
  std::vector<Tensor> values;
  values.push_back(Tensor::from({1, 2, 5}, std::vector<float>{1, 2, 11, 22, 0.9F, 5, 5, 9, 9, 0.1F}));
  values.push_back(
      Tensor::from({1, 2, 3, 3}, std::vector<float>{1, 2, 0.5F, 3, 4, 0.6F, 5, 6, 0.7F, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  const auto people = codec("rtmo")->decode(answer, values, 0.3F).value();
  ASSERT_EQ(people.size(), 1U);
  EXPECT_EQ(people[0].found.box, (Box{1, 2, 10, 20}));
  EXPECT_EQ(people[0].keypoints[1].point, (Point{3, 4}));
  EXPECT_EQ(people[0].keypoints[2].score, 0.7F);
}

TEST(MoveNetMultiPose, SharesOfTheInputAreYBeforeX) {
  const std::vector<NetworkOutput> outputs{{"Identity:0", {1, 6, 14}}};
  const OneStageAnswer answer = codec("movenet_multipose")->check(outputs, three(), {64, 32}, 0).value();
  std::vector<Tensor> values;
  values.emplace_back(Shape{1, 6, 14});
  const std::vector<float> row{0.5F, 0.25F, 0.9F, 0, 1, 0.8F, 1, 0, 0.7F, 0.25F, 0.125F, 0.75F, 0.5F, 0.6F};
  std::copy(row.begin(), row.end(), values[0].floats().data() + 14);
  const auto people = codec("movenet_multipose")->decode(answer, values, 0.25F).value();
  ASSERT_EQ(people.size(), 1U);
  EXPECT_EQ(people[0].found.box, (Box{8, 8, 24, 16}));
  EXPECT_EQ(people[0].found.score, 0.6F);
  EXPECT_EQ(people[0].keypoints[0].point, (Point{16, 16}));
  EXPECT_EQ(people[0].keypoints[1].point, (Point{64, 0}));
}

TEST(SuppressPeople, TheBestOfThoseWhoOverlapStaysWithItsJoints) {
  std::vector<FoundPerson> people(3);
  people[0] = {{{0, 0, 10, 10}, 0.5F, 0}, {{{1, 1}, 1}}};
  people[1] = {{{1, 0, 10, 10}, 0.9F, 0}, {{{2, 2}, 1}}};
  people[2] = {{{1, 0, 10, 10}, 0.4F, 1}, {{{3, 3}, 1}}};
  const auto kept = suppress(people, 0.7F, 10);
  ASSERT_EQ(kept.size(), 2U) << "classes do not compete";
  EXPECT_EQ(kept[0].keypoints[0].point, (Point{2, 2}));
  EXPECT_EQ(kept[1].keypoints[0].point, (Point{3, 3}));
}

}  // namespace
}  // namespace poise
