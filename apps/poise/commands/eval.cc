#include <cstdio>
#include <filesystem>
#include <memory>

#include "console.h"
#include "device.h"
#include "flags/card_flags.h"
#include "flags/estimator_flags.h"
#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "metrics/persons.h"
#include "metrics/say.h"
#include "model_store.h"
#include "poise/base/counted.h"
#include "poise/base/file.h"
#include "poise/eval/evaluate_detector.h"
#include "poise/eval/evaluate_poses.h"
#include "poise/metrics/oks_sigmas.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  EvalSetOptions set;
  std::string model, metric = "oks", reference = "torso", json, out, device = "cpu";
  CardFlags card;
  DetectorFlags detector;
  EstimatorOptions estimator;
  DoublesOptions doubles;
  FindPosesOptions find;
  double threshold = 0.2;
  bool quiet = false;
};

PckOptions pck_options(const Options& o) {
  PckOptions options;
  options.threshold = o.threshold;
  if (o.reference == "bbox") options.reference = PckReference::kBoxLongerSide;
  if (o.reference == "bbox-diagonal") options.reference = PckReference::kBoxDiagonal;
  if (o.reference == "head") options.reference = PckReference::kHead;
  return options;
}

void print_run(const PoseReport& report) {
  const FoundPoses& found = report.found;
  const DoublesOptions& doubles = report.doubles;
  char nms[64];
  std::snprintf(nms, sizeof nms, "OKS-NMS %g", static_cast<double>(doubles.oks));
  std::printf("boxes: %s; %s in %s; %s; score: %s; %s took %zu away\n", shown(found.box_source).c_str(),
              counted(found.boxes, "person").c_str(), counted(found.frames.size(), "picture").c_str(),
              report.flip_test ? "flip test" : "no flip test",
              report.finds_everyone ? "the network's" : "box times the mean of the joints above 0.2",
              doubles.rule == DoublesOptions::Rule::kOks ? nms : (name_of(doubles) + " NMS").c_str(), found.suppressed);
  if (found.bad_boxes > 0)
    std::printf("note: %s left out: empty or outside their picture\n",
                counted(found.bad_boxes, "box", "boxes").c_str());
  if (found.boxes_elsewhere > 0)
    std::printf("note: %s of pictures that the annotations do not list\n",
                counted(found.boxes_elsewhere, "box is", "boxes are").c_str());
  for (const std::string& line : found.notes.lines()) std::printf("note: %s\n", shown(line).c_str());
  if (found.empty_pictures > 0)
    std::printf("note: %s no box\n", counted(found.empty_pictures, "picture has", "pictures have").c_str());
  std::printf(
      "speed, measured here: %.1f persons/s with decoding of pictures, %.1f in crop, network and joints alone\n",
      found.persons_per_second(), found.persons_per_second_estimate());
}

void print_figures(const PoseReport& report) {
  if (report.pck) {
    print_pck(report.pck->result, report.pck->pairs, "PCK");
    for (const std::string& line : remarks(report.pck->pairs)) std::printf("note: %s\n", shown(line).c_str());
    return;
  }
  const CocoEvaluation& evaluation = report.oks->evaluation;
  std::printf("%s\n%s\n", shown(report.oks->protocol).c_str(), counted(evaluation.truths_counted, "truth").c_str());
  for (const auto& [name, value] : evaluation.figures) std::printf("  %-6s %.4f\n", name.c_str(), value);
}

/// What a table says on standard output, where that has JSON.
void note_remarks(const PoseReport& report, Console& console) {
  if (!report.pck) return;
  const auto& [pairs, result] = *report.pck;
  if (result.without_reference > 0) {
    console.note(std::to_string(result.without_reference) + " of " + counted(pairs.persons.size(), "person") +
                 " left out: without the reference, " + name_of(result.options.reference));
  }
  for (const std::string& line : remarks(pairs)) console.note(line);
}

void print_detector_report(const DetectorReport& report) {
  std::printf("COCO box AP (IoU) of people, variant cocoapi\n%s in %s, %s ignored\n",
              counted(report.evaluation.truths_counted, "person").c_str(), counted(report.pictures, "picture").c_str(),
              counted(report.evaluation.truths_ignored, "crowd").c_str());
  for (const auto& [name, value] : report.evaluation.figures) std::printf("  %-6s %.4f\n", name.c_str(), value);
  std::printf("at threshold %g, overlap 0.5: recall %.4f, precision %.4f, %zu found, %zu false\n",
              static_cast<double>(report.threshold), report.recall, report.precision, report.right, report.wrong);
  std::printf("  persons of a twentieth of the picture or more: %zu of %zu found, %.4f\n", report.prominent_found,
              report.prominent, report.prominent_recall());
  if (report.empty_pictures > 0) {
    std::printf("  pictures of nobody: somebody found in %zu of %zu\n", report.empty_with_somebody,
                report.empty_pictures);
  }
  std::printf("speed, measured here: %.1f ms a picture in the detector, in %s\n", report.detect_ms_per_picture(),
              counted(report.cost.streams, "stream").c_str());
}

