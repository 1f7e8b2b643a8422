#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/json_flag.h"
#include "flags/world_flags.h"
#include "poise/base/counted.h"
#include "poise/base/version.h"
#include "poise/formats/calibration.h"
#include "poise/lift/adjust_cameras.h"
#include "poise/lift/triangulate_videos.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::vector<std::string> videos;
  std::string calibration, adjusted, up = "z", json;
  WorldFlags world;
  TriangulateVideosOptions work;
  bool adjust = false, quiet = false;
};

/// Each file is of the camera whose name is in its own, or, where that does not tell, of the one in its place.
Result<std::vector<std::size_t>> camera_of_each(const std::vector<std::string>& files,
                                                const std::vector<Camera>& cameras) {
  std::vector<std::size_t> chosen;
  for (const std::string& file : files) {
    const std::string name = std::filesystem::path(file).filename().string();
    std::vector<std::size_t> named;
    for (std::size_t c = 0; c < cameras.size(); ++c) {
      const bool is_new = std::find(chosen.begin(), chosen.end(), c) == chosen.end();
      if (is_new && !cameras[c].name.empty() && name.find(cameras[c].name) != std::string::npos) named.push_back(c);
    }
    if (named.size() != 1) {
      chosen.clear();
      break;
    }
    chosen.push_back(named[0]);
  }
  if (!chosen.empty()) return chosen;
  if (files.size() != cameras.size()) {
    std::string names;
    for (const Camera& camera : cameras) names += " " + camera.name;
    return invalid_argument("the calibration has " + counted(cameras.size(), "camera") + " (" + names.substr(1) +
                            "), and " + counted(files.size(), "file") +
                            " of poses are given: name each file after its camera, or give one a camera in order");
  }
  for (std::size_t c = 0; c < cameras.size(); ++c) chosen.push_back(c);
  return chosen;
}

std::string pixels(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

Json summary(const Options& o, const std::vector<Camera>& cameras, const TriangulatedVideos& found) {
  Json json = Json::Object{{"poise", kVersion},
                           {"frames", static_cast<std::int64_t>(found.set.frames.size())},
                           {"people", static_cast<std::int64_t>(found.people)},
                           {"median_error_px", found.median_error},
                           {"sightings", static_cast<std::int64_t>(found.sightings)},
                           {"poses_alone", static_cast<std::int64_t>(found.alone)}};
  Json list = Json::array();
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    list.push(Json::Object{{"name", cameras[c].name},
                           {"poses", o.videos[c]},
                           {"median_error_px", found.cameras[c].median_error},
                           {"sightings", static_cast<std::int64_t>(found.cameras[c].sightings)},
                           {"left_out", static_cast<std::int64_t>(found.cameras[c].left_out)}});
  }
  json.set("cameras", std::move(list));
  return json;
}

void print(const std::vector<Camera>& cameras, const TriangulatedVideos& found) {
  std::printf("%s, %s followed, reprojection error %s px in the median of %zu sightings\n",
              counted(found.set.frames.size(), "frame").c_str(), counted(found.people, "person", "people").c_str(),
              pixels(found.median_error).c_str(), found.sightings);
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    std::printf("  %-18s %8s px, %zu of %zu joints left out\n", shown(cameras[c].name).c_str(),
                pixels(found.cameras[c].median_error).c_str(), found.cameras[c].left_out, found.cameras[c].sightings);
  }
}

Status adjust(const Options& o, std::vector<Camera>& cameras, const std::vector<PoseFrames>& videos, Json& json,
              Console& console) {
  TriangulateVideosOptions wide = o.work;
  wide.triangulate.max_error *= 2;  // cameras that are off disagree more
  POISE_TRY(const std::vector<SeenPoint> points, seen_points(cameras, videos, wide));
  POISE_TRY(AdjustedCameras adjusted, adjust_cameras(cameras, points));
  console.note("cameras adjusted: error " + pixels(adjusted.error_before) + " px before, " +
               pixels(adjusted.error_after) + " px after (root mean square)");
  json = Json::Object{{"error_before_px", adjusted.error_before}, {"error_after_px", adjusted.error_after}};
  cameras = std::move(adjusted.cameras);
  if (o.adjusted.empty()) return {};
  return put_text(o.adjusted, calibration_toml(cameras));
}

Status run(Options& o, Console& console) {
  POISE_RETURN_IF_ERROR(one_dash(o.videos));
  POISE_TRY(const std::string calibration, input_path(o.calibration));
  POISE_TRY(const std::vector<Camera> all, read_calibration(calibration));
  POISE_TRY(const auto chosen, camera_of_each(o.videos, all));
  std::vector<Camera> cameras;
  std::vector<PoseFrames> videos;
  for (std::size_t i = 0; i < o.videos.size(); ++i) {
    cameras.push_back(all[chosen[i]]);
    POISE_TRY(PoseFrames video, o.world.read(o.videos[i], console));
    videos.push_back(std::move(video));
  }
  o.work.up = *up_axis_by_name(o.up.c_str());
  Json adjusted;
  if (o.adjust || !o.adjusted.empty()) POISE_RETURN_IF_ERROR(adjust(o, cameras, videos, adjusted, console));
  POISE_TRY(TriangulatedVideos found, triangulate_videos(cameras, videos, o.work));
  found.set.frames_per_second = o.world.rate;
  Json json = summary(o, cameras, found);
  if (!adjusted.is_null()) json.set("adjusted", adjusted);
  Provenance provenance;
  provenance.settings = json;
  POISE_TRY(const auto files, o.world.write(found.set, provenance));
  const bool aloud = o.json != "-" && !o.quiet;
  if (aloud) print(cameras, found);
  put_files(files, json, aloud);
  if (found.alone > 0) console.note(counted(found.alone, "pose was", "poses were") + " met by no other camera's");
  return put_json(json, o.json);
}

}  // namespace

Action make_triangulate(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command
      .add_option("poses", o->videos, "2-D poses of each camera's video, as track writes them; or what predict wrote")
      ->required()
      ->expected(2, -1)
      ->type_name("POSES");
  command.add_option("--calibration", o->calibration, "the cameras: Pose2Sim's Calib.toml, or Qualisys' XML")
      ->required()
      ->type_name("FILE");
  o->world.add_to(command);
  command.add_option("--min-score", o->work.min_score, "joints below are not looked at")
      ->check(within(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--max-error", o->work.triangulate.max_error,
                  "pixels, root mean square, over which cameras that disagree are left out")
      ->check(above_zero())
      ->capture_default_str();
  command.add_option("--min-cameras", o->work.triangulate.min_cameras, "that must agree on a joint")
      ->check(CLI::Range(2, 1024))
      ->capture_default_str();
  command.add_flag("--adjust", o->adjust,
                   "mend where cameras stand and look by what they see (bundle adjustment) first");
  command.add_option("--save-calibration", o->adjusted, "adjust, and write the mended calibration, as Pose2Sim's")
      ->type_name("FILE");
  command.add_option("--up", o->up, "the calibration's axis that points up: y, -y or z")
      ->check(one_of({"y", "-y", "z"}))
      ->capture_default_str();
  add_json_option(command, o->json);
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  command.footer(
      "The cameras run together: frames of one number are of one moment. A file is of the camera whose name is in its "
      "own.\n"
      "Example:\n  poise triangulate cam01.jsonl cam02.jsonl cam03.jsonl --calibration Calib.toml --format trc "
      "--format bvh");
  return [o] {
    Console console(o->quiet);
    const Status status = run(*o, console);
    if (status.ok()) return 0;
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
