#include "poise/metrics/mpjpe.h"

#include <array>
#include <cstdio>
#include <memory>

#include "console.h"
#include "flags/json_flag.h"
#include "metrics/commands.h"
#include "metrics/persons.h"
#include "metrics/say.h"
#include "poise/base/counted.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string truth, predicted, root, unit = "m", json;
  double threshold = 150;  // millimetres
};

std::string millimetres(double metres) {
  if (metres < 0) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", 1000 * metres);
  return text.data();
}

/// A joint by its name or its number.
Result<std::size_t> root_of(const std::string& given, const std::vector<std::string>& joints) {
  std::string names;
  for (std::size_t j = 0; j < joints.size(); ++j) {
    if (joints[j] == given || std::to_string(j) == given) return j;
    names += (j == 0 ? "" : " ") + joints[j];
  }
  return usage_error("--root " + given + " is no joint that truth and prediction share: there are " + names);
}

void print(const MpjpeResult& result, const WorldPairs& pairs, const Options& o) {
  std::printf("Errors in space in millimetres%s, %s, %s\n", o.root.empty() ? "" : (", from " + shown(o.root)).c_str(),
              counted(result.poses, "pose").c_str(), counted(pairs.joints.size(), "joint").c_str());
  const auto line = [](const char* name, const std::string& value, const char* what) {
    std::printf("  %-18s %9s   %s\n", name, value.c_str(), what);
  };
  line("MPJPE", millimetres(result.mpjpe), "mean distance (protocol 1)");
  line("P-MPJPE", millimetres(result.p_mpjpe), "after the best turn, shift and scale (protocol 2)");
  line("N-MPJPE", millimetres(result.n_mpjpe), "after the best scale");
  std::printf("  PCK3D@%-12g %9s   percent of joints that are nearer\n", o.threshold, percent(result.pck).c_str());
  line("AUC", percent(result.auc), "mean PCK3D over 0 to 150 mm");
  std::puts("MPJPE by joint:");
  for (std::size_t j = 0; j < pairs.joints.size(); ++j) {
    std::printf("  %-18s %9s\n", shown(pairs.joints[j]).c_str(), millimetres(result.joints[j]).c_str());
  }
}

std::vector<std::string> remarks(const MpjpeResult& result, const WorldPairs& pairs, const Options& o) {
  std::vector<std::string> notes = pairs.notes;
  if (o.root.empty()) {
    notes.emplace_back("poses are compared where they stand; the literature's figures are from the hips: --root");
  }
  if (pairs.missed > 0) notes.push_back(counted(pairs.missed, "person", "people") + " of the truth not found at all");
  if (pairs.extra > 0) notes.push_back(counted(pairs.extra, "predicted person", "predicted people") + " too many");
  if (result.not_found > 0) notes.push_back(counted(result.not_found, "joint") + " not found: wrong in PCK3D and AUC");
  if (result.without_root > 0) notes.push_back(counted(result.without_root, "pose") + " left out: without the root");
  return notes;
}

Status measure(const Options& o, Console& console) {
  POISE_RETURN_IF_ERROR(one_dash({o.truth, o.predicted}));
  POISE_TRY(const std::string truth_path, input_path(o.truth));
  POISE_TRY(const std::string predicted_path, input_path(o.predicted));
  const double metres = o.unit == "mm" ? 0.001 : o.unit == "cm" ? 0.01 : 1.0;
  POISE_TRY(const WorldPoseSet truth, read_world_poses(truth_path, metres));
  POISE_TRY(const WorldPoseSet predicted, read_world_poses(predicted_path, metres));
  POISE_TRY(const WorldPairs pairs, pair_world_poses(truth, predicted));
  MpjpeOptions options;
  options.threshold = o.threshold / 1000;
  if (!o.root.empty()) {
    POISE_TRY(options.root, root_of(o.root, pairs.joints));
  }
  POISE_TRY(const MpjpeResult result, measure_mpjpe(pairs, options));
  Json json = Json::Object{{"metric", "mpjpe"},
                           {"ground_truth", o.truth},
                           {"predictions", o.predicted},
                           {"unit", "metres, rates from 0 to 1"},
                           {"root", o.root.empty() ? Json(nullptr) : Json(o.root)},
                           {"mpjpe", result.mpjpe},
                           {"p_mpjpe", result.p_mpjpe},
                           {"n_mpjpe", result.n_mpjpe},
                           {"pck3d", result.pck},
                           {"pck3d_threshold", options.threshold},
                           {"auc", result.auc},
                           {"poses", static_cast<std::int64_t>(result.poses)},
                           {"missed", static_cast<std::int64_t>(pairs.missed)},
                           {"extra", static_cast<std::int64_t>(pairs.extra)},
                           {"joints_not_found", static_cast<std::int64_t>(result.not_found)}};
  for (std::size_t j = 0; j < pairs.joints.size(); ++j) json.set("mpjpe." + pairs.joints[j], result.joints[j]);
  const bool table = o.json != "-";
  if (table) print(result, pairs, o);
  say_notes(remarks(result, pairs, o), table, console);
  return put_json(json, o.json);
}

}  // namespace

Action make_metrics_mpjpe(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command
      .add_option("truth", o->truth,
                  "the true poses: JSON Lines of triangulate or lift, or an array of (frames, joints, 3), JSON or .npy")
      ->required()
      ->type_name("GT");
  command.add_option("predictions", o->predicted, "the predicted ones, likewise")->required()->type_name("PRED");
  command.add_option("--root", o->root, "the joint, by name or number, that is brought to the origin in both first")
      ->type_name("JOINT");
  command.add_option("--unit", o->unit, "of arrays: m, cm or mm")
      ->check(one_of({"m", "cm", "mm"}))
      ->capture_default_str();
  command.add_option("--threshold", o->threshold, "of PCK3D, in millimetres")
      ->check(above_zero())
      ->capture_default_str();
  add_json_option(command, o->json);
  command.footer(
      "Examples:\n  poise metrics mpjpe gt.json pred.json --unit mm --root 0\n"
      "  poise metrics mpjpe mocap.jsonl match3d.jsonl");
  return measuring([o](Console& console) { return measure(*o, console); });
}

}  // namespace poise::app