Status write_results(const std::string& out, const Json& results) {
  return out.empty() ? Status() : put_text(out, results.dump() + "\n");
}

Status eval_detector(const Options& o, Console& console) {
  POISE_TRY(NamedDetector detector, open_detector(o.detector, o.estimator.run));
  watch_interrupts();
  POISE_TRY(const DetectorReport report,
            evaluate_detector(detector, {o.set.annotations, o.set.images, progress_of(console)}));
  console.finish();
  POISE_RETURN_IF_ERROR(write_results(o.out, coco_results_json(report)));
  if (o.json != "-") print_detector_report(report);
  return put_json(to_json(report), o.json);
}

/// The finder; its people are the set's boxes, a detector's, or found by the network itself, and then the set's boxes
/// do not count.
Result<OpenFinder> open_measured(Options& o) {
  const bool looks = !o.detector.detector.empty();
  POISE_TRY(OpenModel model, open_model(o.model));
  PoseNetworkOptions options{o.estimator, o.detector.threshold, o.detector.nms};
  // AP is of all that the network finds; PCK counts whom a user would be shown.
  if (o.set.metric == PoseMetric::kOks && !options.threshold) options.threshold = kLeastScore;
  POISE_TRY(PoseNetwork network, make_pose_network(std::move(model.onnx), options, model.path));
  if (std::holds_alternative<OneStage>(network)) {
    const std::string alone = model.name + " finds everyone in a picture itself: leave out ";
    if (looks) return invalid_argument(alone + "--detector");
    if (o.set.boxes != "gt") return invalid_argument(alone + "--boxes");
    o.set.boxes.clear();
    BoxSource people = BoxSource::of_network(model.name);
    return OpenFinder{model.name, PoseFinder(std::move(network), std::move(people), o.doubles)};
  }
  BoxSource people;
  if (looks) {
    o.set.boxes.clear();
    POISE_TRY(NamedDetector detector, open_detector(o.detector, o.estimator.run));
    people = BoxSource(std::move(detector));
  } else if (!o.detector.preset.empty() || o.detector.nms || (o.detector.threshold && o.set.boxes == "gt")) {
    return usage_error("there is no detector to set: name one with --detector");
  }
  o.find.threshold = o.detector.threshold;
  return OpenFinder{model.name, PoseFinder(std::move(network), std::move(people), o.doubles)};
}

Status eval_poses(Options& o, Console& console) {
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, o.card.json());
  o.set.metric = o.metric == "pck" ? PoseMetric::kPck : PoseMetric::kOks;
  o.set.pck = pck_options(o);
  POISE_TRY(OpenFinder opened, open_measured(o));
  PoseFinder& finder = opened.finder;
  POISE_TRY(const EvalSet set, read_eval_set(o.set));
  if (set.boxes) {
    for (const std::string& line : set.boxes->notes()) console.note(o.set.boxes + ": " + line);
  }
  o.find.progress = progress_of(console);
  watch_interrupts();
  POISE_TRY(const PoseReport report, evaluate_poses(set, finder, opened.name, o.find));
  console.finish();
  POISE_RETURN_IF_ERROR(write_results(o.out, coco_results_json(report.found)));
  if (o.json == "-") {
    note_remarks(report, console);
  } else {
    print_run(report);
    print_figures(report);
  }
  return put_json(to_json(report), o.json);
}

Status eval(Options& o, Console& console) {
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator.run));
  if (o.detector.detector == "none") {
    return usage_error(
        "--detector none takes each whole picture, which is not measured: --boxes gt takes the truth's boxes, --boxes "
        "FILE others");
  }
  const bool looks = !o.detector.detector.empty();
  if (looks && o.set.boxes != "gt")
    return usage_error("--boxes says where the people are: leave out --detector, or --boxes");
  remember_input(o.set.annotations);
  remember_input(o.set.boxes);
  for (const std::string& file : {o.out, o.json}) POISE_RETURN_IF_ERROR(not_an_input(file));
  if (!o.out.empty()) POISE_RETURN_IF_ERROR(prepare_file(o.out));
  const Status done = looks && o.model.empty() ? eval_detector(o, console) : eval_poses(o, console);
  return done.ok() ? done : with_format_named(done.error(), o.set.annotations);
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
      ->check(one_of({"oks", "pck"}))
      ->capture_default_str();
  command
      .add_option("--sigmas", o->set.sigmas, "of oks: a skeleton's name, or numbers with commas (default: what fits)")
      ->check(that(parse_sigmas))
      ->type_name("NAME|S,S,...");
  command.add_option("--threshold", o->threshold, "of pck")->check(within(0.0, 10.0))->capture_default_str();
  command.add_option("--reference", o->reference, "of pck")
      ->check(one_of({"torso", "bbox", "bbox-diagonal", "head"}))
      ->capture_default_str();
  add_doubles_flags(command, o->doubles, "One pose a person");
  o->detector.add_to(command, "A detector, measured itself; with --model, the poses of whom it finds");
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
      "  poise eval --model pose.onnx --annotations val.json --images val/ --detector poise-person\n"
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
