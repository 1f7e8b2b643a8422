#include <cstdio>
#include <filesystem>
#include <memory>

#include "console.h"
#include "device.h"
#include "flags/card_flags.h"
#include "flags/estimator_flags.h"
#include "flags/people_flags.h"
#include "metrics/persons.h"
#include "model_store.h"
#include "poise/base/file.h"
#include "poise/base/version.h"
#include "poise/eval/evaluate_detector.h"
#include "poise/eval/evaluate_poses.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  EvalSetOptions set;
  std::string model, metric = "oks", reference = "torso", json, out, device = "cpu";
  CardFlags card;
  DetectorFlags detector;
  EstimatorOptions estimator;
  FindPosesOptions find;
  double threshold = 0.2;
  bool quiet = false;
};

Status say_oks(const FoundPoses& found, const EvalSet& set, bool table, Json& json) {
  POISE_TRY(const OksMeasured measured, measure_oks(found, set.truth, set.sigmas));
  const CocoEvaluation& evaluation = measured.evaluation;
  json.set("protocol", measured.protocol);
  if (table) std::printf("%s\n%zu truths\n", measured.protocol.c_str(), evaluation.truths_counted);
  for (const auto& [name, value] : evaluation.figures) {
    if (table) std::printf("  %-6s %.4f\n", name.c_str(), value);
    json.set(name, value);
  }
  json.set("truths", static_cast<std::int64_t>(evaluation.truths_counted));
  json.set("truths_ignored", static_cast<std::int64_t>(evaluation.truths_ignored));
  return {};
}

PckOptions pck_options(const Options& o) {
  PckOptions options;
  options.threshold = o.threshold;
  if (o.reference == "bbox") options.reference = PckReference::kBoxLongerSide;
  if (o.reference == "bbox-diagonal") options.reference = PckReference::kBoxDiagonal;
  if (o.reference == "head") options.reference = PckReference::kHead;
  return options;
}

Status say_pck(const FoundPoses& found, const EvalSet& set, bool table, Json& json, Console& console) {
  const PckOptions& options = set.options.pck;
  POISE_TRY(const PckMeasured measured, measure_pck_of(found, set));
  const auto& [pairs, result] = measured;
  add_pck(result, pairs, "PCK", json);
  if (table) print_pck(result, pairs, "PCK");
  if (!table && result.without_reference > 0) {
    console.note(std::to_string(result.without_reference) + " of " + std::to_string(pairs.persons.size()) +
                 " persons left out: without the reference, " + name_of(options.reference));
  }
  for (const std::string& line : remarks(pairs)) {
    if (table) {
      std::printf("note: %s\n", line.c_str());
    } else {
      console.note(line);
    }
  }
  return {};
}

void add_run(const Options& o, const Estimator& estimator, const EvalSet& set, const FoundPoses& found, Json& json) {
  const auto count = [&](const char* name, std::size_t value) { json.set(name, static_cast<std::int64_t>(value)); };
  json.set("poise", kVersion);
  json.set("metric", o.metric);
  json.set("annotations", set.options.annotations);
  json.set("box_source", set.box_source());
  json.set("model", o.model);
  json.set("model_sha256", estimator.model_hash());
  json.set("skeleton", estimator.skeleton().name);
  json.set("padding", estimator.card().padding);
  json.set("flip_test", o.estimator.flip_test);
  json.set("backend", o.estimator.run.make ? "libtorch " + o.device : o.estimator.run.backend);
  json.set("precision", std::string(name_of(estimator.precision())));
  json.set("oks_nms", o.find.nms);
  count("pictures", found.frames.size());
  count("pictures_without_boxes", found.empty_pictures);
  count("boxes", found.boxes);
  count("boxes_left_out", found.bad_boxes);
  count("poses_suppressed", found.suppressed);
  json.set("seconds", found.seconds);
  json.set("persons_per_second", static_cast<double>(found.boxes) / found.seconds);
  json.set("persons_per_second_estimate", static_cast<double>(found.boxes) / found.estimate_seconds);
}

