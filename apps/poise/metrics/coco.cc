#include <array>
#include <cstdio>
#include <memory>

#include "console.h"
#include "flags/json_flag.h"
#include "metrics/commands.h"
#include "metrics/say.h"
#include "poise/base/counted.h"
#include "poise/eval/plots.h"
#include "poise/metrics/oks_sigmas.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  CocoReportOptions report;
  std::string iou = "keypoints", variant = "cocoapi", part = "body", area = "auto", json, plots, images;
};

/// " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 0.861", as cocoapi prints it.
std::string cocoapi_line(const std::string& name, double value, int most) {
  const bool precision = name.starts_with("AP");
  std::string rest = name.substr(2);
  std::string kind = "area";
  if (!rest.empty() && rest[0] == '_') {
    kind = "type";
    rest.erase(0, 1);
  }
  std::string iou = "0.50:0.95";
  std::string area = kind == "type" ? rest : "all";
  if (rest == "50" || rest == "75") iou = "0." + rest;
  if (rest == "1" || rest == "10" || rest == "100") most = std::stoi(rest);
  if (rest == "s") area = "small";
  if (rest == "m") area = "medium";
  if (rest == "l") area = "large";
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), " %-18s %s @[ IoU=%-9s | %s=%6s | maxDets=%3d ] = %0.3f",
                precision ? "Average Precision" : "Average Recall", precision ? "(AP)" : "(AR)", iou.c_str(),
                kind.c_str(), area.c_str(), most, value);
  return line.data();
}

void print(const CocoReport& m) {
  std::printf("%s\n%s, %s, %s\n", shown(protocol_of(m)).c_str(), counted(m.truth.images.size(), "image").c_str(),
              counted(m.truth.size(), "truth").c_str(), counted(m.results.in_file, "detection").c_str());
  const int most = coco_max_detections(m.rules.similarity);
  for (std::size_t i = 0; i < m.evaluation.figures.size(); ++i) {
    const auto& [name, value] = m.evaluation.figures[i];
    std::printf("%s", cocoapi_line(name, value, most).c_str());
    if (i < m.intervals.size()) std::printf("  [%.3f, %.3f]", m.intervals[i].low, m.intervals[i].high);
    std::printf("\n");
  }
  for (const std::string& line : remarks(m)) std::printf("note: %s\n", shown(line).c_str());
  if (!m.intervals.empty()) {
    const BootstrapOptions& bootstrap = m.options.bootstrap;
    std::printf("in brackets: %.0f %% intervals, %d bootstrap samples of the images, seed %llu\n",
                100 * bootstrap.confidence, bootstrap.samples, static_cast<unsigned long long>(bootstrap.seed));
  }
  if (!m.per_joint.empty()) std::puts("AP with one joint alone:");
  for (const auto& [name, value] : m.per_joint) std::printf("  %-20s %.3f\n", shown(name).c_str(), value);
}

void add(const Json& members, const std::string& prefix, Json& json) {
  for (const auto& [name, value] : members.as_object()) json.set(prefix + name, value);
}

/// One part: measured, printed, added to the JSON.
Status run_part(const Options& o, CocoPart part, const std::string& prefix, Json& json, Console& console) {
  CocoReportOptions options = o.report;
  options.part = part;
  const auto measured = measure_coco(options);
  if (!measured.ok()) return with_format_named(measured.error(), options.truth);
  const CocoReport& m = *measured;
  if (o.json != "-") {
    print(m);
  } else {
    for (const std::string& line : remarks(m)) console.note(line);
  }
  add(to_json(m), prefix, json);
  if (o.plots.empty()) return {};
  POISE_TRY(const CocoPlots plots, plot_coco(m, {o.plots, o.images, prefix}));
  for (const std::string& line : plots.notes) console.note(line);
  if (plots.errors) add(to_json(*plots.errors), prefix, json);
  return {};
}

/// What the words of the options mean.
CocoReportOptions report_options(const Options& o) {
  CocoReportOptions options = o.report;
  options.variant = coco_rules(o.variant).value();
  if (o.iou == "keypoints_crowd" && o.variant != "cocoapi") options.variant = CocoVariant::kCrowdPose;
  if (o.area == "given") options.area = CocoReportOptions::Area::kGiven;
  if (o.area == "box") options.area = CocoReportOptions::Area::kBox;
  options.bootstrap.threads = options.threads;
  return options;
}

