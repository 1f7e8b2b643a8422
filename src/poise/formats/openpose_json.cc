#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "poise/base/check.h"
#include "poise/formats/writers.h"

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

/// The joints whose mean becomes joint `name`: itself, or the pair that it lies between; none where it has no source.
std::vector<int> sources(std::string_view name, const Skeleton& skeleton) {
  if (const auto same = skeleton.index_of(name); same) return {*same};
  const bool neck = name == "neck";
  if (!neck && name != "mid_hip") return {};
  const auto left = skeleton.index_of(neck ? "left_shoulder" : "left_hip");
  const auto right = skeleton.index_of(neck ? "right_shoulder" : "right_hip");
  if (!left || !right) return {};
  return {*left, *right};
}

/// For each joint written, the joints of `skeleton` it is the mean of.
std::vector<std::vector<int>> written_joints(const Skeleton& skeleton) {
  std::vector<std::vector<int>> result;
  if (skeleton.name == "coco17" || skeleton.name == "openpose18") {
    for (const std::string_view name : kBody25) result.push_back(sources(name, skeleton));
  } else {
    for (int joint = 0; joint < skeleton.size(); ++joint) result.push_back({joint});
  }
  return result;
}

Keypoint mean(const Pose& pose, const std::vector<int>& joints, float min_score) {
  Keypoint result;
  for (const int joint : joints) {
    const Keypoint& source = pose.keypoints[static_cast<std::size_t>(joint)];
    const bool usable = source.score >= min_score && std::isfinite(source.point.x) && std::isfinite(source.point.y);
    if (!usable) return {};
    result.point.x += source.point.x / static_cast<float>(joints.size());
    result.point.y += source.point.y / static_cast<float>(joints.size());
    result.score = joint == joints.front() ? source.score : std::min(result.score, source.score);
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
    for (const std::vector<int>& from : joints) {
      const Keypoint keypoint = mean(pose, from, min_score);
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

}  // namespace poise
