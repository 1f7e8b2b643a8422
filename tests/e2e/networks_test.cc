// Other people's networks, as people run them: a file and a photograph.

#include <gtest/gtest.h>

#include "kit/constant_network.h"
#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

class Networks : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    save("pose.onnx", yolo(), kit::yolo_metadata());
    ASSERT_TRUE(write_image(folder_ / "a.png", Image(64, 64)).ok());
  }
  using Outputs = std::vector<std::pair<std::string, Tensor>>;

  static Outputs yolo() {
    Outputs outputs;
    outputs.emplace_back(
        "output0", kit::yolo_columns({{32, 32, 20, 24, 0.8F, 20, 24, 0.9F}, {48, 40, 10, 10, 0.6F, 44, 36, 0.5F}}));
    return outputs;
  }
  void save(const std::string& name, Outputs outputs, std::map<std::string, std::string> metadata = {},
            Shape input = {}) const {
    const NetworkFile file = kit::constant_network(std::move(outputs), 64, std::move(metadata), std::move(input));
    ASSERT_TRUE(write_onnx(folder_ / name, file.graph, {file.metadata}).ok());
  }
  Json poses(const std::string& name = "poise-out/a.poses.json") const { return json(name); }
};

TEST_F(Networks, AFileThatSaysWhatItIsNeedsNothingElse) {
  const Outcome outcome = run({"predict", "a.png", "--model", "pose.onnx"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const Json result = poses();
  ASSERT_EQ(result.find("persons")->as_array().size(), 2U);
  EXPECT_TRUE(contains(result.dump(), "\"codec\":\"yolo_pose\"")) << result.dump();
  EXPECT_TRUE(fs::exists(folder_ / "poise-out/a.poses.jpg"));
  const Outcome few = run({"predict", "a.png", "--model", "pose.onnx", "--detect-threshold", "0.7", "--out", "few"});
  ASSERT_EQ(few.code, 0) << few.err;
  EXPECT_EQ(poses("few/a.poses.json").find("persons")->as_array().size(), 1U);
  const Outcome none = run({"predict", "a.png", "--model", "pose.onnx", "--detect-threshold", "0.9", "--out", "none"});
  EXPECT_EQ(none.code, 0) << none.err;
  EXPECT_TRUE(contains(none.err, "a lower --detect-threshold finds more")) << none.err;
}

TEST_F(Networks, WhatCannotGoWithItIsSaidAtOnce) {
  write("boxes.json", "[]");
  const std::vector<Strings> wrong{{"--detector", "poise-person"},
                                   {"--detector-preset", "yolov8"},
                                   {"--boxes", "boxes.json"},
                                   {"--flip-test"},
                                   {"--heatmaps"}};
  for (const Strings& more : wrong) {
    Strings words{"predict", "a.png", "--model", "pose.onnx"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 1) << more[0];
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "everyone") || contains(outcome.err, more[0])) << outcome.err;
  }
  EXPECT_EQ(run({"predict", "a.png", "--model", "pose.onnx", "--detector", "none"}).code, 0) << "which there is";
  const Outcome detector = run({"predict", "a.png", "--detector", "pose.onnx"});
  EXPECT_EQ(detector.code, 1);
  EXPECT_TRUE(contains(detector.err, "--model")) << detector.err;
}

