#pragma once
// What triangulate and lift share: poses in, poses in space out.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "poise/formats/pose_frames.h"
#include "poise/formats/world_poses.h"

namespace poise::app {

struct WorldFlags {
  std::vector<std::string> formats{"jsonl"};
  std::string out = "poise-3d";

  void add_to(CLI::App& command);
  /// Writes each format to `out`, whose ending, where it is one of the formats', is left off; says what it wrote.
  /// Errors: those of write_world_poses; kInvalidArgument where a file that was read would be written over.
  Result<std::vector<std::string>> write(const WorldPoseSet& set, const Provenance& provenance) const;
};

/// Of one file or folder of 2-D poses, as given on the command line. Errors: those of read_pose_frames.
Result<PoseFrames> read_poses_given(const std::string& given, const std::string& skeleton, double frames_per_second);

}  // namespace poise::app
