#include "poise/metrics/angles.h"

#include <cmath>
#include <cstdio>
#include <memory>

#include "console.h"
#include "flags/json_flag.h"
#include "metrics/commands.h"
#include "metrics/say.h"
#include "poise/base/counted.h"
#include "poise/skeleton/skeleton.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string truth, results, json;
  std::vector<std::string> angles;
  AngleOptions measure;
};

/// Of the truth's category, or COCO's where seventeen have no names.
Result<std::vector<std::string>> joint_names(const CocoTruth& truth) {
  for (const CocoTruth::Category& category : truth.categories) {
    if (truth.joints > 0 && static_cast<int>(category.keypoints.size()) == truth.joints) return category.keypoints;
  }
  POISE_TRY(const Skeleton coco, find_skeleton("coco17"));
  std::vector<std::string> names;
  for (const Joint& joint : coco.joints) names.push_back(joint.name);
  if (truth.joints != coco.size()) names.resize(static_cast<std::size_t>(truth.joints));
  return names;
}

std::string with_interval(const AngleFigure& figure, double scale) {
  std::string text = two_digits(scale * figure.value);
  if (!std::isnan(figure.interval.low)) {
    text += " [" + two_digits(scale * figure.interval.low) + ", " + two_digits(scale * figure.interval.high) + "]";
  }
  return text;
}

void print(const AngleReport& report, const AngleOptions& options) {
  const std::size_t lost = report.missed + report.not_found + report.unmeasurable;
  std::printf("%s: %zu of %zu labelled ones read, in %s\n", shown(report.angle.name).c_str(), report.read,
              report.read + lost, counted(report.images, "picture").c_str());
  std::printf(
      "  not read: %zu nobody found, %zu without one of the joints, %zu of two joints on one pixel; %zu not "
      "labelled\n",
      report.missed, report.not_found, report.unmeasurable, report.unlabelled);
  if (report.read == 0) return;
  for (const AngleFigure& figure : report.figures) {
    const bool rate = std::string_view(figure.name) == "big_error_rate";
    std::printf("  %-18s %s%s\n", figure.name, with_interval(figure, rate ? 100 : 1).c_str(), rate ? " %" : "");
  }
  for (const AngleReport::Band& band : report.bands) {
    const std::string to = std::isinf(band.high) ? "up" : Json(band.high).dump();
    std::printf("  limbs of %s to %s pixels: %zu read, mean_abs_error %s, %s %% of errors of %g degrees or more\n",
                Json(band.low).dump().c_str(), to.c_str(), band.count, two_digits(band.mean_abs_error).c_str(),
                two_digits(100 * band.big_error_rate).c_str(), options.big_error);
  }
}

void add(const AngleReport& report, Json& json) {
  const std::string start = report.angle.name + ".";
  const auto count = [&](const char* name, std::size_t value) {
    json.set(start + name, static_cast<std::int64_t>(value));
  };
  count("read", report.read);
  count("missed", report.missed);
  count("not_found", report.not_found);
  count("unmeasurable", report.unmeasurable);
  count("unlabelled", report.unlabelled);
  count("images", report.images);
  for (const AngleFigure& figure : report.figures) {
    json.set(start + figure.name, figure.value);
    json.set(start + figure.name + "_low", figure.interval.low);
    json.set(start + figure.name + "_high", figure.interval.high);
  }
  for (const AngleReport::Band& band : report.bands) {
    const std::string from = start + "from_" + Json(band.low).dump() + "px.";
    json.set(from + "read", static_cast<std::int64_t>(band.count));
    json.set(from + "mean_abs_error", band.mean_abs_error);
    json.set(from + "big_error_rate", band.big_error_rate);
    json.set(from + "big_error_rate_low", band.big_error_interval.low);
    json.set(from + "big_error_rate_high", band.big_error_interval.high);
  }
}

Status measure(const Options& o, Console& console) {
  POISE_RETURN_IF_ERROR(one_dash({o.truth, o.results}));
  POISE_TRY(const std::string truth_path, input_path(o.truth));
  POISE_TRY(const std::string results_file, results_path(o.results));
  const auto read = read_coco_truth(truth_path);
  if (!read.ok()) return with_format_named(read.error(), truth_path);
  const CocoTruth& truth = *read;
  CocoResultsOptions all;
  all.max_per_image = 0;
  POISE_TRY(const CocoResults results, read_coco_results(results_file, truth, all));
  POISE_TRY(const std::vector<std::string> names, joint_names(truth));
  std::vector<Angle> angles;
  for (const std::string& text : o.angles) {
    auto angle = angle_by_name(text, names);
    if (!angle.ok()) return usage_error(angle.error());
    angles.push_back(std::move(*angle));
  }
  if (o.angles.empty()) angles = known_angles(names);
  if (angles.empty())
    return invalid_argument(o.truth + " names no elbow, shoulder, hip or knee: name angles by --angle");
  POISE_TRY(const AngleEvaluation evaluation, measure_angles(truth, results, angles, o.measure));
  Json json = Json::Object{{"metric", "angles"}, {"ground_truth", o.truth}, {"predictions", o.results}};
  json.set("unit", "degrees, rates from 0 to 1");
  json.set("big_error", o.measure.big_error);
  json.set("samples", o.measure.samples);
  json.set("seed", static_cast<std::int64_t>(o.measure.seed));
  for (const AngleReport& report : evaluation.angles) add(report, json);
  const bool table = o.json != "-";
  if (table) {
    std::printf("Angles at joints in degrees, predicted minus true%s\n",
                o.measure.samples > 0 ? ", with 95 % intervals over pictures" : "");
    for (const AngleReport& report : evaluation.angles) print(report, o.measure);
  }
  say_notes(evaluation.notes, table, console);
  return put_json(json, o.json);
}

}  // namespace

Action make_metrics_angles(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("truth", o->truth, "COCO annotations")->required()->type_name("GT");
  command.add_option("results", o->results, "COCO results")->required()->type_name("RESULTS");
  command
      .add_option(
          "--angle", o->angles,
          "left_elbow, right_knee ..., or three joints by name or number, as 5,7,9; more than once; otherwise all "
          "elbows, shoulders, hips and knees")
      ->allow_extra_args(false)  // what stands behind it is a file
      ->type_name("ANGLE");
  command.add_option("--big-error", o->measure.big_error, "degrees from which an error is large")
      ->check(above_zero())
      ->capture_default_str();
  command.add_option("--size-bands", o->measure.size_bands, "edges, in pixels of the limbs' mean length, as 30,60")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command.add_option("--min-iou", o->measure.pairs.min_iou, "of boxes, for a detection to be the person's")
      ->check(within(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--samples", o->measure.samples, "of the bootstrap over pictures; 0: no intervals")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command.add_option("--seed", o->measure.seed, "of its random numbers")->check(whole_number())->capture_default_str();
  command.add_option("--threads", o->measure.threads, "0: all")->check(CLI::Range(0, 64))->capture_default_str();
  add_json_option(command, o->json);
  command.footer(
      "Examples:\n"
      "  poise metrics angles person_keypoints.json results.json\n"
      "  poise metrics angles person_keypoints.json results.json --angle left_elbow --angle left_knee --big-error 10");
  return measuring([o](Console& console) { return measure(*o, console); });
}

}  // namespace poise::app
