#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "console.h"
#include "metrics/commands.h"
#include "metrics/plots.h"
#include "poise/metrics/bootstrap.h"
#include "poise/metrics/coco_eval.h"
#include "poise/metrics/error_classes.h"
#include "poise/metrics/oks_sigmas.h"

namespace poise::app {
namespace {

struct Options {
  std::string truth, results, second;
  std::string iou = "keypoints", variant = "cocoapi", part = "body", area = "auto", sigmas, json, plots, images;
  bool per_joint = false;
  BootstrapOptions bootstrap{.samples = 0};
  int threads = 0;
};

struct Part {
  const char* name;
  CocoPart part;
};
constexpr std::array<Part, 6> kParts = {{{"body", CocoPart::kBody},
                                         {"foot", CocoPart::kFoot},
                                         {"face", CocoPart::kFace},
                                         {"lefthand", CocoPart::kLeftHand},
                                         {"righthand", CocoPart::kRightHand},
                                         {"wholebody", CocoPart::kWholeBody}}};

/// One evaluation, with what it came from.
struct Measured {
  CocoTruth truth;
  CocoResults results;
  CocoEvalOptions options;
  CocoEvaluation evaluation;
  std::string sigma_source;
};

/// Named, of a skeleton, or given one by one; else by double annotation; else what fits the truth.
Result<std::vector<double>> choose_sigmas(const Options& o, const CocoTruth& truth, CocoPart part,
                                          std::string& source) {
  if (!o.second.empty()) {
    source = "estimated from double annotation, " + o.second;
    POISE_TRY(const CocoTruth second, read_coco_truth(o.second, part));
    return estimate_sigmas(truth, second);
  }
  source = o.sigmas;
  if (source.empty()) {
    POISE_TRY(source, guess_sigmas(truth, part));
  }
  POISE_TRY(OksSigmas sigmas, parse_sigmas(source));
  source = std::move(sigmas.source);
  return std::move(sigmas.values);
}

CocoVariant variant_of(const Options& o, const CocoTruth& truth) {
  if (o.variant == "cocoapi") return CocoVariant::kCocoapi;
  if (o.variant == "crowdpose" || o.iou == "keypoints_crowd") return CocoVariant::kCrowdPose;
  for (const CocoTruth::Image& image : truth.images) {
    if (image.crowd_index < 0) return CocoVariant::kXtcocotools;
  }
  return CocoVariant::kCrowdPose;
}

Result<Measured> measure(const Options& o, CocoPart part) {
  Measured m;
  POISE_TRY(m.truth, read_coco_truth(o.truth, part));
  m.options.variant = variant_of(o, m.truth);
  m.options.threads = o.threads;
  m.options.similarity = part == CocoPart::kNone ? CocoSimilarity::kBoxIou : CocoSimilarity::kOks;
  if (part == CocoPart::kNone) m.options.variant = CocoVariant::kCocoapi;
  m.options.area_from_box = o.area == "box" || (o.area == "auto" && o.variant != "cocoapi" && m.truth.without_area > 0);
  CocoResultsOptions reading;
  reading.part = part;
  reading.max_per_image = coco_max_detections(m.options.similarity);
  reading.drop_unseen = m.options.variant != CocoVariant::kCocoapi;
  reading.threads = o.threads;
  POISE_TRY(m.results, read_coco_results(o.results, m.truth, reading));
  if (part != CocoPart::kNone) {
    CocoTruth shape;  // of a truth without anybody, the results tell how many joints there are
    const bool nobody = m.truth.joints == 0 && m.results.joints > 0;
    if (nobody) shape.joints = m.results.joints;
    auto sigmas = choose_sigmas(o, nobody ? shape : m.truth, part, m.sigma_source);
    if (!sigmas.ok()) return sigmas.error();
    m.options.sigmas = std::move(*sigmas);
  }
  POISE_TRY(m.evaluation, evaluate_coco(m.truth, m.results, m.options));
  return m;
}

const char* variant_name(CocoVariant variant) {
  switch (variant) {
    case CocoVariant::kCocoapi:
      return "cocoapi";
    case CocoVariant::kXtcocotools:
      return "xtcocotools";
    case CocoVariant::kCrowdPose:
      break;
  }
  return "xtcocotools (CrowdPose)";
}

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

/// What was left out or is odd, one line each.
std::vector<std::string> remarks(const Measured& m) {
  std::vector<std::string> lines;
  const auto say = [&](std::uint64_t count, const std::string& what) {
    if (count > 0) lines.push_back(std::to_string(count) + " " + what);
  };
  const bool oks = m.options.similarity == CocoSimilarity::kOks;
  say(m.evaluation.truths_ignored,
      oks ? "truths are ignored: crowds, or without a labelled joint" : "truths are ignored: crowds");
  say(m.truth.unknown_image, "truths left out: their image is not listed");
  say(m.truth.unknown_category, "truths left out: their category is not listed");
  say(m.truth.duplicate_images, "images are listed again; each counts once");
  if (oks) {
    say(m.truth.without_keypoints, "truths have no keypoints; they count as without a labelled joint");
  }
  say(m.results.unknown_category, "detections left out: their category is not the truth's");
  say(m.results.unseen, "detections left out: no joint of theirs has a score above 0 (xtcocotools' rule)");
  say(m.results.beyond_max, "detections left out: worse than the best " +
                                std::to_string(coco_max_detections(m.options.similarity)) + " of their image");
  if (m.results.in_file == 0) lines.push_back("the results hold no detection");
  if (m.truth.has_id_zero && m.options.variant == CocoVariant::kCocoapi) {
    lines.push_back(
        "a truth has id 0: cocoapi counts each match with it as a false positive, and so does this; "
        "--variant xtcocotools does not");
  }
  return lines;
}

std::string protocol(const Options& o, const Measured& m, CocoPart part) {
  std::string text = part == CocoPart::kNone ? "COCO box AP" : "COCO keypoint AP (OKS)";
  text += std::string(", variant ") + variant_name(m.options.variant);
  if (part == CocoPart::kNone) return text;
  if (part != CocoPart::kBody) text += ", part " + o.part;
  text += ", sigmas " + m.sigma_source + " (" + std::to_string(m.options.sigmas.size()) + ")";
  return text + (m.options.area_from_box ? ", area 0.53 of the box" : ", area as annotated");
}

void print(const Options& o, const Measured& m, CocoPart part, const std::vector<FigureInterval>& intervals) {
  std::printf("%s\n%zu images, %zu truths, %llu detections\n", protocol(o, m, part).c_str(), m.truth.images.size(),
              m.truth.size(), static_cast<unsigned long long>(m.results.in_file));
  const int most = coco_max_detections(m.options.similarity);
  for (std::size_t i = 0; i < m.evaluation.figures.size(); ++i) {
    const auto& [name, value] = m.evaluation.figures[i];
    std::printf("%s", cocoapi_line(name, value, most).c_str());
    if (i < intervals.size()) std::printf("  [%.3f, %.3f]", intervals[i].low, intervals[i].high);
    std::printf("\n");
  }
  for (const std::string& line : remarks(m)) std::printf("note: %s\n", line.c_str());
}

void add_json(const Measured& m, const std::string& prefix, const std::vector<FigureInterval>& intervals, Json& json) {
  for (const auto& [name, value] : m.evaluation.figures) json.set(prefix + name, value);
  for (const FigureInterval& one : intervals) {
    json.set(prefix + one.name + "_low", one.low);
    json.set(prefix + one.name + "_high", one.high);
  }
  const auto count = [&](const char* name, std::uint64_t value) { json.set(prefix + name, value); };
  count("images", m.truth.images.size());
  count("truths", m.truth.size());
  count("truths_ignored", m.evaluation.truths_ignored);
  count("truths_of_unlisted_image", m.truth.unknown_image);
  count("truths_of_unlisted_category", m.truth.unknown_category);
  count("truths_without_keypoints", m.truth.without_keypoints);
  count("images_listed_again", m.truth.duplicate_images);
  count("detections", m.results.in_file);
  count("detections_beyond_max", m.results.beyond_max);
  count("detections_of_unlisted_category", m.results.unknown_category);
  count("detections_without_joint_score", m.results.unseen);
}

/// The evaluation again with each joint alone.
Result<std::vector<std::pair<std::string, double>>> per_joint(const Measured& m) {
  std::vector<std::pair<std::string, double>> all;
  const auto joints = static_cast<std::size_t>(m.truth.joints);
  std::vector<std::string> names;
  if (!m.truth.categories.empty()) names = m.truth.categories.front().keypoints;
  for (std::size_t j = 0; j < joints; ++j) {
    CocoEvalOptions one = m.options;
    one.only_joints.assign(joints, false);
    one.only_joints[j] = true;
    POISE_TRY(const CocoEvaluation evaluation, evaluate_coco(m.truth, m.results, one));
    all.emplace_back(names.size() == joints ? names[j] : "joint_" + std::to_string(j),
                     evaluation.figures.front().second);
  }
  return all;
}

/// One part: measured, printed, added to the JSON.
Status run_part(const Options& o, const Part& part, bool prefixed, Json& json, Console& console) {
  POISE_TRY(const Measured m, measure(o, part.part));
  std::vector<FigureInterval> intervals;
  if (o.bootstrap.samples > 0) {
    POISE_TRY(intervals, bootstrap_coco(m.truth, m.results, m.evaluation.matches, m.options, o.bootstrap));
  }
  const std::string prefix = prefixed ? std::string(part.name) + "_" : "";
  const bool table = o.json != "-";
  Options named = o;
  named.part = part.name;
  if (table) {
    print(named, m, part.part, intervals);
    if (!intervals.empty()) {
      std::printf("in brackets: %.0f %% intervals, %d bootstrap samples of the images, seed %llu\n",
                  100 * o.bootstrap.confidence, o.bootstrap.samples, static_cast<unsigned long long>(o.bootstrap.seed));
    }
  } else {
    for (const std::string& line : remarks(m)) console.note(line);
  }
  add_json(m, prefix, intervals, json);
  json.set(prefix + "protocol", protocol(named, m, part.part));
  if (o.per_joint && part.part != CocoPart::kNone) {
    POISE_TRY(const auto joints, per_joint(m));
    if (table) std::puts("AP with one joint alone:");
    const std::string ap = prefix + "AP_";
    for (const auto& [name, value] : joints) {
      if (table) std::printf("  %-20s %.3f\n", name.c_str(), value);
      json.set(std::string(ap).append(name), value);
    }
  }
  if (o.plots.empty()) return {};
  return plot_coco({m.truth, m.results, m.options, m.evaluation, o.plots, o.images, prefix}, json, console);
}

Status run(const Options& o, Console& console) {
  if (o.iou != "keypoints" && o.iou != "bbox" && o.variant == "cocoapi") {
    return invalid_argument("--iou " + o.iou + " is xtcocotools': add --variant xtcocotools");
  }
  if (o.part != "body" && o.variant != "xtcocotools") {
    return invalid_argument("--part " + o.part + " is xtcocotools': add --variant xtcocotools");
  }
  if (!o.images.empty() && o.plots.empty())
    return invalid_argument("--images is for the sheets of --plots: add --plots DIR");
  Json json = Json::object();
  json.set("metric", "coco");
  json.set("iou", o.iou);
  json.set("variant", o.variant);
  json.set("ground_truth", o.truth);
  json.set("results", o.results);
  if (o.bootstrap.samples > 0) {
    json.set("bootstrap_samples", o.bootstrap.samples);
    json.set("bootstrap_seed", o.bootstrap.seed);
    json.set("bootstrap_confidence", o.bootstrap.confidence);
  }
  if (o.iou == "bbox") {
    POISE_RETURN_IF_ERROR(run_part(o, {"bbox", CocoPart::kNone}, false, json, console));
  } else {
    for (const Part& part : kParts) {
      if (o.part != "all" && o.part != part.name) continue;
      POISE_RETURN_IF_ERROR(run_part(o, part, o.part == "all", json, console));
    }
  }
  return put_json(json, o.json);
}

}  // namespace

Action make_metrics_coco(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("truth", o->truth, "the ground truth: COCO annotations")->required()->type_name("GT.json");
  command.add_option("results", o->results, "the detections: COCO results")->required()->type_name("RESULTS.json");
  command.add_option("--iou", o->iou, "keypoints (OKS), keypoints_crowd (CrowdPose's figures), or bbox (box overlap)")
      ->check(CLI::IsMember({"keypoints", "keypoints_crowd", "bbox"}))
      ->capture_default_str();
  command
      .add_option("--variant", o->variant,
                  "whose rules: cocoapi, xtcocotools; with crowdIndex in all images, CrowdPose's")
      ->check(CLI::IsMember({"cocoapi", "xtcocotools", "crowdpose"}))
      ->capture_default_str();
  command.add_option("--part", o->part, "of COCO-WholeBody: body, foot, face, lefthand, righthand, wholebody, all")
      ->check(CLI::IsMember({"body", "foot", "face", "lefthand", "righthand", "wholebody", "all"}))
      ->capture_default_str();
  command
      .add_option("--area", o->area, "a person's area: given, 0.53 of the box, or auto (xtcocotools: box if not given)")
      ->check(CLI::IsMember({"auto", "given", "box"}))
      ->capture_default_str();
  command.add_option("--sigmas", o->sigmas, "a skeleton's name, or numbers with commas (default: what fits the truth)")
      ->type_name("NAME|LIST");
  command.add_option("--second-annotation", o->second, "estimate the sigmas: the same persons by another annotator")
      ->type_name("GT.json");
  command.add_flag("--per-joint", o->per_joint, "AP with each joint alone too");
  add_json_option(command, o->json);
  command.add_option("--plots", o->plots, "precision-recall curves and error classes as PNG files")->type_name("DIR");
  command.add_option("--images", o->images, "the pictures: sheets of the best and worst cases too")->type_name("DIR");
  command.add_option("--bootstrap", o->bootstrap.samples, "confidence intervals over so many resampled image sets")
      ->check(CLI::Range(2, 1'000'000))
      ->type_name("N");
  command.add_option("--seed", o->bootstrap.seed, "of the bootstrap")->capture_default_str();
  command.add_option("--threads", o->threads, "0: all")->check(CLI::Range(0, 64))->capture_default_str();
  command.footer(
      "Examples:\n"
      "  poise metrics coco person_keypoints_val2017.json results.json\n"
      "  poise metrics coco instances_val2017.json boxes.json --iou bbox --json\n"
      "  poise metrics coco wholebody.json results.json --variant xtcocotools --part all");
  return [o] {
    Console console(false);
    o->bootstrap.threads = o->threads;
    const Status status = run(*o, console);
    if (status.ok()) return 0;
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