Status run(Options& o, Console& console) {
  if (o.iou != "keypoints" && o.iou != "bbox" && o.variant == "cocoapi") {
    return usage_error("--iou " + o.iou + " is xtcocotools': add --variant xtcocotools");
  }
  if (o.part != "body" && o.variant != "xtcocotools") {
    return usage_error("--part " + o.part + " is xtcocotools': add --variant xtcocotools");
  }
  if (!o.images.empty() && o.plots.empty())
    return usage_error("--images is for the sheets of --plots: add --plots DIR");
  POISE_RETURN_IF_ERROR(one_dash({o.report.truth, o.report.results, o.report.second}));
  o.report = report_options(o);
  Json json = Json::object();
  json.set("metric", "coco");
  json.set("iou", o.iou);
  json.set("variant", o.variant);
  json.set("ground_truth", o.report.truth);
  json.set("results", o.report.results);
  POISE_TRY(o.report.truth, input_path(o.report.truth));
  POISE_TRY(o.report.results, results_path(o.report.results));
  if (o.report.bootstrap.samples > 0) {
    json.set("bootstrap_samples", o.report.bootstrap.samples);
    json.set("bootstrap_seed", o.report.bootstrap.seed);
    json.set("bootstrap_confidence", o.report.bootstrap.confidence);
  }
  if (o.iou == "bbox") {
    POISE_RETURN_IF_ERROR(run_part(o, CocoPart::kNone, "", json, console));
  } else {
    for (const CocoPartName& part : coco_parts()) {
      if (o.part != "all" && o.part != part.name) continue;
      const std::string prefix = o.part == "all" ? std::string(part.name) + "_" : "";
      POISE_RETURN_IF_ERROR(run_part(o, part.part, prefix, json, console));
    }
  }
  return put_json(json, o.json);
}

}  // namespace

Action make_metrics_coco(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("truth", o->report.truth, "the ground truth: COCO annotations")->required()->type_name("GT.json");
  command.add_option("results", o->report.results, "the detections: COCO results")
      ->required()
      ->type_name("RESULTS.json");
  command.add_option("--iou", o->iou, "keypoints (OKS), keypoints_crowd (CrowdPose's figures), or bbox (box overlap)")
      ->check(one_of({"keypoints", "keypoints_crowd", "bbox"}))
      ->capture_default_str();
  command
      .add_option("--variant", o->variant,
                  "whose rules: cocoapi, xtcocotools; with crowdIndex in all images, CrowdPose's")
      ->check(one_of({"cocoapi", "xtcocotools", "crowdpose"}))
      ->capture_default_str();
  command.add_option("--part", o->part, "of COCO-WholeBody: body, foot, face, lefthand, righthand, wholebody, all")
      ->check(one_of({"body", "foot", "face", "lefthand", "righthand", "wholebody", "all"}))
      ->capture_default_str();
  command
      .add_option("--area", o->area, "a person's area: given, 0.53 of the box, or auto (xtcocotools: box if not given)")
      ->check(one_of({"auto", "given", "box"}))
      ->capture_default_str();
  command
      .add_option("--sigmas", o->report.sigmas,
                  "a skeleton's name, or numbers with commas (default: what fits the truth)")
      ->check(that(parse_sigmas))
      ->type_name("NAME|LIST");
  command
      .add_option("--second-annotation", o->report.second, "estimate the sigmas: the same persons by another annotator")
      ->type_name("GT.json");
  command.add_flag("--per-joint", o->report.per_joint, "AP with each joint alone too");
  add_json_option(command, o->json);
  command.add_option("--plots", o->plots, "precision-recall curves and error classes as PNG files")->type_name("DIR");
  command.add_option("--images", o->images, "the pictures: sheets of the best and worst cases too")->type_name("DIR");
  command
      .add_option("--bootstrap", o->report.bootstrap.samples, "confidence intervals over so many resampled image sets")
      ->check(CLI::Range(2, 1'000'000))
      ->type_name("N");
  command.add_option("--seed", o->report.bootstrap.seed, "of the bootstrap")
      ->check(whole_number())
      ->capture_default_str();
  command.add_option("--threads", o->report.threads, "0: all")->check(CLI::Range(0, 64))->capture_default_str();
  command.footer(
      "Examples:\n"
      "  poise metrics coco person_keypoints_val2017.json results.json\n"
      "  poise metrics coco instances_val2017.json boxes.json --iou bbox --json\n"
      "  poise metrics coco wholebody.json results.json --variant xtcocotools --part all");
  return measuring([o](Console& console) { return run(*o, console); });
}

}  // namespace poise::app
