#include "poise/eval/coco_report.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "poise/base/counted.h"
#include "poise/base/named.h"
#include "poise/metrics/oks_sigmas.h"

namespace poise {
namespace {

/// Named, of a skeleton, or given one by one; else by double annotation; else what fits the truth.
Result<std::vector<double>> choose_sigmas(const CocoReportOptions& o, const CocoTruth& truth, std::string& source) {
  if (!o.second.empty()) {
    source = "estimated from double annotation, " + o.second;
    POISE_TRY(const CocoTruth second, read_coco_truth(o.second, o.part));
    return named(o.second, estimate_sigmas(truth, second));
  }
  POISE_TRY(OksSigmas sigmas, o.sigmas.empty() ? named(o.truth, guess_sigmas(truth, o.part)) : parse_sigmas(o.sigmas));
  source = std::move(sigmas.source);
  return std::move(sigmas.values);
}

CocoVariant variant_of(const CocoReportOptions& o, const CocoTruth& truth) {
  if (o.part == CocoPart::kNone) return CocoVariant::kCocoapi;
  if (o.variant) return *o.variant;
  const bool crowds = std::all_of(truth.images.begin(), truth.images.end(),
                                  [](const CocoTruth::Image& image) { return image.crowd_index >= 0; });
  return crowds ? CocoVariant::kCrowdPose : CocoVariant::kXtcocotools;
}

bool takes_area_of_box(const CocoReportOptions& o, const CocoTruth& truth) {
  if (o.area != CocoReportOptions::Area::kAuto) return o.area == CocoReportOptions::Area::kBox;
  return o.variant != CocoVariant::kCocoapi && truth.without_area > 0;
}

/// The evaluation again with each joint alone.
Result<std::vector<std::pair<std::string, double>>> measure_joints(const CocoReport& m) {
  std::vector<std::pair<std::string, double>> all;
  const auto joints = static_cast<std::size_t>(m.truth.joints);
  std::vector<std::string> names;
  if (!m.truth.categories.empty()) names = m.truth.categories.front().keypoints;
  for (std::size_t j = 0; j < joints; ++j) {
    CocoEvalOptions one = m.rules;
    one.only_joints.assign(joints, false);
    one.only_joints[j] = true;
    POISE_TRY(const CocoEvaluation evaluation, evaluate_coco(m.truth, m.results, one));
    all.emplace_back(names.size() == joints ? names[j] : "joint_" + std::to_string(j),
                     evaluation.figures.front().second);
  }
  return all;
}

const char* name_of(CocoVariant variant) {
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

constexpr std::array<CocoPartName, 6> kParts = {{{"body", CocoPart::kBody},
                                                 {"foot", CocoPart::kFoot},
                                                 {"face", CocoPart::kFace},
                                                 {"lefthand", CocoPart::kLeftHand},
                                                 {"righthand", CocoPart::kRightHand},
                                                 {"wholebody", CocoPart::kWholeBody}}};

}  // namespace

std::span<const CocoPartName> coco_parts() { return kParts; }

Result<std::optional<CocoVariant>> coco_rules(std::string_view name) {
  if (name == "cocoapi") return std::optional(CocoVariant::kCocoapi);
  if (name == "crowdpose") return std::optional(CocoVariant::kCrowdPose);
  if (name == "xtcocotools") return std::optional<CocoVariant>();
  return invalid_argument("no rules are named \"" + std::string(name) + "\"; there are cocoapi xtcocotools crowdpose");
}

Result<CocoReport> measure_coco(const CocoReportOptions& options) {
  CocoReport m;
  m.options = options;
  POISE_TRY(m.truth, read_coco_truth(options.truth, options.part));
  m.rules.variant = variant_of(options, m.truth);
  m.rules.threads = options.threads;
  m.rules.similarity = options.part == CocoPart::kNone ? CocoSimilarity::kBoxIou : CocoSimilarity::kOks;
  m.rules.area_from_box = takes_area_of_box(options, m.truth);
  CocoResultsOptions reading;
  reading.part = options.part;
  reading.max_per_image = coco_max_detections(m.rules.similarity);
  reading.drop_unseen = m.rules.variant != CocoVariant::kCocoapi;
  reading.threads = options.threads;
  POISE_TRY(m.results, read_coco_results(options.results, m.truth, reading));
  if (options.part != CocoPart::kNone) {
    CocoTruth shape;  // of a truth without anybody, the results tell how many joints there are
    const bool nobody = m.truth.joints == 0 && m.results.joints > 0;
    if (nobody) shape.joints = m.results.joints;
    POISE_TRY(m.rules.sigmas, choose_sigmas(options, nobody ? shape : m.truth, m.sigma_source));
  }
  POISE_TRY(m.evaluation, named(options.truth, evaluate_coco(m.truth, m.results, m.rules)));
  if (options.bootstrap.samples > 0) {
    POISE_TRY(m.intervals, named(options.truth,
                                 bootstrap_coco(m.truth, m.results, m.evaluation.matches, m.rules, options.bootstrap)));
  }
  if (options.per_joint && options.part != CocoPart::kNone) {
    POISE_TRY(m.per_joint, measure_joints(m));
  }
  return m;
}

std::string protocol_of(const CocoReport& m) {
  const CocoPart part = m.options.part;
  std::string text = part == CocoPart::kNone ? "COCO box AP" : "COCO keypoint AP (OKS)";
  text += std::string(", variant ") + name_of(m.rules.variant);
  if (part == CocoPart::kNone) return text;
  for (const CocoPartName& one : kParts) {
    if (one.part == part && part != CocoPart::kBody) text += std::string(", part ") + one.name;
  }
  text += ", sigmas " + m.sigma_source + " (" + std::to_string(m.rules.sigmas.size()) + ")";
  return text + (m.rules.area_from_box ? ", area 0.53 of the box" : ", area as annotated");
}

std::vector<std::string> remarks(const CocoReport& m) {
  std::vector<std::string> lines;
  const auto say = [&](const std::string& whom, std::uint64_t count, const std::string& what) {
    if (count > 0) lines.push_back(counted(count, whom) + what);
  };
  const auto say_verb = [&](const char* one, const char* many, std::uint64_t count, const char* what) {
    if (count > 0) lines.push_back(counted(count, one, many) + what);
  };
  const bool oks = m.rules.similarity == CocoSimilarity::kOks;
  if (m.truth.size() == 0) lines.emplace_back("the truth holds no annotation");
  say_verb("truth is", "truths are", m.evaluation.truths_ignored,
           oks ? " ignored: crowds, or without a labelled joint" : " ignored: crowds");
  say("truth", m.truth.unknown_image, " left out: the image is not listed");
  say("truth", m.truth.unknown_category, " left out: the category is not listed");
  say_verb("image is", "images are", m.truth.duplicate_images, " listed again; each counts once");
  if (oks) {
    say_verb("truth has", "truths have", m.truth.without_keypoints,
             " no keypoints, which counts as without a labelled joint");
  }
  say("detection", m.results.unknown_category, " left out: the category is not the truth's");
  say("detection", m.results.unseen, " left out: without a joint of a score above 0 (xtcocotools' rule)");
  say("detection", m.results.beyond_max,
      " left out: worse than the best " + std::to_string(coco_max_detections(m.rules.similarity)) + " of their image");
  if (m.results.in_file == 0) lines.emplace_back("the results hold no detection");
  if (m.truth.has_id_zero && m.rules.variant == CocoVariant::kCocoapi) {
    lines.emplace_back(
        "a truth has id 0: cocoapi counts each match with it as a false positive, and so does this; xtcocotools does "
        "not");
  }
  return lines;
}

Json to_json(const CocoReport& m) {
  Json json = Json::object();
  for (const auto& [name, value] : m.evaluation.figures) json.set(name, value);
  for (const FigureInterval& one : m.intervals) {
    json.set(one.name + "_low", one.low);
    json.set(one.name + "_high", one.high);
  }
  const auto count = [&](const char* name, std::uint64_t value) { json.set(name, value); };
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
  json.set("protocol", protocol_of(m));
  for (const auto& [name, value] : m.per_joint) json.set("AP_" + name, value);
  return json;
}

}  // namespace poise
