#include "flags/world_flags.h"

#include <cstdio>
#include <utility>

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
  command.add_option("--skeleton", skeleton, "of the joints, where a file does not name them")
      ->check(that(find_skeleton));
  command.add_option("--rate", rate, "frames a second, of poses that have no times")
      ->check(above_zero())
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

Result<PoseFrames> WorldFlags::read(const std::string& given, Console& console) const {
  PoseReadOptions options{.hdf5 = read_mat_apart};
  if (!skeleton.empty()) {
    POISE_TRY(options.skeleton, find_skeleton(skeleton));
  }
  POISE_TRY(const std::string path, input_path(given));
  POISE_TRY(PoseFrames video, read_pose_frames(path, options, rate));
  for (const std::string& note : video.notes) console.note(note);
  return video;
}

void put_files(const std::vector<std::string>& files, Json& json, bool aloud) {
  Json list = Json::array();
  for (const std::string& file : files) {
    list.push(file);
    if (aloud) std::printf("  %s\n", shown(file).c_str());
  }
  json.set("files", std::move(list));
}

}  // namespace poise::app