void print_run(const Options& o, const EvalSet& set, const FoundPoses& found) {
  std::printf(
      "boxes: %s; %zu persons in %zu pictures; %s; score: box times the mean of the joints above 0.2; OKS-NMS %g "
      "took %zu away\n",
      set.box_source().c_str(), found.boxes, found.frames.size(), o.estimator.flip_test ? "flip test" : "no flip test",
      static_cast<double>(o.find.nms), found.suppressed);
  if (found.bad_boxes > 0) std::printf("note: %zu boxes left out: empty or outside their picture\n", found.bad_boxes);
  if (found.empty_pictures > 0) std::printf("note: %zu pictures have no box\n", found.empty_pictures);
  std::printf(
      "speed, measured here: %.1f persons/s with decoding of pictures, %.1f in crop, network and joints alone\n",
      static_cast<double>(found.boxes) / found.seconds, static_cast<double>(found.boxes) / found.estimate_seconds);
}

Json detector_report_json(const Options& o, const Json& detector, const DetectorReport& report) {
  Json json = Json::object();
  const auto whole = [&](const char* name, std::size_t value) { json.set(name, static_cast<std::int64_t>(value)); };
  json.set("poise", kVersion);
  json.set("protocol", "COCO box AP (IoU) of people, variant cocoapi");
  json.set("annotations", o.set.annotations);
  json.set("detector", detector);
  for (const auto& [name, value] : report.evaluation.figures) json.set(name, value);
  json.set("threshold", report.threshold);
  json.set("recall", report.recall);
  json.set("precision", report.precision);
  whole("found", report.right);
  whole("false_persons", report.wrong);
  whole("persons", report.evaluation.truths_counted);
  whole("crowds_ignored", report.evaluation.truths_ignored);
  whole("prominent_persons", report.prominent);
  json.set("prominent_recall", report.prominent_recall());
  whole("empty_pictures", report.empty_pictures);
  whole("empty_pictures_with_somebody", report.empty_with_somebody);
  whole("pictures", report.pictures);
  json.set("seconds", report.seconds);
  json.set("streams", report.cost.streams);
  json.set("detect_ms_per_picture", report.detect_ms_per_picture());
  return json;
}

void print_detector_report(const DetectorReport& report) {
  std::printf("COCO box AP (IoU) of people, variant cocoapi\n%zu persons in %zu pictures, %zu crowds ignored\n",
              report.evaluation.truths_counted, report.pictures, report.evaluation.truths_ignored);
  for (const auto& [name, value] : report.evaluation.figures) std::printf("  %-6s %.4f\n", name.c_str(), value);
  std::printf("at threshold %g, overlap 0.5: recall %.4f, precision %.4f, %zu found, %zu false\n",
              static_cast<double>(report.threshold), report.recall, report.precision, report.right, report.wrong);
  std::printf("  persons of a twentieth of the picture or more: %zu of %zu found, %.4f\n", report.prominent_found,
              report.prominent, report.prominent_recall());
  if (report.empty_pictures > 0) {
    std::printf("  pictures of nobody: somebody found in %zu of %zu\n", report.empty_with_somebody,
                report.empty_pictures);
  }
  std::printf("speed, measured here: %.1f ms a picture in the detector, in %d streams\n",
              report.detect_ms_per_picture(), report.cost.streams);
}

Status eval_detector(const Options& o, Console& console) {
  if (!o.out.empty()) POISE_RETURN_IF_ERROR(prepare_file(o.out));
  POISE_TRY(NamedDetector detector, open_detector(o.detector, o.estimator.run));
  watch_interrupts();
  POISE_TRY(const DetectorReport report,
            evaluate_detector(detector.detector, {o.set.annotations, o.set.images, progress_of(console)}));
  console.finish();
  if (!o.out.empty())
    POISE_RETURN_IF_ERROR(write_file_atomic(fs::path(o.out), coco_results_json(report).dump() + "\n"));
  if (o.json != "-") print_detector_report(report);
  return put_json(detector_report_json(o, to_json(detector), report), o.json);
}

