// `poise label`: a model as the teacher of the next one.

#include <chrono>
#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "device.h"
#include "figures.h"
#include "flags/card_flags.h"
#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "poise/base/counted.h"
#include "poise/base/version.h"
#include "poise/data/person_sheet.h"
#include "poise/image/codec.h"
#include "poise/label/label_pictures.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Options {
  std::vector<std::string> sources, views = {"flip", "scale"};
  std::string model, boxes, out, sheet, json, device = "cpu";
  DetectorFlags detector;
  CardFlags card;
  EstimatorOptions estimator;
  DoublesOptions doubles;
  LabelOptions label;
  LabelFileOptions file;
  std::size_t sheet_persons = 48;
  bool quiet = false;
};

constexpr const char* kExamples =
    "A run that was stopped, or killed, goes on where it was when the same command is given again: what is known is "
    "in\n"
    "LABELS.json.part until all pictures are done.\n\n"
    "Examples:\n"
    "  poise label photos/ --out labels.json --sheet look.jpg\n"
    "  poise label photos/ --model teacher.onnx --preset mmpose --boxes boxes.json --out labels.json\n"
    "  poise train config.yaml --data mine    # with mine/images and mine/train.json, the labels (docs/training.md)";

/// What labels depend on: a run goes on with the journal of the same alone.
Json settings_of(const Options& o, const PoseFinder& finder, const std::string& model) {
  const Provenance provenance = provenance_of(finder, model);
  Json views = Json::array();
  for (const std::string& view : o.views) views.push(view);
  Json settings = Json::Object{{"model", provenance.model},
                               {"sha256", provenance.model_hash},
                               {"views", std::move(views)},
                               {"agreement", Json::Object{{"near", o.label.agreement.near},
                                                          {"min_agreement", o.label.agreement.min_agreement},
                                                          {"min_score", o.label.agreement.min_score}}}};
  for (const auto& [name, value] : provenance.settings.as_object()) {
    if (name != "batch") settings.set(name, value);
  }
  return settings;
}

/// A folder's pictures are called as from there, which is how a data set's are; others as they were named.
std::vector<PictureToLabel> named(const Options& o, const std::vector<PictureFile>& files) {
  std::error_code ignored;
  const bool one_folder = o.sources.size() == 1 && fs::is_directory(o.sources.front(), ignored);
  std::vector<PictureToLabel> pictures;
  for (const PictureFile& file : files) {
    const fs::path name = one_folder ? file.path.lexically_relative(o.sources.front()) : file.name;
    pictures.push_back({file.path, name.string()});
  }
  return pictures;
}

Status draw_sheet_of(const Options& o, const std::vector<PictureToLabel>& pictures,
                     const std::vector<std::string>& names, const LabelFile& file, const Skeleton& skeleton,
                     Console& console) {
  if (o.sheet.empty()) return {};
  std::map<std::string, fs::path> paths;
  for (const PictureToLabel& picture : pictures) paths.emplace(picture.name, picture.path);
  std::vector<SheetPerson> persons;
  for (LabelFile::Sample& sample : file.sample(names, o.sheet_persons)) {
    const std::string score = "mean score " + figure(static_cast<double>(sample.pose.score));
    persons.push_back({paths.at(sample.file_name), std::move(sample.pose), sample.file_name, score});
  }
  const Image sheet = draw_persons(persons, skeleton);
  if (sheet.empty()) {
    console.note("no sheet: nobody has joints to draw");
    return {};
  }
  return write_image(o.sheet, sheet);
}

struct Done {
  LabelRun run;
  LabelTotals totals;
  Json errors = Json::array();
  double seconds = 0;
};

Status put_summary(const Options& o, const Done& done) {
  const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
  if (!o.quiet && !is_dash(o.json)) {
    std::string text = counted(done.totals.pictures, "picture") + ", " + counted(done.totals.persons, "person") +
                       " with " + counted(done.totals.joints, "joint");
    if (done.totals.ignored > 0) text += ", " + std::to_string(done.totals.ignored) + " to be ignored";
    if (done.run.there > 0) text += ", " + std::to_string(done.run.there) + " labelled before";
    if (const std::size_t errors = done.errors.as_array().size(); errors > 0) text += ", " + counted(errors, "error");
    std::printf("%s in %s -> %s\n", text.c_str(), duration(done.seconds).c_str(), shown(o.out).c_str());
  }
  return put_json(Json::Object{{"poise", kVersion},
                               {"pictures", count(done.totals.pictures)},
                               {"labelled_before", count(done.run.there)},
                               {"persons", count(done.totals.persons)},
                               {"joints", count(done.totals.joints)},
                               {"ignored", count(done.totals.ignored)},
                               {"errors", done.errors},
                               {"seconds", done.seconds},
                               {"out", o.out}},
                  o.json);
}

