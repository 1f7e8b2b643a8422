#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "poise/formats/pose_readers.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

constexpr std::size_t kMaxJoints = 4096;

Result<std::vector<std::string>> joint_names(const Json& skeleton) {
  const Json* joints = skeleton.find("joints");
  if (joints == nullptr || !joints->is_array()) return malformed("skeleton.joints must be an array");
  if (joints->as_array().size() > kMaxJoints) return too_large("a skeleton has at most 4096 joints");
  std::vector<std::string> names;
  for (const Json& joint : joints->as_array()) {
    if (!joint.is_string()) return malformed("skeleton.joints must be names");
    names.push_back(joint.as_string());
  }
  return names;
}

std::vector<Limb> limbs_of(const Json& skeleton, std::size_t joints) {
  std::vector<Limb> limbs;
  const Json* list = skeleton.find("limbs");
  if (list == nullptr || !list->is_array()) return limbs;
  for (const Json& pair : list->as_array()) {
    const auto index = [&](std::size_t i) {
      const bool good = pair.is_array() && pair.as_array().size() == 2 && pair.as_array()[i].is_integer();
      const std::int64_t value = good ? pair.as_array()[i].as_integer() : -1;
      return value < static_cast<std::int64_t>(joints) ? static_cast<int>(value) : -1;
    };
    if (index(0) >= 0 && index(1) >= 0) limbs.push_back({index(0), index(1)});
  }
  return limbs;
}

}  // namespace

Keypoint not_found_keypoint() {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  return {{kNan, kNan}, 0};
}

Result<float> finite_float(const Json* json, const std::string& name) {
  if (json == nullptr || !json->is_number() || !(std::abs(json->as_number()) < 1e9)) {
    return malformed(name + " must be a number of pixels");
  }
  return static_cast<float>(json->as_number());
}

Result<Skeleton> skeleton_of_joints(const std::vector<std::string>& names, const std::vector<Limb>& limbs) {
  for (const std::string& known : skeleton_names()) {
    POISE_TRY(Skeleton skeleton, find_skeleton(known));
    const bool same = std::equal(names.begin(), names.end(), skeleton.joints.begin(), skeleton.joints.end(),
                                 [](const std::string& name, const Joint& joint) { return name == joint.name; });
    if (same) return skeleton;
  }
  Json joints = Json::array();
  Json pairs = Json::array();
  for (const std::string& name : names) {
    joints.push(Json::Object{{"name", name}});
    if (!name.starts_with("left_")) continue;
    const std::string other = "right_" + name.substr(5);
    const bool once = std::count(names.begin(), names.end(), name) == 1;
    if (once && std::count(names.begin(), names.end(), other) == 1) {
      Json pair = Json::array();
      pair.push(name);
      pair.push(other);
      pairs.push(std::move(pair));
    }
  }
  POISE_TRY(Skeleton skeleton,
            skeleton_from_json(Json::Object{
                {"name", "of the file"}, {"joints", std::move(joints)}, {"flip_pairs", std::move(pairs)}}));
  skeleton.limbs = limbs;
  return skeleton;
}

const std::vector<std::string>& body25_joints() {
  // OpenPose, doc/02_output.md, "Pose Output Format (BODY_25)".
  static const std::vector<std::string> kNames = {
      "nose",       "neck",          "right_shoulder",  "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
      "left_wrist", "mid_hip",       "right_hip",       "right_knee",  "right_ankle", "left_hip",      "left_knee",
      "left_ankle", "right_eye",     "left_eye",        "right_ear",   "left_ear",    "left_big_toe",  "left_small_toe",
      "left_heel",  "right_big_toe", "right_small_toe", "right_heel"};
  return kNames;
}

Result<std::vector<Pose>> openpose_poses(const Json& json, std::optional<Skeleton>& skeleton) {
  const Json* people = json.find("people");
  if (people == nullptr || !people->is_array()) return malformed("not of OpenPose: it has no array \"people\"");
  std::vector<Pose> poses;
  for (std::size_t i = 0; i < people->as_array().size(); ++i) {
    const std::string where = "people[" + std::to_string(i) + "]";
    const Json& person = people->as_array()[i];
    const auto numbers = person.numbers("pose_keypoints_2d");
    if (!numbers.ok()) return numbers.error().prefixed(where);
    const std::size_t joints = numbers->size() / 3;
    if (joints == 0 || numbers->size() % 3 != 0 || joints > kMaxJoints) {
      return malformed(where + ".pose_keypoints_2d must be three numbers a joint");
    }
    if (!skeleton) {
      if (joints == body25_joints().size()) {
        POISE_TRY(skeleton, skeleton_of_joints(body25_joints()));
      } else if (joints == 18) {
        POISE_TRY(skeleton, find_skeleton("openpose18"));
      } else {
        return invalid_argument(where + " has " + std::to_string(joints) +
                                " joints, neither BODY_25 nor COCO's 18: name their skeleton");
      }
    }
    if (joints != skeleton->joints.size()) {
      return malformed(where + " has " + std::to_string(joints) + " joints, skeleton " + skeleton->name + " has " +
                       std::to_string(skeleton->joints.size()));
    }
    Pose pose;
    double sum = 0;
    for (std::size_t j = 0; j < joints; ++j) {
      const double* xys = numbers->data() + 3 * j;
      if (!(std::abs(xys[0]) < 1e9 && std::abs(xys[1]) < 1e9 && std::abs(xys[2]) < 1e9)) {
        return malformed(where + ".pose_keypoints_2d: joint " + std::to_string(j) + " is no pixel");
      }
      const bool missing = xys[0] == 0 && xys[1] == 0 && xys[2] == 0;
      pose.keypoints.push_back(
          missing ? not_found_keypoint()
                  : Keypoint{{static_cast<float>(xys[0]), static_cast<float>(xys[1])}, static_cast<float>(xys[2])});
      sum += xys[2];
    }
    pose.score = static_cast<float>(sum / static_cast<double>(joints));  // OpenPose gives persons no score
    poses.push_back(std::move(pose));
  }
  return poses;
}

Status add_poses_json(const Json& json, PoseSet& set) {
  POISE_TRY(FrameResult frame, parse_poses_json(json));
  const Json* skeleton = json.find("skeleton");
  POISE_TRY(const auto names, joint_names(*skeleton));
  POISE_TRY(Skeleton own, skeleton_of_joints(names, limbs_of(*skeleton, names.size())));
  if (set.images.empty()) {
    set.skeleton = std::move(own);
  } else if (!(own == set.skeleton)) {
    return malformed("its joints are others than those of the pictures before");
  }
  PoseSet::Image& image = set.images.emplace_back();
  image.id = frame.image_id;
  image.name = frame.source;
  image.width = frame.width;
  image.height = frame.height;
  image.poses = std::move(frame.poses);
  return {};
}

}  // namespace poise
