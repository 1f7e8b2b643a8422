#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "poise/base/check.h"
#include "poise/base/counted.h"
#include "poise/base/version.h"
#include "poise/formats/output_formats.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

constexpr std::int64_t kSchema = 1;

/// `number`: of the person in its picture, from 1.
Json person_json(const Pose& pose, std::size_t number) {
  Json person = Json::object();
  if (!pose.track_id) person.set("id", static_cast<std::int64_t>(number));
  person.set("score", pose.score);
  person.set("box", Json::Array{pose.box.x, pose.box.y, pose.box.width, pose.box.height});
  person.set("box_score", pose.box_score);
  if (pose.track_id) person.set("track_id", *pose.track_id);
  Json keypoints = Json::array();
  for (const Keypoint& keypoint : pose.keypoints) {
    keypoints.push(Json::Array{keypoint.point.x, keypoint.point.y, keypoint.score});
  }
  person.set("keypoints", std::move(keypoints));
  return person;
}

Result<float> to_float(const Json* json, const std::string& name) {
  if (json == nullptr || !json->is_number() ||
      std::abs(json->as_number()) > static_cast<double>(std::numeric_limits<float>::max())) {
    return malformed(name + " must be a finite number");
  }
  return static_cast<float>(json->as_number());
}

template <std::size_t kCount>
Result<std::array<float, kCount>> to_floats(const Json* json, const std::string& name) {
  if (json == nullptr || !json->is_array() || json->as_array().size() != kCount) {
    return malformed(name + " must be " + std::to_string(kCount) + " numbers");
  }
  std::array<float, kCount> result{};
  for (std::size_t i = 0; i < kCount; ++i) {
    POISE_TRY(result[i], to_float(&json->as_array()[i], name + "[" + std::to_string(i) + "]"));
  }
  return result;
}

