#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>
#include <utility>

#include "poise/base/counted.h"
#include "poise/formats/pose_readers.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

constexpr std::size_t kMaxJoints = 4096;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

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
        return invalid_argument(where + " has " + counted(joints, "joint") +
                                ", neither BODY_25 nor COCO's 18: name their skeleton");
      }
    }
    if (joints != skeleton->joints.size()) {
      return malformed(where + " has " + counted(joints, "joint") + ", skeleton " + skeleton->name + " has " +
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

namespace {

/// Of the first picture or video, and of all that follow.
Status take_skeleton(const Json& json, PoseSet& set) {
  POISE_TRY(Skeleton own, written_skeleton(json));
  if (set.images.empty()) {
    set.skeleton = std::move(own);
  } else if (!(own == set.skeleton)) {
    return malformed("its joints are others than those of the pictures before");
  }
  return {};
}

void add_frame(FrameResult frame, PoseSet& set) {
  PoseSet::Image& image = set.images.emplace_back();
  image.id = frame.image_id;
  image.name = std::move(frame.source);
  image.width = frame.width;
  image.height = frame.height;
  image.poses = std::move(frame.poses);
}

}  // namespace

Result<Skeleton> written_skeleton(const Json& json) {
  const Json* skeleton = json.find("skeleton");
  if (skeleton == nullptr) return malformed("skeleton is missing");
  POISE_TRY(const auto names, joint_names(*skeleton));
  return skeleton_of_joints(names, limbs_of(*skeleton, names.size()));
}

std::string_view take_line(std::string_view& text, std::size_t& number) {
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) return line;
  }
  return {};
}

Status add_poses_json(const Json& json, PoseSet& set) {
  POISE_TRY(FrameResult frame, parse_poses_json(json));
  POISE_RETURN_IF_ERROR(take_skeleton(json, set));
  add_frame(std::move(frame), set);
  return {};
}

bool is_json_lines(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::size_t number = 0;
  const std::string_view line = take_line(text, number);
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] != '{') return false;
  const auto json = parse_json(line);
  if (!json.ok() || json->find("poise_poses") == nullptr) return false;
  return json->find("persons") == nullptr || !take_line(text, number).empty();
}

std::string frame_name(std::int64_t index) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "frame_%012lld", static_cast<long long>(index));
  return name.data();
}

Status add_poses_lines(std::string_view text, PoseSet& set) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::size_t joints = 0;  // of the video whose frames come
  std::size_t number = 0;
  const auto add = [&](std::string_view line) -> Status {
    POISE_TRY(const Json json, parse_json(line));
    if (json.find("poise_poses") == nullptr) {
      POISE_TRY(TimedFrame frame, parse_frame_json(json, joints));
      frame.result.source = frame_name(frame.index);
      frame.result.image_id = frame.index;
      add_frame(std::move(frame.result), set);
      return {};
    }
    if (json.find("persons") != nullptr) return add_poses_json(json, set);
    POISE_RETURN_IF_ERROR(take_skeleton(json, set));
    joints = set.skeleton.joints.size();
    return {};
  };
  for (std::string_view line = take_line(text, number); !line.empty(); line = take_line(text, number)) {
    const Status added = add(line);
    if (!added.ok()) return added.error().prefixed("line " + std::to_string(number));
  }
  return {};
}

}  // namespace poise
