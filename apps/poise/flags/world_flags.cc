#include "flags/world_flags.h"

#include "mat_helper.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

std::vector<std::string> format_names_of_space() {
  std::vector<std::string> names;
  for (const WorldFormat& format : world_formats()) names.emplace_back(format.name);
  return names;
}

}  // namespace

void WorldFlags::add_to(CLI::App& command) {
  std::string help = "more than once:";
  for (const WorldFormat& format : world_formats()) help += std::string("\n") + format.name + ": " + format.what;
  command.add_option("--format", formats, help)->check(one_of(format_names_of_space()))->allow_extra_args(false);
  command.add_option("-o,--out", out, "beginning of the files' names; an ending of a format is left off")
      ->capture_default_str();
}

Result<std::vector<std::string>> WorldFlags::write(const WorldPoseSet& set, const Provenance& provenance) const {
  std::filesystem::path stem = out;
  for (const WorldFormat& format : world_formats()) {
    if (stem.extension() == format.ending) {
      stem.replace_extension();
      break;
    }
  }
  std::vector<std::string> written;
  for (const std::string& name : formats) {
    POISE_TRY(const WorldFormat format, find_world_format(name));
    if (!format.file_a_person) POISE_RETURN_IF_ERROR(not_an_input(stem.string() + format.ending));
    POISE_TRY(const auto files, write_world_poses(set, provenance, format, stem));
    for (const auto& file : files) written.push_back(file.string());
  }
  return written;
}

Result<PoseFrames> read_poses_given(const std::string& given, const std::string& skeleton, double frames_per_second) {
  PoseReadOptions options{.hdf5 = read_mat_apart};
  if (!skeleton.empty()) {
    POISE_TRY(options.skeleton, find_skeleton(skeleton));
  }
  POISE_TRY(const std::string path, input_path(given));
  return read_pose_frames(path, options, frames_per_second);
}

}  // namespace poise::app
