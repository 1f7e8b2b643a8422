#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/json_flag.h"
#include "flags/world_flags.h"
#include "model_store.h"
#include "poise/base/counted.h"
#include "poise/base/version.h"
#include "poise/formats/calibration.h"
#include "poise/lift/lifter.h"
#include "poise/models/shipped.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string poses, model, camera, camera_name, json;
  WorldFlags world;
  LiftOptions lift;
  double focal = 0;
  int threads = 0;
  bool quiet = false;
};

/// The calibration's only camera, or the one named.
Result<Camera> camera_of(const Options& o) {
  POISE_TRY(const std::string path, input_path(o.camera));
  POISE_TRY(const std::vector<Camera> cameras, read_calibration(path));
  std::string names;
  for (const Camera& camera : cameras) {
    if (camera.name == o.camera_name || (o.camera_name.empty() && cameras.size() == 1)) return camera;
    names += " " + camera.name;
  }
  return usage_error((o.camera_name.empty() ? "the calibration has several cameras: choose one by --camera-name:"
                                            : "the calibration has no camera " + o.camera_name + ": there are") +
                     names);
}

Result<Camera> camera_for(const Options& o, const PoseFrames& video, Console& console) {
  if (!o.camera.empty()) return camera_of(o);
  const Size picture = picture_of(video);
  Camera camera = assumed_camera(picture);
  if (o.focal > 0) {
    camera.fx = camera.fy = o.focal;
  } else {
    console.note("no --camera: a focal length of " + std::to_string(static_cast<int>(camera.fx)) +
                 " pixels is assumed for pictures of " + std::to_string(picture.width) + "x" +
                 std::to_string(picture.height) + "; distances from the camera depend on it");
  }
  return camera;
}

Status run(const Options& o, Console& console) {
  POISE_TRY(OpenModel model, open_model(o.model, kShippedLifter));
  const std::string name = model.path.empty() ? model.name : model.path.filename().string();
  const Provenance provenance{name, model.onnx.hash, {}};
  auto lifter = Lifter::create(std::move(model.onnx), {.threads = o.threads});
  if (!lifter.ok()) return lifter.error().prefixed(name);
  POISE_TRY(const PoseFrames video, o.world.read(o.poses, console));
  POISE_TRY(const Camera camera, camera_for(o, video, console));
  POISE_TRY(Lifted lifted, (*lifter)(video, camera, o.lift));
  lifted.set.frames_per_second = o.world.rate;
  Provenance whole = provenance;
  whole.settings = Json::Object{{"camera", camera.name},
                                {"focal", Json::Array{camera.fx, camera.fy}},
                                {"camera_assumed", o.camera.empty()},
                                {"min_score", o.lift.min_score}};
  POISE_TRY(const auto files, o.world.write(lifted.set, whole));
  Json json = Json::Object{{"poise", kVersion},
                           {"frames", static_cast<std::int64_t>(video.frames.size())},
                           {"poses", static_cast<std::int64_t>(lifted.poses)},
                           {"left_out", static_cast<std::int64_t>(lifted.left_out)},
                           {"settings", whole.settings}};
  const bool aloud = o.json != "-" && !o.quiet;
  if (aloud) {
    std::printf("%s of %s lifted\n", counted(lifted.poses, "pose").c_str(),
                counted(video.frames.size(), "frame").c_str());
  }
  put_files(files, json, aloud);
  if (lifted.left_out > 0) console.note(counted(lifted.left_out, "pose") + " left out: too few joints seen");
  return put_json(json, o.json);
}

}  // namespace

Action make_lift(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("poses", o->poses, "2-D poses, as track or predict wrote them, or OpenPose's, COCO's, CSV")
      ->required()
      ->type_name("POSES");
  command.add_option("-m,--model", o->model, "the network that lifts: a file, or a name; else poise-lift")
      ->type_name("MODEL");
  command.add_option("--camera", o->camera, "its calibration: Pose2Sim's TOML, or Qualisys' XML")->type_name("FILE");
  command.add_option("--camera-name", o->camera_name, "which, where the file has several")->type_name("NAME");
  command.add_option("--focal", o->focal, "without --camera: the focal length in pixels")->check(above_zero());
  o->world.add_to(command);
  command.add_option("--min-score", o->lift.min_score, "joints below are taken for not seen")
      ->check(within(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--threads", o->threads, "0: all")->check(CLI::Range(0, 1024));
  add_json_option(command, o->json);
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  command.footer(
      "Examples:\n  poise lift match.jsonl --out match3d.jsonl\n"
      "  poise lift match.jsonl --model lift.onnx --camera cam.toml --out match3d.jsonl --format jsonl --format bvh");
  return [o] {
    Console console(o->quiet);
    const Status status = run(*o, console);
    if (status.ok()) return 0;
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
