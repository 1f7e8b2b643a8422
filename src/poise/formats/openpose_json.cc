#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "poise/base/check.h"
#include "poise/formats/derived_joints.h"
#include "poise/formats/output_formats.h"

namespace poise {
namespace {

/// OpenPose, doc/02_output.md, "Pose Output Format (BODY_25)"; the feet, which our skeletons lack, have no name here.
constexpr std::array<std::string_view, 25> kBody25 = {"nose",
                                                      "neck",
                                                      "right_shoulder",
                                                      "right_elbow",
                                                      "right_wrist",
                                                      "left_shoulder",
                                                      "left_elbow",
                                                      "left_wrist",
                                                      "mid_hip",
                                                      "right_hip",
                                                      "right_knee",
                                                      "right_ankle",
                                                      "left_hip",
                                                      "left_knee",
                                                      "left_ankle",
                                                      "right_eye",
                                                      "left_eye",
                                                      "right_ear",
                                                      "left_ear",
                                                      "",
                                                      "",
                                                      "",
                                                      "",
                                                      "",
                                                      ""};

/// What is written, joint by joint.
std::vector<DerivedJoint> written_joints(const Skeleton& skeleton) {
  std::vector<DerivedJoint> result;
  if (skeleton.name == "coco17" || skeleton.name == "openpose18") {
    for (const std::string_view name : kBody25) result.push_back(derive_joint(name, skeleton));
  } else {
    for (int joint = 0; joint < skeleton.size(); ++joint) result.push_back({{joint, 1.0F}});
  }
  return result;
}

}  // namespace

Json openpose_json(const FrameResult& frame, const Skeleton& skeleton, float min_score) {
  const auto joints = written_joints(skeleton);
  Json people = Json::array();
  for (const Pose& pose : frame.poses) {
    POISE_CHECK(pose.keypoints.size() == skeleton.joints.size());
    Json::Array numbers;
    numbers.reserve(joints.size() * 3);
    for (const DerivedJoint& from : joints) {
      const Keypoint keypoint = place_of(from, pose.keypoints, min_score).value_or(Keypoint{});
      numbers.insert(numbers.end(), {keypoint.point.x, keypoint.point.y, keypoint.score});
    }
    Json person =
        Json::Object{{"person_id", Json::Array{pose.track_id.value_or(-1)}}, {"pose_keypoints_2d", std::move(numbers)}};
    // OpenPose writes these always; its readers expect them.
    for (const char* empty :
         {"face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "pose_keypoints_3d",
          "face_keypoints_3d", "hand_left_keypoints_3d", "hand_right_keypoints_3d"}) {
      person.set(empty, Json::array());
    }
    people.push(std::move(person));
  }
  return Json::Object{{"version", 1.3}, {"people", std::move(people)}};
}

namespace {

constexpr const char* kSuffix = "_keypoints.json";

std::string text_of(const FrameResult& frame, const Skeleton& skeleton, const Provenance& /*provenance*/,
                    float min_score) {
  return openpose_json(frame, skeleton, min_score).dump() + "\n";
}

/// A folder of a file a frame, match_keypoints/match_000000000012_keypoints.json, as OpenPose's --write_json names
/// those of a video.
class OpenposeSequence final : public SequenceSink {
 public:
  explicit OpenposeSequence(const SequenceTarget& target)
      : target_(target), folder_(target.stem.string() + "_keypoints") {}

  Status add(const TimedFrame& frame) override {
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "_%012lld", static_cast<long long>(frame.index));
    const std::string name = target_.stem.filename().string() + number.data() + kSuffix;
    const std::string text = text_of(frame.result, target_.skeleton, target_.provenance, target_.min_score);
    return write_file_atomic(folder_ / name, text);
  }
  Status finish() override { return {}; }
  std::vector<std::filesystem::path> files() const override { return {folder_}; }

 private:
  SequenceTarget target_;
  std::filesystem::path folder_;
};

Result<std::unique_ptr<SequenceSink>> open_openpose(const SequenceTarget& target) {
  const std::filesystem::path folder = target.stem.string() + "_keypoints";
  POISE_RETURN_IF_ERROR(prepare_folder(folder));
  return std::unique_ptr<SequenceSink>(std::make_unique<OpenposeSequence>(target));
}

}  // namespace

OutputFormat openpose_format() {
  return {"openpose",
          "OpenPose's JSON, BODY_25, a file a picture or frame",
          {.suffix = kSuffix, .of_picture = text_of},
          open_openpose};
}

}  // namespace poise