Status eval_poses(Options& o, Console& console) {
  if (!o.detector.preset.empty() || o.detector.nms || (o.detector.threshold && o.set.boxes == "gt"))
    return invalid_argument("there is no detector to set: name one with --detector");
  if (!o.out.empty()) POISE_RETURN_IF_ERROR(prepare_file(o.out));
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, o.card.json());
  o.set.metric = o.metric == "pck" ? PoseMetric::kPck : PoseMetric::kOks;
  o.set.pck = pck_options(o);
  POISE_TRY(const EvalSet set, read_eval_set(o.set));
  for (const std::string& line : set.boxes.notes()) console.note(set.box_source() + ": " + line);
  POISE_TRY(OpenModel model, open_model(o.model));
  o.model = model.name;
  POISE_TRY(Estimator estimator, Estimator::create(std::move(model.onnx), o.estimator, model.path));
  o.find.threshold = o.detector.threshold;
  o.find.progress = progress_of(console);
  watch_interrupts();
  POISE_TRY(const FoundPoses found, find_poses(set, estimator, o.find));
  console.finish();
  if (!o.out.empty()) POISE_RETURN_IF_ERROR(write_file_atomic(fs::path(o.out), coco_results_json(found).dump() + "\n"));
  Json json = Json::object();
  add_run(o, estimator, set, found, json);
  const bool table = o.json != "-";
  if (table) print_run(o, set, found);
  if (set.people) {
    POISE_RETURN_IF_ERROR(say_pck(found, set, table, json, console));
  } else {
    POISE_RETURN_IF_ERROR(say_oks(found, set, table, json));
  }
  return put_json(json, o.json);
}

Status eval(Options& o, Console& console) {
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator.run));
  if (o.detector.detector.empty()) return eval_poses(o, console);
  if (!o.model.empty() || o.set.boxes != "gt") {
    return invalid_argument(
        "--detector alone is measured here; for poses in its boxes, first `poise detect --out boxes.json`, then "
        "--boxes boxes.json");
  }
  return eval_detector(o, console);
}

}  // namespace

Action make_eval(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command.add_option("-a,--annotations", o->set.annotations, "the truth: COCO annotations")
      ->required()
      ->type_name("A.json");
  command.add_option("-i,--images", o->set.images, "where its pictures lie")->required()->type_name("DIR");
  command.add_option("-b,--boxes", o->set.boxes, "gt: the truth's own boxes; or COCO detections")
      ->capture_default_str()
      ->type_name("gt|FILE");
  command.add_option("--metric", o->metric, "oks: COCO's AP; pck: joints matched by name")
      ->check(CLI::IsMember({"oks", "pck"}))
      ->capture_default_str();
  command
      .add_option("--sigmas", o->set.sigmas, "of oks: a skeleton's name, or numbers with commas (default: what fits)")
      ->type_name("NAME|S,S,...");
  command.add_option("--threshold", o->threshold, "of pck")->check(CLI::Range(0.0, 10.0))->capture_default_str();
  command.add_option("--reference", o->reference, "of pck")
      ->check(CLI::IsMember({"torso", "bbox", "bbox-diagonal", "head"}))
      ->capture_default_str();
  command.add_option("--oks-nms", o->find.nms, "of two poses more alike than this the better is kept; 1: all are")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  o->detector.add_to(command, "A detector measured in an estimator's place");
  add_json_option(command, o->json);
  command.add_option("-o,--out", o->out, "the poses, or boxes, as COCO results, for other tools")
      ->type_name("RESULTS.json");
  add_estimator_flags(command, o->estimator, o->device);
  command.add_flag("-q,--quiet", o->quiet, "no progress");
  o->card.add_to(command, "Model card (over MODEL.card.json, the file's own card, and --preset)");
  command.footer(
      "Examples:\n"
      "  poise eval --model pose.onnx --preset gluon --annotations val.json --images val/ --boxes gt\n"
      "  poise eval --model pose.onnx --annotations lsp.json --images lsp/ --metric pck --threshold 0.2\n"
      "  poise eval --model pose.onnx --annotations val.json --images val/ --boxes boxes.json   # of poise detect\n"
      "  poise eval --detector yolox.onnx --detector-preset yolox --annotations val.json --images val/");
  return [o] {
    Console console(o->quiet);
    const Status status = eval(*o, console);
    if (status.ok()) return 0;
    console.finish();
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
