#pragma once
// COCO's metrics of two files, truth and results, by the rules of whom one wants, and what to say of them. Thread-safe.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poise/base/json.h"
#include "poise/metrics/bootstrap.h"
#include "poise/metrics/coco_eval.h"

namespace poise {

struct CocoReportOptions {
  std::string truth, results;       // files
  CocoPart part = CocoPart::kBody;  // kNone: boxes, by their overlap
  /// Whose rules; nothing: xtcocotools', of CrowdPose where all images have a crowdIndex. Boxes have cocoapi's.
  std::optional<CocoVariant> variant = CocoVariant::kCocoapi;
  enum class Area {
    kAuto,   // by cocoapi's rules as annotated, by others' of the box where one is not annotated
    kGiven,  // as annotated
    kBox,    // 0.53 of the box
  } area = Area::kAuto;
  std::string sigmas = {};                   // as parse_sigmas() has them; empty: those that fit the truth
  std::string second = {};                   // the same persons by another annotator: sigmas are estimated from both
  bool per_joint = false;                    // AP with each joint alone too
  BootstrapOptions bootstrap{.samples = 0};  // intervals of the figures; of no samples: none
  int threads = 0;                           // 0: as many as there are processors
};

/// CocoReportOptions::variant by name: "cocoapi", "xtcocotools" (of CrowdPose where the truth is that), "crowdpose".
/// Errors: kInvalidArgument, listing them.
Result<std::optional<CocoVariant>> coco_rules(std::string_view name);

struct CocoReport {
  CocoReportOptions options;
  CocoTruth truth;
  CocoResults results;
  CocoEvalOptions rules;  // in force
  CocoEvaluation evaluation;
  std::string sigma_source;
  std::vector<FigureInterval> intervals;                  // where wanted; as evaluation.figures
  std::vector<std::pair<std::string, double>> per_joint;  // likewise: joint, AP
};

/// Reads both and measures. Errors: those of reading, of evaluate_coco, parse_sigmas, guess_sigmas, estimate_sigmas and
/// bootstrap_coco.
Result<CocoReport> measure_coco(const CocoReportOptions& options);
/// "COCO keypoint AP (OKS), variant cocoapi, sigmas coco17 (17), area as annotated".
std::string protocol_of(const CocoReport& report);
/// What was left out or is odd, one line each.
std::vector<std::string> remarks(const CocoReport& report);
/// Flat: figures under their names, AP_low and AP_high, counts, protocol, AP_nose ...
Json to_json(const CocoReport& report);

struct CocoPartName {
  const char* name;
  CocoPart part;
};
/// Of COCO-WholeBody: body, foot, face, lefthand, righthand, wholebody.
std::span<const CocoPartName> coco_parts();

}  // namespace poise
