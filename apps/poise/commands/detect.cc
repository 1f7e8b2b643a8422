#include <chrono>
#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "device.h"
#include "figures.h"
#include "flags/estimator_flags.h"
#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "poise/base/counted.h"
#include "poise/base/file.h"
#include "poise/base/version.h"
#include "poise/formats/writers.h"
#include "poise/image/picture_files.h"
#include "poise/infer/picture_writer.h"
#include "poise/infer/pipeline.h"
#include "poise/models/shipped.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> sources;
  DetectorFlags detector;
  RunnerOptions run;
  std::string out, exif = "apply", json, device = "cpu";
  bool quiet = false;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  poise detect holiday/ --out boxes.json\n"
    "  poise detect 'shots/*.jpg' --detector yolov3-tiny.weights --detect-threshold 0.3 --out boxes.json\n"
    "  poise predict holiday/ --boxes boxes.json";

struct Found {
  Json detections = Json::array();
  Json errors = Json::array();
  Json results = Json::array();  // a picture each
  std::size_t pictures = 0, with_people = 0, persons = 0;
  PictureNotes notes;
  PipelineCost cost;
  double seconds = 0;
};

Found look(const Options& o, const std::vector<PictureFile>& sources, BoxSource& people, Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  DecodeOptions decode;
  decode.exif = o.exif == "ignore" ? Exif::kIgnore : Exif::kApply;
  std::vector<fs::path> paths;
  for (const PictureFile& source : sources) paths.push_back(source.path);
  const ImageIds ids = image_ids(paths);
  if (!ids.note.empty()) console.note(ids.note);
  Found found;
  std::size_t done = 0;
  PipelineOptions options;
  options.stop = interrupted;
  found.cost = run_pipeline(
      sources.size(), {.detector = people.detector()},
      [&](std::size_t i, const AdmitPixels& admit) {
        return people.picture(sources[i].path, decode.admitted_by(admit));
      },
      [&](std::size_t i, Result<PipelineAnswer> answer) {
        console.progress(++done, sources.size(), sources[i].path.filename().string());
        if (!answer.ok()) {
          const std::string message = with_input_named(about_picture(sources[i].path, answer.error()).message);
          console.error(message);
          found.errors.push(message);
          found.results.push(Json::Object{{"source", sources[i].name.string()}, {"error", message}});
          return;
        }
        found.pictures += 1;
        found.notes.add(sources[i].path.string(), answer->notes);
        found.with_people += answer->boxes.empty() ? 0 : 1;
        found.persons += answer->boxes.size();
        found.results.push(Json::Object{{"source", sources[i].name.string()},
                                        {"persons", static_cast<std::int64_t>(answer->boxes.size())}});
        append_coco_detections(sources[i].name.string(), ids.ids[i], answer->boxes, answer->frame.exif_applied,
                               found.detections);
      },
      options);
  console.finish();
  if (interrupted()) {
    const std::string message = "stopped after " + std::to_string(done) + " of " + counted(sources.size(), "picture");
    console.error(message);
    found.errors.push(message);
  }
  found.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return found;
}

Json summary(const Options& o, const BoxSource& people, const Found& found) {
  Json json = Json::object();
  json.set("poise", kVersion);
  json.set("pictures", static_cast<std::int64_t>(found.pictures));
  json.set("pictures_with_persons", static_cast<std::int64_t>(found.with_people));
  json.set("persons", static_cast<std::int64_t>(found.persons));
  json.set("errors", found.errors);
  json.set("seconds", found.seconds);
  json.set("streams", found.cost.streams);
  json.set("detect_seconds", found.cost.detect_seconds);
  if (found.cost.pictures > 0) {
    json.set("detect_ms_per_picture", 1e3 * found.cost.detect_seconds / static_cast<double>(found.cost.pictures));
  }
  json.set("detector", to_json(*people.named_detector()));
  json.set("out", o.out);
  json.set("results", found.results);
  return json;
}

Status detect(Options& o, int& code) {
  POISE_RETURN_IF_ERROR(set_device(o.device, o.run));
  POISE_TRY(const FoundPictures sources, find_pictures_or_dash(o.sources));
  POISE_TRY(BoxSource people, open_people("", o.detector, o.run));
  if (people.detector() == nullptr) return usage_error("--detector none finds nobody: leave it out or name one");
  const bool printed = is_dash(o.out);
  if (printed && is_dash(o.json))
    return usage_error("--out - and --json - both go to standard output: give one of them a file");
  if (!printed) {
    POISE_RETURN_IF_ERROR(not_an_input(o.out));
    POISE_RETURN_IF_ERROR(prepare_file(o.out));
  }
  Console console(o.quiet);
  watch_interrupts();
  if (const std::string note = sources.note(); !note.empty()) console.note(note);
  const Found found = look(o, sources.files, people, console);
  say_of_detector(*people.detector(), found.pictures, found.persons, console);
  for (const std::string& line : found.notes.lines()) console.note(line);
  if (!printed && (interrupted() || found.pictures == 0)) {
    say_not_whole(o.out, console);
    o.out = partial_name(o.out).string();
  }
  POISE_RETURN_IF_ERROR(put_text(o.out, found.detections.dump() + "\n"));
  std::string text = counted(found.persons, "person") + " in " + std::to_string(found.with_people) + " of " +
                     counted(found.pictures, "picture");
  if (const std::size_t errors = found.errors.as_array().size(); errors > 0) text += ", " + counted(errors, "error");
  text += " in " + duration(found.seconds);
  if (printed) {
    console.note(text);
  } else if (!o.quiet && !is_dash(o.json)) {
    std::printf("%s -> %s\n", text.c_str(), shown(o.out).c_str());
  }
  POISE_RETURN_IF_ERROR(put_json(summary(o, people, found), o.json));
  code = found.errors.as_array().empty() ? 0 : 1;
  return {};
}

}  // namespace

Action make_detect(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("sources", o->sources, "pictures, folders, globs; - is a picture on standard input")
      ->required()
      ->type_name("SOURCE");
  command
      .add_option("-o,--out", o->out,
                  "the people's boxes, as COCO detections: what predict and eval take as --boxes; - prints them")
      ->required()
      ->type_name("BOXES.json");
  o->detector.add_to(command, "Detector");
  command.get_option("--detector")->default_str(kShippedDetector);
  add_runner_flags(command, o->run, o->device);
  command.add_option("--exif", o->exif, "photograph's orientation: apply or ignore")
      ->check(one_of({"apply", "ignore"}))
      ->capture_default_str();
  add_json_option(command, o->json);
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  command.footer(kExamples);
  return [o] {
    int code = 1;
    const Status status = detect(*o, code);
    if (!status.ok()) Console(o->quiet).error(status.error().message);
    return code;
  };
}

}  // namespace poise::app
