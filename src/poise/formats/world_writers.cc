#include "poise/formats/world_writers.h"

#include <array>
#include <cstdio>
#include <map>

#include "poise/base/check.h"
#include "poise/base/version.h"
#include "poise/formats/csv_text.h"
#include "poise/formats/pose_readers.h"
#include "poise/formats/trc_text.h"

namespace poise {
namespace {

/// Metres to a hundredth of a millimetre, written with as many digits as that needs.
double rounded(double metres) { return std::round(metres * 1e5) / 1e5; }

Json keypoints_json(const WorldPose& pose) {
  Json keypoints = Json::array();
  for (const WorldKeypoint& joint : pose.keypoints) {
    const Point3 p = joint.point;
    if (!is_finite(p)) {
      keypoints.push(nullptr);
    } else {
      keypoints.push(Json::Array{rounded(p.x), rounded(p.y), rounded(p.z), joint.score});
    }
  }
  return keypoints;
}

/// Nothing where no joint has one: what is lifted has none.
Json errors_json(const WorldPose& pose) {
  Json errors = Json::array();
  bool any = false;
  for (const WorldKeypoint& joint : pose.keypoints) {
    const bool known = joint.error >= 0;
    any = any || known;
    errors.push(known ? Json(std::round(joint.error * 100) / 100) : Json(nullptr));
  }
  return any ? errors : Json(nullptr);
}

std::string lines_of(const WorldPoseSet& set, const Provenance& provenance) {
  const Json first =
      Json::Object{{"poise_world_poses", 1},
                   {"poise_version", kVersion},
                   {"unit", "m"},
                   {"up", name_of(set.up)},
                   {"frames_per_second", set.frames_per_second},
                   {"model", Json::Object{{"file", provenance.model}, {"sha256", provenance.model_hash}}},
                   {"settings", provenance.settings},
                   {"skeleton", skeleton_json(set.skeleton)}};
  std::string text = first.dump() + "\n";
  for (const WorldFrame& frame : set.frames) {
    Json persons = Json::array();
    for (const WorldPose& pose : frame.poses) {
      Json person = Json::object();
      if (pose.track_id) person.set("track_id", *pose.track_id);
      person.set("score", pose.score);
      person.set("keypoints", keypoints_json(pose));
      if (Json errors = errors_json(pose); !errors.is_null()) person.set("errors", std::move(errors));
      persons.push(std::move(person));
    }
    text +=
        Json(Json::Object{{"frame", frame.index}, {"seconds", frame.seconds}, {"persons", std::move(persons)}}).dump() +
        "\n";
  }
  return text;
}

std::string csv_of(const WorldPoseSet& set) {
  std::string text = "frame,seconds,id,score,joint,x,y,z,joint_score,error\n";
  const auto metres = [](double value) { return std::isfinite(value) ? Json(rounded(value)).dump() : std::string(); };
  for (const WorldFrame& frame : set.frames) {
    const std::string time = std::to_string(frame.index) + "," + Json(frame.seconds).dump() + ",";
    for (const WorldPose& pose : frame.poses) {
      const std::string id = pose.track_id ? std::to_string(*pose.track_id) : "";
      for (std::size_t i = 0; i < pose.keypoints.size(); ++i) {
        const WorldKeypoint& joint = pose.keypoints[i];
        text += time + id + "," + csv_number(pose.score) + "," + csv_field(set.skeleton.joints[i].name) + "," +
                metres(joint.point.x) + "," + metres(joint.point.y) + "," + metres(joint.point.z) + "," +
                csv_number(joint.score) + "," + (joint.error >= 0 ? csv_number(joint.error) : "") + "\n";
      }
    }
  }
  return text;
}

std::vector<WorldTrack> tracks_of(const WorldPoseSet& set) {
  std::map<int, std::map<std::size_t, const WorldPose*>> people;
  for (std::size_t f = 0; f < set.frames.size(); ++f) {
    for (const WorldPose& pose : set.frames[f].poses) {
      if (pose.track_id) people[*pose.track_id][f] = &pose;
    }
  }
  std::vector<WorldTrack> tracks;
  const double span = set.frames.size() < 2 ? 0 : set.frames.back().seconds - set.frames.front().seconds;
  for (const auto& [id, poses] : people) {
    WorldTrack& track = tracks.emplace_back();
    track.id = id;
    track.frames_per_second = span > 0 ? static_cast<double>(set.frames.size() - 1) / span : set.frames_per_second;
    for (std::size_t f = poses.begin()->first; f <= poses.rbegin()->first; ++f) {
      const auto found = poses.find(f);
      track.moments.push_back(
          {set.frames[f].index, set.frames[f].seconds, found == poses.end() ? nullptr : found->second});
    }
  }
  return tracks;
}

constexpr std::array<WorldFormat, 4> kFormats{
    {{"jsonl", "JSON Lines of ours, a line a frame, in metres", ".jsonl", false},
     {"csv", "a line a joint, in metres", ".csv", false},
     {"trc", "OpenSim's markers, metres, y up, a file a person", ".trc", true},
     {"bvh", "Biovision's motion, centimetres, y up, a file a person", ".bvh", true}}};

}  // namespace

std::string world_trc(const WorldPoseSet& set, const WorldTrack& track, const std::string& name) {
  std::string text = trc_header(set.skeleton, {name, "m", track.frames_per_second, track.moments.size(),
                                               track.moments.empty() ? 0 : track.moments.front().frame});
  const Matrix3 y_up = y_up_from(set.up);
  for (const WorldTrack::Moment& moment : track.moments) {
    text += std::to_string(moment.frame) + "\t" + trc_number(moment.seconds);
    for (std::size_t j = 0; j < set.skeleton.joints.size(); ++j) {
      const bool seen = moment.pose != nullptr && is_finite(moment.pose->keypoints[j].point);
      const Point3 p = seen ? y_up * moment.pose->keypoints[j].point : Point3{};
      text += seen ? "\t" + trc_number(p.x) + "\t" + trc_number(p.y) + "\t" + trc_number(p.z) : "\t\t\t";
    }
    text += "\n";
  }
  return text;
}

std::span<const WorldFormat> world_formats() { return kFormats; }

Result<WorldFormat> find_world_format(std::string_view name) {
  std::string names;
  for (const WorldFormat& format : kFormats) {
    if (format.name == name) return format;
    names.append(" ").append(format.name);
  }
  return not_found("no format of poses in space is named \"" + std::string(name) + "\"; there are" + names);
}

Result<std::vector<std::filesystem::path>> write_world_poses(const WorldPoseSet& set, const Provenance& provenance,
                                                             const WorldFormat& format,
                                                             const std::filesystem::path& stem) {
  for (const WorldFrame& frame : set.frames) {
    for (const WorldPose& pose : frame.poses) POISE_CHECK(pose.keypoints.size() == set.skeleton.joints.size());
  }
  std::vector<std::filesystem::path> files;
  if (!format.file_a_person) {
    std::filesystem::path path = stem.string() + format.ending;
    const bool lines = std::string_view(format.name) == "jsonl";
    POISE_RETURN_IF_ERROR(write_file_atomic(path, lines ? lines_of(set, provenance) : csv_of(set)));
    files.push_back(std::move(path));
    return files;
  }
  for (const WorldTrack& track : tracks_of(set)) {
    std::filesystem::path path = stem.string() + "_person" + std::to_string(track.id) + format.ending;
    std::string text;
    if (std::string_view(format.name) == "trc") {
      text = world_trc(set, track, path.filename().string());
    } else {
      POISE_TRY(text, world_bvh(set, track));
    }
    POISE_RETURN_IF_ERROR(write_file_atomic(path, text));
    files.push_back(std::move(path));
  }
  return files;
}

}  // namespace poise
