#include "poise/formats/sequence_formats.h"

#include <algorithm>
#include <array>

#include "poise/base/check.h"
#include "poise/formats/csv_text.h"
#include "poise/formats/mot.h"

namespace poise {
namespace {

/// A line that says what follows: skeleton, model, settings.
std::string poise_header(const Skeleton& skeleton, const Provenance& provenance) {
  Json first = poses_json({}, skeleton, provenance);
  Json line = Json::object();
  for (const char* name : {"poise_poses", "poise_version", "model", "settings", "skeleton"}) {
    if (const Json* member = first.find(name); member != nullptr) line.set(name, *member);
  }
  return line.dump() + "\n";
}

std::string poise_line(const TimedFrame& frame, const Skeleton& skeleton) {
  Json persons = persons_json(frame.result, skeleton.joints.size());
  for (std::size_t i = 0; i < frame.result.poses.size(); ++i) {
    const std::vector<int>* filled = frame.filled_of(frame.result.poses[i]);
    if (filled == nullptr) continue;
    persons.as_array()[i].set("filled", Json(Json::Array(filled->begin(), filled->end())));
  }
  const Json line = Json::Object{{"frame", frame.index},
                                 {"seconds", frame.seconds},
                                 {"width", frame.result.width},
                                 {"height", frame.result.height},
                                 {"persons", std::move(persons)}};
  return line.dump() + "\n";
}

std::string csv_first(const Skeleton& /*skeleton*/, const Provenance& /*provenance*/) {
  return "frame,seconds,id,score,joint,x,y,joint_score,filled\n";
}

std::string csv_lines(const TimedFrame& frame, const Skeleton& skeleton) {
  std::string text;
  const std::string time = std::to_string(frame.index) + "," + Json(frame.seconds).dump() + ",";
  for (const Pose& pose : frame.result.poses) {
    POISE_CHECK(pose.keypoints.size() == skeleton.joints.size());
    const std::vector<int>* filled = frame.filled_of(pose);
    const std::string id = pose.track_id ? std::to_string(*pose.track_id) : "";
    const std::string start = time + id + "," + csv_number(pose.score) + ",";
    for (std::size_t i = 0; i < pose.keypoints.size(); ++i) {
      const Keypoint& joint = pose.keypoints[i];
      const bool is_filled =
          filled != nullptr && std::binary_search(filled->begin(), filled->end(), static_cast<int>(i));
      text += start + csv_field(skeleton.joints[i].name) + "," + csv_number(joint.point.x) + "," +
              csv_number(joint.point.y) + "," + csv_number(joint.score) + "," + (is_filled ? "1" : "0") + "\n";
    }
  }
  return text;
}

std::string nothing(const Skeleton& /*skeleton*/, const Provenance& /*provenance*/) { return ""; }

std::string mot_lines(const TimedFrame& frame, const Skeleton& /*skeleton*/) {
  std::string text;
  for (const Pose& pose : frame.result.poses) {
    if (!pose.track_id) continue;  // a box without an id is no track
    text += mot_line(mot_row(frame.index + 1, *pose.track_id, pose.box, pose.box_score));
  }
  return text;
}

constexpr std::array kFormats{
    SequenceFormat{"poise", "JSON Lines: the skeleton and settings, then a line a frame", ".jsonl", poise_header,
                   poise_line},
    SequenceFormat{"csv", "a line a joint", ".csv", csv_first, csv_lines},
    SequenceFormat{"mot", "MOTChallenge's text: a box a line", ".txt", nothing, mot_lines},
};

}  // namespace

std::span<const SequenceFormat> sequence_formats() { return kFormats; }

Result<SequenceFormat> find_sequence_format(std::string_view name) {
  std::string names;
  for (const SequenceFormat& format : kFormats) {
    if (format.name == name) return format;
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  return Error{ErrorCode::kNotFound, "no format of videos is called \"" + std::string(name) + "\"; there are " + names};
}

Result<SequenceWriter> SequenceWriter::create(const std::filesystem::path& path, const SequenceFormat& format,
                                              const Skeleton& skeleton, const Provenance& provenance) {
  POISE_TRY(GrowingFile file, GrowingFile::create(path));
  SequenceWriter writer(path, format, skeleton, std::move(file));
  POISE_RETURN_IF_ERROR(writer.file_.append(format.header(skeleton, provenance)));
  return writer;
}

Status SequenceWriter::add(const TimedFrame& frame) { return file_.append(format_.of_frame(frame, skeleton_)); }
Status SequenceWriter::finish() { return file_.commit(); }

}  // namespace poise
