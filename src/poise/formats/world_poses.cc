#include "poise/formats/world_poses.h"

#include <cmath>
#include <limits>

#include "poise/base/counted.h"
#include "poise/base/named.h"
#include "poise/formats/pose_readers.h"
#include "poise/tensor/npy.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30U;
constexpr double kFarAway = 1e9;
constexpr std::size_t kMaxJoints = 4096;

WorldKeypoint unknown_joint() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  return {{kNan, kNan, kNan}};
}

bool is_place(const Json& json) { return json.is_number() && std::abs(json.as_number()) < kFarAway; }

Result<WorldKeypoint> keypoint_of(const Json& json, const std::string& name, std::size_t numbers, double metres) {
  if (json.is_null()) return unknown_joint();
  const bool fits = json.is_array() && json.as_array().size() == numbers;
  const Json* at = fits ? json.as_array().data() : nullptr;
  if (fits && at[0].is_null() && at[1].is_null() && at[2].is_null()) return unknown_joint();
  bool finite = fits;
  for (std::size_t i = 0; i < numbers && finite; ++i) finite = is_place(at[i]);
  if (!finite) return malformed(name + " must be " + std::to_string(numbers) + " finite numbers, or null");
  WorldKeypoint joint;
  joint.point = metres * Point3{at[0].as_number(), at[1].as_number(), at[2].as_number()};
  joint.score = numbers > 3 ? static_cast<float>(at[3].as_number()) : 1.0F;
  return joint;
}

Result<WorldPose> pose_of(const Json& json, const std::string& name, std::size_t joints) {
  WorldPose pose;
  POISE_TRY(const double score, named(name, json.number("score")));
  pose.score = static_cast<float>(score);
  if (const Json* id = json.find("track_id"); id != nullptr) {
    if (!id->is_integer() || std::abs(id->as_integer()) > std::numeric_limits<int>::max()) {
      return malformed(name + ".track_id must be an integer");
    }
    pose.track_id = static_cast<int>(id->as_integer());
  }
  const Json* keypoints = json.find("keypoints");
  if (keypoints == nullptr || !keypoints->is_array() || keypoints->as_array().size() != joints) {
    return malformed(name + ".keypoints must have an entry for each of the " + counted(joints, "joint"));
  }
  const Json* errors = json.find("errors");
  const bool with_errors = errors != nullptr && errors->is_array() && errors->as_array().size() == joints;
  for (std::size_t i = 0; i < joints; ++i) {
    POISE_TRY(WorldKeypoint joint,
              keypoint_of(keypoints->as_array()[i], name + ".keypoints[" + std::to_string(i) + "]", 4, 1));
    if (with_errors && errors->as_array()[i].is_number()) {
      joint.error = static_cast<float>(errors->as_array()[i].as_number());
    }
    pose.keypoints.push_back(joint);
  }
  return pose;
}

Status read_first(const Json& json, WorldPoseSet& set) {
  const Json& schema = *json.find("poise_world_poses");
  if (!schema.is_integer() || schema.as_integer() != 1) {
    return malformed("poise_world_poses is " + schema.dump() + ", this version reads 1: a newer poise wrote it?");
  }
  POISE_TRY(const std::string unit, json.string("unit"));
  if (unit != "m") return unsupported("unit is \"" + unit + "\": only metres, \"m\", are read");
  POISE_TRY(const std::string up, json.string("up"));
  const auto axis = up_axis_by_name(up.c_str());
  if (!axis) return malformed("up is \"" + up + "\": y, -y or z");
  set.up = *axis;
  if (json.find("frames_per_second") != nullptr) {
    POISE_TRY(set.frames_per_second, json.number("frames_per_second"));
    if (!(set.frames_per_second > 0)) return malformed("frames_per_second must be above 0");
  }
  POISE_TRY(set.skeleton, written_skeleton(json));
  return {};
}

Status read_frame(const Json& json, WorldPoseSet& set) {
  WorldFrame& frame = set.frames.emplace_back();
  POISE_TRY(frame.index, json.integer("frame"));
  POISE_TRY(frame.seconds, json.number("seconds"));
  const Json* persons = json.find("persons");
  if (persons == nullptr || !persons->is_array()) return malformed("persons must be an array");
  for (std::size_t i = 0; i < persons->as_array().size(); ++i) {
    POISE_TRY(WorldPose pose,
              pose_of(persons->as_array()[i], "persons[" + std::to_string(i) + "]", set.skeleton.joints.size()));
    frame.poses.push_back(std::move(pose));
  }
  return {};
}

Result<WorldPoseSet> lines_from(std::string_view text) {
  WorldPoseSet set;
  std::size_t number = 0;
  bool first = true;
  for (std::string_view line = take_line(text, number); !line.empty(); line = take_line(text, number)) {
    const auto read = [&]() -> Status {
      POISE_TRY(const Json json, parse_json(line));
      if (std::exchange(first, false)) return read_first(json, set);
      return read_frame(json, set);
    }();
    if (!read.ok()) return read.error().prefixed("line " + std::to_string(number));
  }
  return set;
}

