#include <gtest/gtest.h>

#include "poise/base/version.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

Skeleton stick() {
  Skeleton skeleton;
  skeleton.name = "stick";
  skeleton.joints = {{.name = "head"}, {.name = "foot"}};
  skeleton.limbs = {{0, 1}};
  return skeleton;
}

FrameResult frame() {
  FrameResult frame;
  frame.source = "team/one.jpg";
  frame.image_id = 9007199254740993;  // more than a double holds
  frame.width = 640;
  frame.height = 480;
  frame.exif_orientation = 6;
  frame.exif_applied = true;
  frame.box_source = "boxes.json";
  Pose tracked;
  tracked.keypoints = {{{0.1F, 1.0F / 3.0F}, 0.7F}, {{639.5F, -2.25F}, 1.01F}};
  tracked.score = 0.3F;
  tracked.box = {1.1F, 2.2F, 3.3F, 4.4F};
  tracked.box_score = 0.9F;
  tracked.track_id = 4;
  Pose plain = tracked;
  plain.track_id.reset();
  frame.poses = {tracked, plain};
  return frame;
}

Json written() {
  Json settings = Json::object();
  settings.set("flip_test", true);
  return poses_json(frame(), stick(), {"net.onnx", std::string(64, 'a'), settings});
}

TEST(PosesJson, ComesBackToTheLastBit) {
  const FrameResult wanted = frame();
  const FrameResult got = parse_poses_json(parse_json(written().dump(1)).value()).value();
  EXPECT_EQ(got.source, wanted.source);
  EXPECT_EQ(got.image_id, wanted.image_id);
  EXPECT_EQ(got.width, wanted.width);
  EXPECT_EQ(got.height, wanted.height);
  EXPECT_EQ(got.exif_orientation, wanted.exif_orientation);
  EXPECT_EQ(got.exif_applied, wanted.exif_applied);
  EXPECT_EQ(got.box_source, wanted.box_source);
  ASSERT_EQ(got.poses.size(), wanted.poses.size());
  for (std::size_t i = 0; i < wanted.poses.size(); ++i) {
    EXPECT_EQ(got.poses[i].score, wanted.poses[i].score);
    EXPECT_EQ(got.poses[i].box, wanted.poses[i].box);
    EXPECT_EQ(got.poses[i].box_score, wanted.poses[i].box_score);
    EXPECT_EQ(got.poses[i].track_id, wanted.poses[i].track_id);
    ASSERT_EQ(got.poses[i].keypoints.size(), wanted.poses[i].keypoints.size());
    for (std::size_t j = 0; j < wanted.poses[i].keypoints.size(); ++j) {
      EXPECT_EQ(got.poses[i].keypoints[j].point, wanted.poses[i].keypoints[j].point);
      EXPECT_EQ(got.poses[i].keypoints[j].score, wanted.poses[i].keypoints[j].score);
    }
  }
}

TEST(PosesJson, SaysHowItCameAbout) {
  const Json json = written();
  EXPECT_EQ(json.integer("poise_poses").value(), 1);
  EXPECT_EQ(json.string("poise_version").value(), kVersion);
  EXPECT_EQ(json.find("model")->string("file").value(), "net.onnx");
  EXPECT_EQ(json.find("model")->string("sha256").value(), std::string(64, 'a'));
  EXPECT_TRUE(json.find("settings")->find("flip_test")->as_bool());
  EXPECT_EQ(json.find("skeleton")->dump(), R"({"name":"stick","joints":["head","foot"],"limbs":[[0,1]]})");
}

TEST(PosesJson, NobodyIsAnEmptyList) {
  FrameResult nobody = frame();
  nobody.poses.clear();
  nobody.image_id.reset();
  const FrameResult got = parse_poses_json(poses_json(nobody, stick(), {})).value();
  EXPECT_TRUE(got.poses.empty());
  EXPECT_FALSE(got.image_id);
}

std::string message(const std::string& member, const Json& value) {
  Json json = written();
  json.set(member, value);
  const auto parsed = parse_poses_json(json);
  if (parsed.ok()) return "no error";
  EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed);
  return parsed.error().message;
}

TEST(PosesJson, ErrorsNameTheMember) {
  EXPECT_EQ(message("poise_poses", 2), "poise_poses is 2, this version reads 1: a newer poise wrote it?");
  EXPECT_EQ(message("source", 2), "source must be a string");
  EXPECT_EQ(message("image", Json::array()), "image must be an object");
  EXPECT_EQ(message("skeleton", nullptr), "skeleton.joints must be an array");
  EXPECT_EQ(
      message("persons", parse_json(R"([{"score": 1, "box_score": 1, "box": [1, 2, 3], "keypoints": []}])").value()),
      "persons[0].box must be 4 numbers");
  EXPECT_EQ(
      message("persons", parse_json(R"([{"score": 1, "box_score": 1, "box": [1, 2, 3, 4], "keypoints": []}])").value()),
      "persons[0].keypoints must be 2 triplets, one a joint of the skeleton");
  EXPECT_EQ(message("persons", parse_json(R"([{"score": 1, "box_score": 1, "box": [1, 2, 3, 4],
                                               "keypoints": [[1, 2, 3], [1, 1e39, 3]]}])")
                                   .value()),
            "persons[0].keypoints[1][1] must be a finite number");
  EXPECT_EQ(message("persons", Json::Array{3}), "persons[0].score must be a finite number");
  EXPECT_EQ(parse_poses_json(Json::array()).error().message, "not a poses file: it has no member \"poise_poses\"");
}

TEST(PosesJson, APoseOfAnotherSkeletonIsRefused) {
  FrameResult wrong = frame();
  wrong.poses[0].keypoints.pop_back();
  EXPECT_THROW(poses_json(wrong, stick(), {}), std::logic_error);
}

}  // namespace
}  // namespace poise