TEST_F(Networks, EvaluationMeasuresWhomItFinds) {
  std::string keypoints;
  for (int j = 0; j < 17; ++j) {
    keypoints += (j == 0 ? "" : ",") + std::to_string(20 + j) + "," + std::to_string(24 + j) + ",2";
  }
  write("truth.json",
        R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":64}],"categories":[{"id":1,"name":"person"}],
      "annotations":[{"id":1,"image_id":1,"category_id":1,"iscrowd":0,"area":400,"bbox":[22,20,20,24],"num_keypoints":17,
      "keypoints":[)" +
            keypoints + "]}]}");
  const Strings words{"eval", "--model", "pose.onnx", "--annotations", "truth.json", "--images", ".", "--json", "-"};
  const Outcome outcome = run(words);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json report = parse_json(outcome.out).value();
  EXPECT_NEAR(report.number("AP").value(), 1.0, 1e-6) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "pose.onnx"));
  for (const Strings& more : {Strings{"--detector", "poise-person"}, Strings{"--boxes", "truth.json"}}) {
    Strings longer = words;
    longer.insert(longer.end(), more.begin(), more.end());
    const Outcome refused = run(longer);
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(contains(refused.err, "finds everyone in a picture itself: leave out " + more[0])) << refused.err;
  }
}

TEST_F(Networks, WhoIsFoundIsFollowed) {
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(write_image(folder_ / ("frame" + std::to_string(i) + ".png"), Image(64, 64)).ok());
  }
  const Outcome outcome =
      run({"track", "frame%d.png", "--model", "pose.onnx", "--no-video", "--out", "tracks", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json summary = parse_json(outcome.out).value();
  EXPECT_TRUE(contains(summary.dump(), "\"ids\":2")) << summary.dump();
  const Outcome between =
      run({"track", "frame%d.png", "--model", "pose.onnx", "--no-video", "--detect-every", "2", "--out", "others"});
  EXPECT_EQ(between.code, 1);
  EXPECT_TRUE(contains(between.err, "look at each frame")) << between.err;
}

TEST_F(Networks, AFileThatMayBeTwoThingsAsks) {
  Outputs outputs;
  outputs.emplace_back("coords", Tensor({1, 34}));
  save("coords.onnx", std::move(outputs));
  const Outcome asked = run({"predict", "a.png", "--model", "coords.onnx", "--detector", "none"});
  EXPECT_EQ(asked.code, 1);
  EXPECT_EQ(std::count(asked.err.begin(), asked.err.end(), '\n'), 1) << asked.err;
  EXPECT_TRUE(contains(asked.err, "coords (1x34)") && contains(asked.err, "deeppose")) << asked.err;
  EXPECT_EQ(run({"predict", "a.png", "--model", "coords.onnx", "--detector", "none", "--preset", "deeppose"}).code, 0);
  const Outcome other = run({"predict", "a.png", "--model", "coords.onnx", "--detector", "none", "--preset", "mmpose"});
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(contains(other.err, "coords (1x34)") && contains(other.err, "heatmaps (N, joints, h, w)")) << other.err;
  EXPECT_EQ(run({"info", "coords.onnx"}).code, 0);
}

TEST_F(Networks, SimCcIsReadByItsNamesWithAndWithoutThePresetThatFeedsIt) {
  Outputs outputs;
  Tensor x({1, 17, 128}), y({1, 17, 128});
  for (std::int64_t j = 0; j < 17; ++j) {
    x.floats()[j * 128 + 2 * j + 20] = 0.9F;
    y.floats()[j * 128 + 64] = 0.7F;
  }
  outputs.emplace_back("simcc_x", std::move(x));
  outputs.emplace_back("simcc_y", std::move(y));
  save("square.onnx", std::move(outputs));
  const Outcome asked = run({"predict", "a.png", "--model", "square.onnx", "--detector", "none"});
  EXPECT_EQ(asked.code, 1);
  EXPECT_TRUE(contains(asked.err, "skeleton")) << "seventeen joints of a square are animals' too: " << asked.err;
  for (const Strings& preset : {Strings{}, Strings{"--preset", "rtmpose"}, Strings{"--preset", "mmpose"}}) {
    Strings words{"predict", "a.png", "--model", "square.onnx", "--detector", "none", "--skeleton", "coco17"};
    words.insert(words.end(), preset.begin(), preset.end());
    const Outcome outcome = run(words);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(contains(poses().dump(), "\"codec\":\"simcc\""));
  }
}

}  // namespace
}  // namespace poise
