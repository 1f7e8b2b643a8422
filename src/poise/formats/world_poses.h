#pragma once
// Poses in space, in metres: JSON Lines of ours and arrays of others in; ours, CSV, OpenSim's markers (TRC) and
// Biovision's motion (BVH) out. docs/formats.md shows each. The list is constant, the functions have no state:
// thread-safe.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/formats/writers.h"
#include "poise/person/world_pose.h"

namespace poise {

struct WorldPoseSet {
  Skeleton skeleton;
  bool named = true;  // false: an array's joints, "joint0" and so on
  UpAxis up = UpAxis::kZ;
  double frames_per_second = 30;  // where the frames' times do not say it
  std::vector<WorldFrame> frames;
};

/// By content: JSON Lines that write_world_poses() made; a NumPy array (.npy) or JSON array of shape (frames, joints,
/// 3), (joints, 3), or an object whose "poses" is one. `metres`: of one unit of an array's; ours say theirs. Errors:
/// kNotFound, kIo, kMalformed (naming line or entry), kTooLarge (1 GiB); messages start with the path.
Result<WorldPoseSet> read_world_poses(const std::filesystem::path& path, double metres = 1);
/// Of a text in memory; JSON alone.
Result<WorldPoseSet> parse_world_poses(std::string_view text, double metres = 1);

struct WorldFormat {
  const char* name;    // "trc"
  const char* what;    // one line, for people
  const char* ending;  // ".trc"
  bool file_a_person;  // stem_person1.trc, stem_person2.trc, ...
};
/// jsonl csv trc bvh.
std::span<const WorldFormat> world_formats();
/// Errors: kNotFound, listing the names.
Result<WorldFormat> find_world_format(std::string_view name);

/// Writes `stem` + ending, or a file for each person that has a track_id, atomically; gives the files. Errors: kIo;
/// kUnsupported (bvh of a skeleton without hips or shoulders).
Result<std::vector<std::filesystem::path>> write_world_poses(const WorldPoseSet& set, const Provenance& provenance,
                                                             const WorldFormat& format,
                                                             const std::filesystem::path& stem);

}  // namespace poise