/// A set of joints without names, one person, frame after frame.
Result<WorldPoseSet> unnamed(std::size_t joints) {
  if (joints == 0 || joints > kMaxJoints) return malformed("there must be 1 to 4096 joints");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < joints; ++i) names.push_back("joint" + std::to_string(i));
  WorldPoseSet set;
  POISE_TRY(set.skeleton, skeleton_of_joints(names));
  set.named = false;
  return set;
}

WorldPose& add_person(WorldPoseSet& set) {
  WorldFrame& frame = set.frames.emplace_back();
  frame.index = static_cast<std::int64_t>(set.frames.size()) - 1;
  frame.seconds = static_cast<double>(frame.index) / set.frames_per_second;
  WorldPose& pose = frame.poses.emplace_back();
  pose.score = 1;
  pose.track_id = 1;
  return pose;
}

Result<WorldPoseSet> array_from(const Json& json, double metres) {
  constexpr const char* kWanted = "poses must be an array of shape (frames, joints, 3) or (joints, 3)";
  const Json* list = json.is_object() ? json.find("poses") : &json;
  const auto inner = [](const Json* of) {
    return of != nullptr && of->is_array() && !of->as_array().empty() ? &of->as_array()[0] : nullptr;
  };
  const Json *row = inner(list), *joint = inner(row);
  if (joint == nullptr) return malformed(kWanted);
  const bool single = !joint->is_array() && !joint->is_null();
  const Json frames = single ? Json(Json::Array{*list}) : *list;
  POISE_TRY(WorldPoseSet set, unnamed((single ? *list : *row).as_array().size()));
  const std::size_t joints = set.skeleton.joints.size();
  for (const Json& frame : frames.as_array()) {
    const std::string name = "poses[" + std::to_string(set.frames.size()) + "]";
    if (!frame.is_array() || frame.as_array().size() != joints) {
      return malformed(name + " must have " + counted(joints, "joint") + ", as the first has");
    }
    WorldPose& pose = add_person(set);
    for (std::size_t i = 0; i < joints; ++i) {
      POISE_TRY(const WorldKeypoint point,
                keypoint_of(frame.as_array()[i], name + "[" + std::to_string(i) + "]", 3, metres));
      pose.keypoints.push_back(point);
    }
  }
  return set;
}

Result<WorldPoseSet> array_from(const Tensor& tensor, double metres) {
  const Shape& shape = tensor.shape();
  const bool single = shape.size() == 2;
  if ((shape.size() != 3 && !single) || shape.back() != 3 || tensor.count() == 0) {
    return malformed("the array is " + to_string(shape) + ", it must be (frames, joints, 3) or (joints, 3)");
  }
  if (tensor.type() != DType::kFloat32 && tensor.type() != DType::kFloat64) {
    return unsupported(std::string("the array holds ") + name_of(tensor.type()) + ": give float32 or float64");
  }
  POISE_TRY(WorldPoseSet set, unnamed(static_cast<std::size_t>(shape[shape.size() - 2])));
  const auto value = [&](std::size_t i) {
    return tensor.type() == DType::kFloat64 ? tensor.as<double>()[i] : static_cast<double>(tensor.as<float>()[i]);
  };
  std::size_t at = 0;
  for (std::int64_t f = 0; f < (single ? 1 : shape[0]); ++f) {
    WorldPose& pose = add_person(set);
    for (std::size_t i = 0; i < set.skeleton.joints.size(); ++i, at += 3) {
      const Point3 point = metres * Point3{value(at), value(at + 1), value(at + 2)};
      pose.keypoints.push_back(is_finite(point) ? WorldKeypoint{point, 1} : unknown_joint());
    }
  }
  return set;
}

}  // namespace

Result<WorldPoseSet> parse_world_poses(std::string_view text, double metres) {
  std::string_view rest = text;
  std::size_t number = 0;
  const std::string_view first = take_line(rest, number);
  if (const auto json = parse_json(first); json.ok() && json->find("poise_world_poses") != nullptr) {
    return lines_from(text);
  } else if (json.ok() && json->find("poise_poses") != nullptr) {
    return malformed("these are poses in pictures, of two dimensions: lift or triangulate them first");
  }
  POISE_TRY(const Json json, parse_json(text));
  return array_from(json, metres);
}

Result<WorldPoseSet> read_world_poses(const std::filesystem::path& path, double metres) {
  const auto read = [&]() -> Result<WorldPoseSet> {
    POISE_TRY(const Bytes bytes, read_file(path, kMaxBytes));
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (text.starts_with("\x93NUMPY")) {
      POISE_TRY(const Tensor tensor, parse_npy(bytes));
      return array_from(tensor, metres);
    }
    return parse_world_poses(text, metres);
  }();
  if (!read.ok()) return read.error().prefixed(path.string());
  return read;
}

}  // namespace poise
