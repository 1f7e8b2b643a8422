#pragma once
// What triangulate and lift share: poses in, poses in space out.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "console.h"
#include "poise/formats/pose_frames.h"
#include "poise/formats/world_poses.h"

namespace poise::app {

struct WorldFlags {
  std::vector<std::string> formats{"jsonl"};
  std::string out = "poise-3d", skeleton;
  double rate = 30;  // frames a second

  void add_to(CLI::App& command);
  /// One file or folder of 2-D poses, as given on the command line; what there is to say of it goes to the console.
  /// Errors: those of read_pose_frames.
  Result<PoseFrames> read(const std::string& given, Console& console) const;
  /// Writes each format to `out`, whose ending, where it is one of the formats', is left off; says what it wrote.
  /// Errors: those of write_world_poses; kInvalidArgument where a file that was read would be written over.
  Result<std::vector<std::string>> write(const WorldPoseSet& set, const Provenance& provenance) const;
};

/// What was written: into a command's figures, as "files", and, with `aloud`, line by line on standard output.
void put_files(const std::vector<std::string>& files, Json& json, bool aloud);

}  // namespace poise::app
