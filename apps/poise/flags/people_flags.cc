#include "flags/people_flags.h"

#include <map>

#include "flags/estimator_flags.h"
#include "model_store.h"
#include "poise/base/counted.h"
#include "poise/infer/picture_writer.h"
#include "poise/models/shipped.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {

void DetectorFlags::add_to(CLI::App& command, const std::string& group) {
  std::string presets;
  for (const std::string& name : detector_preset_names()) presets += (presets.empty() ? "" : ", ") + name;
  command
      .add_option("--detector", detector,
                  "what finds the people: a file, or a model's name; none where the network finds everyone itself")
      ->group(group)
      ->type_name("FILE");
  command.add_option("--detector-preset", preset, "how a detector without a card is fed and read: " + presets)
      ->check(one_of(detector_preset_names()))
      ->group(group)
      ->type_name("NAME");
  command.add_option("--detect-threshold", threshold, "boxes that score less are left out")
      ->check(within(0.0, 1.0))
      ->group(group);
  command.add_option("--nms", nms, "of two boxes that overlap more than this the better stays; 1: both")
      ->check(within(0.0, 1.0))
      ->group(group);
}

TrackerOptions suited_to(PoseFinder& finder, TrackerOptions options) {
  if (const auto& named = finder.people().named_detector()) {
    options.min_box_score = named->detector.card().head.threshold;
  }
  if (const OneStage* network = finder.one_stage(); network != nullptr) {
    options.propagate = false;  // it looks at no boxes, carried ones neither
    options.min_box_score = network->card().threshold;
  }
  return options;
}

Result<NamedDetector> open_detector(const DetectorFlags& flags, const RunnerOptions& run) {
  DetectorOptions options;
  options.run = run;
  options.threshold = flags.threshold;
  options.nms = flags.nms;
  options.card.preset = flags.preset;
  POISE_TRY(OpenModel model, open_model(flags.detector, kShippedDetector));
  POISE_TRY(Detector detector, Detector::create(std::move(model.onnx), options, model.path));
  return NamedDetector{model.name, std::move(detector)};
}

Result<BoxSource> open_people(const std::string& boxes, const DetectorFlags& flags, const RunnerOptions& run) {
  if (!boxes.empty()) {
    if (!flags.detector.empty()) return usage_error("--boxes says where the people are: leave out --detector");
    if (!flags.preset.empty() || flags.nms)
      return usage_error("--boxes: there is no detector to set: leave out --detector-preset and --nms");
    POISE_TRY(const std::string path, input_path(boxes));
    return BoxSource::read(path, flags.threshold.value_or(-1.0F), is_dash(boxes) ? kStandardInput : "");
  }
  if (flags.detector == "none") {
    if (!flags.preset.empty() || flags.threshold || flags.nms)
      return usage_error("--detector none: there is no detector to set");
    return BoxSource();
  }
  if (flags.detector.empty() && !flags.preset.empty())
    return usage_error("--detector-preset " + flags.preset + ": name the detector it is for with --detector");
  POISE_TRY(NamedDetector detector, open_detector(flags, run));
  return BoxSource(std::move(detector));
}

Result<OpenFinder> open_finder(const FinderFlags& flags, const EstimatorOptions& options) {
  POISE_TRY(OpenModel model, open_model(flags.model));
  POISE_TRY(
      PoseNetwork network,
      make_pose_network(std::move(model.onnx), {options, flags.detector.threshold, flags.detector.nms}, model.path));
  if (std::holds_alternative<OneStage>(network)) {
    const std::string alone = model.name + " finds everyone in a picture itself: leave out ";
    if (!flags.boxes.empty()) return invalid_argument(alone + "--boxes");
    if (!flags.detector.preset.empty()) return invalid_argument(alone + "--detector-preset");
    if (!flags.detector.detector.empty() && flags.detector.detector != "none") {
      return invalid_argument(alone + "--detector " + flags.detector.detector);
    }
    BoxSource people = BoxSource::of_network(model.name);
    return OpenFinder{model.name, PoseFinder(std::move(network), std::move(people), flags.doubles)};
  }
  POISE_TRY(BoxSource people, open_people(flags.boxes, flags.detector, options.run));
  return OpenFinder{model.name, PoseFinder(std::move(network), std::move(people), flags.doubles)};
}

void say_of_finder(PoseFinder& finder, std::size_t pictures, std::size_t persons, Console& console,
                   const std::string& hint) {
  if (const Detector* detector = finder.people().detector(); detector != nullptr) {
    return say_of_detector(*detector, pictures, persons, console, hint);
  }
  const OneStage* network = finder.one_stage();
  if (network == nullptr) return;
  for (const std::string& line : network->notes()) console.note(line);
  if (pictures == 0 || persons > 0) return;
  const std::size_t others = network->left_out().other_class;
  const std::string found = others > 0 ? ", but " + std::to_string(others) + " things of other classes" : "";
  console.note("nobody was found" + found + ": a lower --detect-threshold finds more");
}

void say_of_detector(const Detector& detector, std::size_t pictures, std::size_t persons, Console& console,
                     const std::string& hint) {
  for (const std::string& line : detector.notes()) console.note(line);
  if (pictures == 0 || persons > 0) return;
  const std::size_t others = detector.left_out().other_class;
  const std::string found =
      others > 0 ? ", but " + counted(others, "box", "boxes") + " of things of other classes" : "";
  console.note("nobody was found" + found + ": a lower --detect-threshold finds more" + hint);
}

void say_not_whole(const std::string& file, Console& console) {
  console.note("not all pictures were looked at: what was found is in " + partial_name(file).string() + ", not in " +
               file);
}

void add_doubles_flags(CLI::App& command, DoublesOptions& options, const std::string& group) {
  static const std::map<std::string, DoublesOptions::Rule> kRules{{"oks", DoublesOptions::Rule::kOks},
                                                                  {"parametric", DoublesOptions::Rule::kParametric},
                                                                  {"none", DoublesOptions::Rule::kNone}};
  command
      .add_option_function<std::string>(
          "--pose-nms", [&options](const std::string& name) { options.rule = kRules.at(name); },
          "of poses that are one person's, oks keeps the best, parametric (AlphaPose) merges; or none")
      ->check(one_of({"oks", "parametric", "none"}))
      ->default_str("oks")
      ->group(group);
  command.add_option("--oks-nms", options.oks, "of two poses more alike than this the better is kept")
      ->check(within(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
}

void add_finder_flags(CLI::App& command, DetectorFlags& detector, DoublesOptions& doubles, EstimatorOptions& estimator,
                      std::string& device, bool or_whole) {
  const std::string group = "Who is where";
  detector.add_to(command, group);
  CLI::Option* named = command.get_option("--detector");
  named->default_str(kShippedDetector);
  if (or_whole) named->description(named->get_description() + "; none: each whole picture is one person's box");
  add_doubles_flags(command, doubles, group);
  add_estimator_flags(command, estimator, device);
}

}  // namespace poise::app