Result<int> to_int(const Json* json, const std::string& name, int low, int high) {
  if (json == nullptr || !json->is_integer() || json->as_integer() < low || json->as_integer() > high) {
    return malformed(name + " must be an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<int>(json->as_integer());
}

Result<std::string> to_text(const Json* json, const std::string& name) {
  if (json == nullptr || !json->is_string()) return malformed(name + " must be a string");
  return json->as_string();
}

Result<Pose> parse_person(const Json& json, const std::string& name, std::size_t joints) {
  Pose pose;
  POISE_TRY(pose.score, to_float(json.find("score"), name + ".score"));
  POISE_TRY(pose.box_score, to_float(json.find("box_score"), name + ".box_score"));
  POISE_TRY(const auto box, to_floats<4>(json.find("box"), name + ".box"));
  pose.box = {box[0], box[1], box[2], box[3]};
  if (const Json* track = json.find("track_id"); track != nullptr) {
    constexpr int kMin = std::numeric_limits<int>::min();
    POISE_TRY(pose.track_id, to_int(track, name + ".track_id", kMin, std::numeric_limits<int>::max()));
  }
  const Json* keypoints = json.find("keypoints");
  if (keypoints == nullptr || !keypoints->is_array() || keypoints->as_array().size() != joints) {
    return malformed(name + ".keypoints must be " + counted(joints, "triplet") + ", one a joint of the skeleton");
  }
  for (std::size_t i = 0; i < joints; ++i) {
    const std::string joint = name + ".keypoints[" + std::to_string(i) + "]";
    POISE_TRY(const auto values, to_floats<3>(&keypoints->as_array()[i], joint));
    pose.keypoints.push_back({{values[0], values[1]}, values[2]});
  }
  return pose;
}

Result<std::vector<Pose>> parse_persons(const Json& json, std::size_t joints) {
  const Json* persons = json.find("persons");
  if (persons == nullptr || !persons->is_array()) return malformed("persons must be an array");
  std::vector<Pose> poses;
  for (std::size_t i = 0; i < persons->as_array().size(); ++i) {
    POISE_TRY(Pose pose, parse_person(persons->as_array()[i], "persons[" + std::to_string(i) + "]", joints));
    poses.push_back(std::move(pose));
  }
  return poses;
}

Status parse_image(const Json* image, FrameResult& frame) {
  if (image == nullptr || !image->is_object()) return malformed("image must be an object");
  constexpr int kMax = std::numeric_limits<int>::max();
  POISE_TRY(frame.width, to_int(image->find("width"), "image.width", 0, kMax));
  POISE_TRY(frame.height, to_int(image->find("height"), "image.height", 0, kMax));
  POISE_TRY(frame.exif_orientation, to_int(image->find("exif_orientation"), "image.exif_orientation", 1, 8));
  const Json* applied = image->find("exif_applied");
  if (applied == nullptr || !applied->is_bool()) return malformed("image.exif_applied must be a boolean");
  frame.exif_applied = applied->as_bool();
  if (const Json* id = image->find("image_id"); id != nullptr) {
    if (!id->is_integer()) return malformed("image.image_id must be an integer");
    frame.image_id = id->as_integer();
  }
  return {};
}

}  // namespace

Json skeleton_json(const Skeleton& skeleton) {
  Json joints = Json::array();
  for (const Joint& joint : skeleton.joints) joints.push(joint.name);
  Json limbs = Json::array();
  for (const Limb& limb : skeleton.limbs) limbs.push(Json::Array{limb.from, limb.to});
  return Json::Object{{"name", skeleton.name}, {"joints", std::move(joints)}, {"limbs", std::move(limbs)}};
}

Json persons_json(const FrameResult& frame, std::size_t joints) {
  Json persons = Json::array();
  for (const Pose& pose : frame.poses) {
    POISE_CHECK(pose.keypoints.size() == joints);
    persons.push(person_json(pose, persons.as_array().size() + 1));
  }
  return persons;
}

Json poses_json(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance) {
  Json image = Json::Object{{"width", frame.width},
                            {"height", frame.height},
                            {"exif_orientation", frame.exif_orientation},
                            {"exif_applied", frame.exif_applied}};
  if (frame.image_id) image.set("image_id", *frame.image_id);
  return Json::Object{{"poise_poses", kSchema},
                      {"poise_version", kVersion},
                      {"source", frame.source},
                      {"image", std::move(image)},
                      {"box_source", frame.box_source},
                      {"model", Json::Object{{"file", provenance.model}, {"sha256", provenance.model_hash}}},
                      {"settings", provenance.settings},
                      {"skeleton", skeleton_json(skeleton)},
                      {"persons", persons_json(frame, skeleton.joints.size())}};
}

Result<FrameResult> parse_poses_json(const Json& json) {
  if (!json.is_object() || json.find("poise_poses") == nullptr) {
    return malformed("not a poses file: it has no member \"poise_poses\"");
  }
  const Json& schema = *json.find("poise_poses");
  if (!schema.is_integer() || schema.as_integer() != kSchema) {
    return malformed("poise_poses is " + schema.dump() + ", this version reads 1: a newer poise wrote it?");
  }
  FrameResult frame;
  POISE_TRY(frame.source, to_text(json.find("source"), "source"));
  POISE_TRY(frame.box_source, to_text(json.find("box_source"), "box_source"));
  POISE_RETURN_IF_ERROR(parse_image(json.find("image"), frame));
  const Json* skeleton = json.find("skeleton");
  const Json* joints = skeleton == nullptr ? nullptr : skeleton->find("joints");
  if (joints == nullptr || !joints->is_array()) return malformed("skeleton.joints must be an array");
  POISE_TRY(frame.poses, parse_persons(json, joints->as_array().size()));
  return frame;
}

Result<TimedFrame> parse_frame_json(const Json& json, std::size_t joints) {
  if (!json.is_object()) return malformed(std::string("a frame must be an object, it is ") + json.kind());
  TimedFrame frame;
  const Json* index = json.find("frame");
  if (index == nullptr || !index->is_integer() || index->as_integer() < 0)
    return malformed("frame must be an integer from 0 on");
  frame.index = index->as_integer();
  constexpr int kMax = std::numeric_limits<int>::max();
  const Json* seconds = json.find("seconds");
  if (seconds == nullptr || !seconds->is_number() || !std::isfinite(seconds->as_number())) {
    return malformed("seconds must be a finite number");
  }
  frame.seconds = seconds->as_number();
  POISE_TRY(frame.result.width, to_int(json.find("width"), "width", 0, kMax));
  POISE_TRY(frame.result.height, to_int(json.find("height"), "height", 0, kMax));
  POISE_TRY(frame.result.poses, parse_persons(json, joints));
  return frame;
}

namespace {

/// JSON Lines: the first says what follows, skeleton, model and settings; then a line a frame.
class PoiseSequence final : public TextSequence {
 public:
  static constexpr const char* kEnding = ".jsonl";
  using TextSequence::TextSequence;

 private:
  std::string begin() override {
    const Json first = poses_json({}, target().skeleton, target().provenance);
    Json line = Json::object();
    for (const char* name : {"poise_poses", "poise_version", "model", "settings", "skeleton"}) {
      if (const Json* member = first.find(name); member != nullptr) line.set(name, *member);
    }
    return line.dump() + "\n";
  }

  std::string of_frame(const TimedFrame& frame) override {
    Json persons = persons_json(frame.result, target().skeleton.joints.size());
    for (std::size_t i = 0; i < frame.result.poses.size(); ++i) {
      const std::vector<int>* filled = frame.filled_of(frame.result.poses[i]);
      if (filled != nullptr) persons.as_array()[i].set("filled", Json(Json::Array(filled->begin(), filled->end())));
    }
    const Json line = Json::Object{{"frame", frame.index},
                                   {"seconds", frame.seconds},
                                   {"width", frame.result.width},
                                   {"height", frame.result.height},
                                   {"persons", std::move(persons)}};
    return line.dump() + "\n";
  }
};

std::string text_of(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                    float /*min_score*/) {
  return poses_json(frame, skeleton, provenance).dump(1) + "\n";
}

std::string line_of(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                    float /*min_score*/, bool /*is_first*/) {
  return poses_json(frame, skeleton, provenance).dump() + "\n";
}

}  // namespace

OutputFormat poise_format() {
  return {"poise",
          "JSON with all settings, a file a picture; of a video JSON Lines, a line a frame",
          {.suffix = ".poses.json", .of_picture = text_of, .in_stream = line_of},
          open_text<PoiseSequence>};
}

}  // namespace poise