Result<OpenFinder> open_teacher(Options& o) {
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator.run));
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, o.card.json());
  return open_finder({o.model, o.boxes, o.detector, o.doubles}, o.estimator);
}

Status label(Options& o, int& code) {
  const auto begin = Clock::now();
  code = 2;
  POISE_TRY(o.label.views, label_views(o.views));
  code = 1;
  Console console(o.quiet);
  POISE_TRY(const FoundPictures found, find_pictures(o.sources));
  const std::vector<PictureToLabel> pictures = named(o, found.files);
  for (const std::string& file : {o.out, o.sheet, o.json}) POISE_RETURN_IF_ERROR(not_an_input(file));
  if (!o.sheet.empty()) POISE_RETURN_IF_ERROR(prepare_file(o.sheet));
  POISE_TRY(OpenFinder opened, open_teacher(o));
  PoseFinder& finder = opened.finder;
  o.file.settings = settings_of(o, finder, opened.name);
  POISE_TRY(LabelFile file, LabelFile::open(o.out, finder.skeleton(), o.file));
  watch_interrupts();
  if (const std::string note = found.note(); !note.empty()) console.note(note);
  Done done;
  const auto fail = [&](const std::string& message) {
    console.error(message);
    done.errors.push(message);
  };
  POISE_TRY(done.run, label_pictures(finder, pictures, o.label, file,
                                     {.progress = [&](std::size_t i, std::size_t total,
                                                      const std::string& name) { console.progress(i, total, name); },
                                      .error = fail,
                                      .stop = interrupted}));
  console.finish();
  say_of_finder(finder, done.run.looked_at, done.run.persons, console, "");
  for (const std::string& line : done.run.notes.lines()) console.note(line);
  const std::string journal = o.out + ".part";
  if (interrupted()) {
    return io_error("stopped after " + std::to_string(file.size()) + " of " + counted(pictures.size(), "picture") +
                    ": " + journal + " keeps them, the same command goes on");
  }
  std::vector<std::string> names;
  for (const PictureToLabel& picture : pictures) names.push_back(picture.name);
  POISE_TRY(done.totals, file.write(names));
  POISE_RETURN_IF_ERROR(draw_sheet_of(o, pictures, names, file, finder.skeleton(), console));
  if (done.errors.as_array().empty()) {
    file.remove_journal();
  } else {
    console.note(journal + " is kept: once the errors are mended, the same command looks at those pictures alone");
  }
  done.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  POISE_RETURN_IF_ERROR(put_summary(o, done));
  code = done.errors.as_array().empty() ? 0 : 1;
  return {};
}

void add_agreement_flags(CLI::App& command, Options& o) {
  const std::string group = "What becomes a label";
  AgreementOptions& agreement = o.label.agreement;
  command
      .add_option("--views", o.views,
                  "further looks at each person: flip (the mirrored picture), scale (a smaller and a larger box)")
      ->delimiter(',')
      ->capture_default_str()
      ->group(group)
      ->type_name("VIEW,...");
  command.add_option("--min-agreement", agreement.min_agreement, "share of the looks that must agree on a joint")
      ->check(within(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  command.add_option("--near", agreement.near, "looks agree within so much of the box's longer side")
      ->check(within(0.001, 1.0))
      ->capture_default_str()
      ->group(group);
  command.add_option("--min-score", agreement.min_score, "of a joint: its mean score times the agreement")
      ->check(within(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  command.add_option("--min-joints", o.file.min_joints, "persons with fewer keep their box alone")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->group(group);
  command.add_option("--sure-box", o.file.sure_box, "boxes that score less are marked \"ignore\"")
      ->check(within(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

Action make_label(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("sources", o->sources, "pictures, folders, globs")->required()->type_name("SOURCE");
  command.add_option("-m,--model", o->model, "the teacher: an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command.add_option("-b,--boxes", o->boxes, "where the people are: COCO detections or annotations")->type_name("FILE");
  command.add_option("-o,--out", o->out, "COCO annotations, with a score a joint and a person")
      ->required()
      ->type_name("LABELS.json");
  add_agreement_flags(command, *o);
  command.add_option("--sheet", o->sheet, "draw persons into one picture to look at: half of them the least sure")
      ->type_name("FILE");
  command.add_option("--sheet-persons", o->sheet_persons, "how many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_finder_flags(command, o->detector, o->doubles, o->estimator, o->device);
  add_json_option(command, o->json);
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  o->card.add_to(command, "Model card (over MODEL.card.json, the file's own card, and --preset)");
  command.footer(kExamples);
  return [o] {
    int code = 1;
    const Status status = label(*o, code);
    if (!status.ok()) Console(o->quiet).error(status.error().message);
    return code;
  };
}

}  // namespace poise::app
