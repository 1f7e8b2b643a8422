#include "poise/card/recognise.h"

#include <gtest/gtest.h>

#include "poise/card/card_reader.h"
#include "poise/card/model_card.h"

namespace poise {
namespace {

using Metadata = std::map<std::string, std::string>;

Metadata yolo(const std::string& kpt_shape = "[17, 3]", const std::string& names = "{0: 'person'}") {
  return {{"task", "pose"}, {"names", names}, {"kpt_shape", kpt_shape}, {"imgsz", "[480, 640]"}};
}

Result<std::optional<Reading>> read(const Metadata& metadata, std::vector<NetworkOutput> outputs,
                                    Size input = {192, 256}) {
  return recognise_pose_network({metadata, outputs, input});
}

TEST(Recognise, UltralyticsSayWhatTheirFilesAre) {
  const Reading reading = read(yolo(), {{"output0", {1, 56, 6300}}}).value().value();
  EXPECT_EQ(reading.preset, "yolo-pose");
  EXPECT_TRUE(reading.certain);
  EXPECT_EQ(reading.members.dump(), R"({"classes":["person"],"skeleton":"coco17","dimensions":3,"input":[640,480]})");
  EXPECT_EQ(exported_input_size({{"imgsz", "320"}}), (Size{320, 320}));
  EXPECT_EQ(exported_input_size({{"imgsz", "[0, 640]"}}), (Size{}));
  EXPECT_EQ(exported_input_size({{"imgsz", "[640, 99999999999]"}}), (Size{}));
}

TEST(Recognise, JointsThatAreNotCocosAreNamedByTheFileOrNumbered) {
  const auto skeleton = [](const Metadata& metadata) {
    const Json json = read(metadata, {}).value().value().members;
    return *json.find("skeleton");
  };
  EXPECT_EQ(skeleton(yolo("[5, 2]", "{0: 'tiger'}")).find("joints")->as_array()[4].dump(), R"({"name":"joint_4"})");
  Metadata named = yolo("[2, 3]", "{0: 'arm'}");
  named["kpt_names"] = "{0: ['elbow', 'wrist']}";
  EXPECT_EQ(skeleton(named).find("joints")->as_array()[1].dump(), R"({"name":"wrist"})");
  EXPECT_TRUE(skeleton(yolo("[17, 3]", "{0: 'horse'}")).is_object()) << "seventeen joints of an animal are not COCO's";
  EXPECT_TRUE(skeleton_from_json(skeleton(yolo("[5, 2]"))).ok());
}

TEST(Recognise, AFileThatSaysSomethingElseIsRefused) {
  Metadata detector = yolo();
  detector["task"] = "segment";
  EXPECT_NE(read(detector, {}).error().message.find("task is \"segment\", not pose"), std::string::npos);
  EXPECT_NE(read(yolo("17"), {}).error().message.find("kpt_shape"), std::string::npos);
  EXPECT_NE(read(yolo("[9999999, 3]"), {}).error().message.find("kpt_shape"), std::string::npos);
}

TEST(Recognise, OutputsThatOnlyOneKindHas) {
  const auto preset = [](std::vector<NetworkOutput> outputs, Size input = {192, 256}) {
    const auto reading = read({}, std::move(outputs), input).value();
    return reading ? (reading->certain ? "" : "? ") + reading->preset : std::string("none");
  };
  EXPECT_EQ(preset({{"simcc_x", {1, 17, 384}}, {"simcc_y", {1, 17, 512}}}), "rtmpose");
  EXPECT_EQ(preset({{"a", {1, 17, 384}}, {"b", {1, 17, 512}}}), "? rtmpose");
  EXPECT_EQ(preset({{"a", {1, 17, 384}}, {"b", {1, 17, 384}}}), "none");
  EXPECT_EQ(preset({{"dets", {1, 10, 5}}, {"keypoints", {1, 10, 17, 3}}}, {640, 640}), "rtmo");
  EXPECT_EQ(preset({{"Identity", {1, 1, 17, 3}}}, {192, 192}), "movenet");
  EXPECT_EQ(preset({{"Identity", {1, 6, 56}}}, {256, 256}), "movenet-multipose");
  EXPECT_EQ(preset({{"coords", {1, 34}}}), "? deeppose");
  EXPECT_EQ(preset({{"coords", {1, 17, 4}}}), "? deeppose");
  EXPECT_EQ(preset({{"pafs", {1, 38, 32, 32}}, {"heatmaps", {1, 19, 32, 32}}}), "? lightweight-openpose or openpose");
  EXPECT_EQ(preset({{"stage_0_output_1_heatmaps", {1, 19, 32, 32}},
                    {"stage_0_output_0_pafs", {1, 38, 32, 32}},
                    {"stage_1_output_1_heatmaps", {1, 19, 32, 32}},
                    {"stage_1_output_0_pafs", {1, 38, 32, 32}}}),
            "lightweight-openpose");
  EXPECT_EQ(preset({{"output", {1, 17, 64, 48}}}), "none") << "colours and mean cannot be seen";
  EXPECT_EQ(preset({{"output0", {1, 56, 84}}}), "none") << "without metadata, nothing is guessed";
  for (const std::string& name : card_preset_names()) EXPECT_TRUE(card_preset(name).ok()) << name;
}

TEST(Recognise, SkeletonsFollowFromTheNumberOfJointsWhereThereIsOne) {
  const auto skeleton = [](std::int64_t joints, Size input) {
    const Reading reading =
        read({}, {{"simcc_x", {1, joints, 2 * input.width}}, {"simcc_y", {1, joints, 2 * input.height}}}, input)
            .value()
            .value();
    const Json* found = reading.members.find("skeleton");
    return found == nullptr ? std::string() : found->as_string();
  };
  EXPECT_EQ(skeleton(17, {192, 256}), "coco17");
  EXPECT_EQ(skeleton(26, {288, 384}), "halpe26");
  EXPECT_EQ(skeleton(133, {192, 256}), "wholebody133");
  EXPECT_EQ(skeleton(17, {256, 256}), "") << "AP-10K's animals have as many";
  EXPECT_EQ(skeleton(21, {256, 256}), "");
}

}  // namespace
}  // namespace poise
