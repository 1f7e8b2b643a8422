#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <future>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "commands/command.h"
#include "commands/predict_bulk.h"
#include "commands/predict_video.h"
#include "console.h"
#include "device.h"
#include "figures.h"
#include "flags/card_flags.h"
#include "flags/draw_flags.h"
#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "flags/sequence_flags.h"
#include "model_store.h"
#include "poise/base/counted.h"
#include "poise/base/thread_pool.h"
#include "poise/base/version.h"
#include "poise/formats/writers.h"
#include "poise/image/picture_files.h"
#include "poise/infer/picture_writer.h"
#include "poise/infer/pose_finder.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> sources;
  std::string video, model, boxes, exif, input, json;
  CardFlags card;
  DetectorFlags detector;
  DoublesOptions doubles;
  EstimatorOptions estimator;
  PictureWriterOptions output;
  BulkFlags bulk;
  std::string out = "poise-out", device = "cpu";
  bool no_image = false, skip_existing = false, quiet = false;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  poise predict team.jpg\n"
    "  poise predict -v match.mp4                      # each frame by itself; poise track knows who is who\n"
    "  poise predict -v 0                              # the first camera, until Ctrl-C\n"
    "  poise predict team.jpg --model pose.onnx --preset simple-baselines\n"
    "  poise predict crowd.jpg --detector yolov3-tiny.weights\n"
    "  poise predict crowd.jpg --model yolo11n-pose.onnx   # finds everyone itself: no detector\n"
    "  poise predict dancer.jpg --detector none\n"
    "  poise predict crowd.jpg --detector yolox.onnx --detector-preset yolox --detect-threshold .4 --nms .45\n"
    "  poise predict holiday/ 'shots/*.png' --model pose.onnx --boxes detections.json --out out/\n"
    "  poise predict person.jpg --model pose.onnx --preset gluon --flip-test --heatmaps\n"
    "  poise predict val/ --model pose.onnx --boxes person_keypoints.json --format coco --no-image\n"
    "  poise predict holiday/ --skip-existing          # goes on where an earlier run stopped\n"
    "  poise predict big/ --manifest list.csv --shard 3/64 --resume --format jsonl --out out/    # a million, in "
    "parts\n"
    "  curl -s https://.../team.jpg | poise predict - --out - | jq .persons[0].keypoints";

Result<Json> card_flags(const Options& o) {
  POISE_TRY(Json flags, o.card.json());
  if (!o.input.empty()) {
    POISE_TRY(const auto sides, parse_sides("--input", o.input));
    flags.set("input", Json(Json::Array{Json(sides.first), Json(sides.second)}));
  }
  return flags;
}

/// Pictures go through the pipeline; here they are named, counted and handed to the pool that draws and writes.
class Prediction {
 public:
  Prediction(const Options& options, PoseFinder& finder, PictureWriter& writer, std::vector<PictureFile> pictures)
      : o_(options),
        console_(options.quiet),
        finder_(finder),
        writer_(writer),
        pictures_(std::move(pictures)),
        pool_(2) {
    const bool ignore = o_.exif.empty() ? finder.people().exif() == Exif::kIgnore : o_.exif == "ignore";
    decode_.exif = ignore ? Exif::kIgnore : Exif::kApply;
    std::vector<fs::path> paths;
    for (const PictureFile& picture : pictures_) paths.push_back(picture.path);
    ImageIds ids = image_ids(paths);
    ids_ = std::move(ids.ids);
    note_on_ids_ = std::move(ids.note);
    for (const fs::path& path : paths) {
      const ImageBoxes* entry = finder.people().boxes() ? finder.people().boxes()->find(path) : nullptr;
      if (entry != nullptr && !entries_.insert(entry).second) ++shared_entries_;
    }
    if (o_.skip_existing) skip_existing();
  }

  int go() {
    watch_interrupts();
    begin_ = Clock::now();
    if (pictures_.empty()) return summary();
    PipelineOptions options;
    options.heatmaps = o_.output.heatmaps;
    options.stop = interrupted;
    std::size_t done = 0;
    cost_ = run_pipeline(
        pictures_.size(), finder_,
        [this](std::size_t i, const AdmitPixels& admit) { return read(pictures_[i], admit); },
        [&](std::size_t i, Result<PipelineAnswer> answer) {
          picture(i, std::move(answer));
          console_.progress(++done, pictures_.size(), pictures_[i].path.filename().string());
          // Pictures that wait to be written are held: few, and of large ones none.
          constexpr std::size_t kMostWrites = 3;
          while (writes_.size() > kMostWrites || (!writes_.empty() && writing_pixels_ >= kMostPixels)) settle();
        },
        options);
    while (!writes_.empty()) settle();
    console_.finish();
    if (interrupted()) fail("stopped after " + std::to_string(done) + " of " + counted(pictures_.size(), "picture"));
    finish_run();
    return summary();
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Written {
    Status status;
    std::vector<fs::path> files;
  };
  /// A picture that is drawn and written.
  struct Writing {
    const PictureFile* picture;
    std::size_t persons;
    std::int64_t pixels;
    std::size_t place;  // in listed_
    std::future<Written> done;
  };

  void fail(const std::string& message) {
    console_.error(message);
    errors_.push(with_input_named(message));
  }

  /// The file of the run, where the format has one.
  void finish_run() {
    const bool whole = !interrupted() && images_ > 0;
    if (const Status status = writer_.finish(whole); !status.ok()) return fail(status.error().message);
    run_file_ = writer_.run_file(whole).string();
    if (!whole && !run_file_.empty()) say_not_whole(writer_.run_file().string(), console_);
  }

  /// Pictures whose results are all there are not looked at.
  void skip_existing() {
    std::vector<PictureFile> pictures;
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      if (writer_.is_done(pictures_[i].place)) continue;
      pictures.push_back(std::move(pictures_[i]));
      ids.push_back(ids_[i]);
    }
    skipped_ = pictures_.size() - pictures.size();
    pictures_ = std::move(pictures);
    ids_ = std::move(ids);
  }

  Result<PipelinePicture> read(const PictureFile& file, const AdmitPixels& admit) const {
    POISE_TRY(PipelinePicture picture, finder_.people().picture(file.path, decode_.admitted_by(admit)));
    if (file.name == kStandardInput) picture.frame.source = kStandardInput;
    return picture;
  }

  void picture(std::size_t i, Result<PipelineAnswer> answer) {
    const PictureFile& picture = pictures_[i];
    if (!answer.ok()) {
      const std::string message = about_picture(picture.path, answer.error()).message;
      listed_.push_back(Json::Object{{"source", source_of(picture)}, {"error", with_input_named(message)}});
      return fail(message);
    }
    for (const std::string& problem : answer->problems) fail(problem);
    notes_.add(picture.path.string(), answer->notes);
    suppressed_ += answer->doubles;
    persons_ += answer->frame.poses.size();
    FrameResult numbered = answer->frame;
    if (!numbered.image_id && writer_.is_of_run()) {
      numbered.image_id = ids_[i];
      if (!note_on_ids_.empty()) console_.note(std::exchange(note_on_ids_, {}));
    }
    if (const Status status = writer_.add(numbered); !status.ok()) fail(status.error().message);
    images_ += 1;
    const auto pixels = static_cast<std::int64_t>(answer->image.width()) * answer->image.height();
    writing_pixels_ += pixels;
    listed_.emplace_back();  // once it is written
    Writing writing{&picture, numbered.poses.size(), pixels, listed_.size() - 1, {}};
    auto shared = std::make_shared<PipelineAnswer>(std::move(*answer));
    writing.done = pool_.submit([this, &picture, shared] {
      Written written;
      written.status =
          writer_.write(picture.place, std::move(shared->image), shared->frame, shared->heatmaps, &written.files);
      return written;
    });
    writes_.push_back(std::move(writing));
  }

  static std::string source_of(const PictureFile& picture) {
    return picture.name == kStandardInput ? kStandardInput : picture.path.string();
  }

  /// What came of a picture: the files that are there now, and no others.
  void list(const Writing& writing, const Written& written) {
    Json files = Json::array();
    std::string text = "  " + shown(source_of(*writing.picture)) + ": " + counted(writing.persons, "person");
    for (const fs::path& file : written.files) {
      text += (files.as_array().empty() ? " -> " : ", ") + shown(file.string());
      files.push(file.string());
    }
    if (lines_.size() < kListed) lines_.push_back(text);
    Json& entry = listed_[writing.place];
    entry = Json::Object{{"source", source_of(*writing.picture)},
                         {"persons", static_cast<std::int64_t>(writing.persons)},
                         {"files", std::move(files)}};
    if (!written.status.ok()) entry.set("error", with_input_named(written.status.error().message));
  }

  void settle() {
    Writing& writing = writes_.front();
    const Written written = writing.done.get();
    list(writing, written);
    writing_pixels_ -= writing.pixels;
    writes_.pop_front();
    if (!written.status.ok()) fail(written.status.error().message);
  }

  Json summary_json() const {
    Json json = Json::object();
    json.set("poise", kVersion);
    json.set("pictures", static_cast<std::int64_t>(images_));
    json.set("persons", static_cast<std::int64_t>(persons_));
    json.set("poses_suppressed", static_cast<std::int64_t>(suppressed_));
    if (o_.skip_existing) json.set("skipped", static_cast<std::int64_t>(skipped_));
    json.set("errors", errors_);
    json.set("seconds", std::chrono::duration<double>(Clock::now() - begin_).count());
    json.set("streams", cost_.streams);
    if (cost_.pictures > 0) {
      json.set("detect_seconds", cost_.detect_seconds);
      json.set("detect_ms_per_picture", per(cost_.detect_seconds, cost_.pictures));
    }
    json.set("estimate_seconds", cost_.estimate_seconds);
    if (cost_.persons > 0) json.set("estimate_ms_per_person", per(cost_.estimate_seconds, cost_.persons));
    json.set("out", o_.output.folder.string());
    json.set("format", o_.output.format);
    Json model = Json::object();
    model.set("file", writer_.provenance().model);
    model.set("sha256", writer_.provenance().model_hash);
    json.set("model", std::move(model));
    json.set("settings", writer_.provenance().settings);
    json.set("results", Json(Json::Array(listed_.begin(), listed_.end())));
    if (!run_file_.empty()) json.set("file", run_file_);
    return json;
  }

  /// Milliseconds each.
  static double per(double seconds, std::size_t count) { return 1e3 * seconds / static_cast<double>(count); }

  std::string summary_text() const {
    const auto errors = errors_.as_array().size();
    std::string text = counted(images_, "picture") + ", " + counted(persons_, "person");
    if (errors > 0) text += ", " + counted(errors, "error");
    if (skipped_ > 0) text += ", " + std::to_string(skipped_) + " skipped as done";
    text += " in " + duration(std::chrono::duration<double>(Clock::now() - begin_).count());
    if (!is_dash(o_.out)) text += " -> " + shown(run_file_.empty() ? o_.out : run_file_);
    if (cost_.persons > 0 && images_ > 1) {
      text += "\n  " + figure(per(cost_.estimate_seconds, cost_.persons)) + " ms a person";
      if (cost_.pictures > 0)
        text += " after " + figure(per(cost_.detect_seconds, cost_.pictures)) + " ms a picture to find them";
      text += cost_.streams == 1 ? "" : ", in " + std::to_string(cost_.streams) + " streams side by side";
    } else if (finder_.one_stage() != nullptr && images_ > 1) {
      text += "\n  " + figure(per(cost_.detect_seconds, cost_.pictures)) + " ms a picture";
      text += cost_.streams == 1 ? "" : ", in " + std::to_string(cost_.streams) + " streams side by side";
    }
    for (const std::string& line : lines_) text += "\n" + line;
    if (images_ > lines_.size()) {
      text += "\n  and " + counted(images_ - lines_.size(), "picture") + " more" +
              (o_.json.empty() ? ": --json FILE.json lists all" : "");
    }
    return text;
  }

  /// What of the file of boxes was passed over, by reason.
  void say_of_boxes(const BoxesFile& boxes) {
    for (const std::string& line : boxes.notes()) console_.note(o_.boxes + ": " + line);
    if (boxes.image_count() == 0) {
      console_.note(o_.boxes + " names no picture: nobody was looked at");
    } else if (entries_.empty() && images_ > 0) {
      fail(o_.boxes +
           ": none of the pictures is in it; entries are matched by file_name, or by image_id against the "
           "number that ends the file's name");
    } else if (const std::size_t beside = boxes.persons_beside(entries_); beside > 0 && !entries_.empty()) {
      console_.note(o_.boxes + ": " + counted(beside, "box is", "boxes are") + " of pictures that were not named");
    }
    if (shared_entries_ > 0) {
      console_.note(o_.boxes + ": " + counted(shared_entries_, "picture takes", "pictures take") +
                    " the boxes of an entry that another has taken: their names end alike");
    }
  }

  int summary() {
    const std::size_t looked_at = finder_.one_stage() != nullptr ? persons_ : cost_.persons;
    say_of_finder(finder_, images_, looked_at, console_,
                  ", --detector none takes each whole picture as one person's box");
    if (finder_.people().boxes()) say_of_boxes(*finder_.people().boxes());
    for (const std::string& line : notes_.lines()) console_.note(line);
    if (const Status status = put_json(summary_json(), o_.json); !status.ok()) fail(status.error().message);
    if (is_dash(o_.json) || is_dash(o_.out)) {
      std::istringstream lines(is_dash(o_.out) ? summary_text() : "");
      for (std::string line; std::getline(lines, line);) console_.note(line);
    } else if (!o_.quiet) {
      std::printf("%s\n", summary_text().c_str());
    }
    return errors_.as_array().empty() ? 0 : 1;
  }

  const Options& o_;
  Console console_;
  PoseFinder& finder_;
  PictureWriter& writer_;
  std::vector<PictureFile> pictures_;
  std::vector<std::int64_t> ids_;  // of pictures_, where the boxes' file gives none
  std::string note_on_ids_;        // to be said once they are used
  DecodeOptions decode_;
  Json errors_ = Json::array();
  static constexpr std::size_t kListed = 8;  // pictures, for people
  std::vector<std::string> lines_;           // of these
  std::vector<Json> listed_;                 // of all, in order
  std::string run_file_;                     // that was written for all of them
  std::size_t images_ = 0, persons_ = 0, suppressed_ = 0, skipped_ = 0;
  std::set<const ImageBoxes*> entries_;  // of the file of boxes, that a picture has taken
  std::size_t shared_entries_ = 0;       // pictures whose entry another has taken before
  PictureNotes notes_;
  PipelineCost cost_;
  Clock::time_point begin_;
  static constexpr std::int64_t kMostPixels = 16'000'000;  // that wait to be written
  std::deque<Writing> writes_;
  std::int64_t writing_pixels_ = 0;
  ThreadPool pool_;  // last: its jobs use what stands above
};

/// With --video.
Status predict_frames(Options& o, int& code) {
  POISE_TRY(Json flags, card_flags(o));
  VideoPrediction prediction;
  prediction.source = o.video;
  prediction.model = o.model;
  prediction.format = o.output.format;
  prediction.json = o.json;
  prediction.out = o.out;
  prediction.device = o.device;
  prediction.card_flags = std::move(flags);
  prediction.preset = o.card.preset;
  prediction.detector = o.detector;
  prediction.doubles = o.doubles;
  prediction.estimator = o.estimator;
  prediction.draw = o.output.draw;
  prediction.no_video = o.no_image;
  prediction.quiet = o.quiet;
  return predict_video(std::move(prediction), code);
}

/// What cannot go together, with --video.
Status check_video(const Options& o) {
  if (!o.boxes.empty()) return usage_error("--boxes are of pictures: in a video people are looked for");
  if (!o.exif.empty()) return usage_error("--exif is of photographs; a video's own rotation is applied");
  if (o.output.heatmaps) return usage_error("--heatmaps are written for pictures, not for videos");
  if (o.skip_existing)
    return usage_error("--skip-existing passes over pictures of many; a video is looked at as a whole");
  return {};
}

/// With --format jsonl.
Status predict_in_parts(Options& o, int& code) {
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator.run));
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, card_flags(o));
  return predict_bulk(
      {o.bulk, o.sources, o.out, o.exif, o.json, {o.model, o.boxes, o.detector, o.doubles}, o.estimator, o.quiet},
      code);
}

/// What cannot go together, of pictures in parts.
Status check_bulk(const Options& o) {
  if (o.output.format != kBulkFormat) {
    if (!o.bulk.any()) return {};
    return usage_error("--manifest, --shard and --resume are of --format jsonl: add it");
  }
  if (!o.video.empty()) return usage_error("--format jsonl is of pictures; poise track writes a video's poses so");
  if (is_dash(o.out)) return usage_error("--format jsonl writes parts into a folder: name one with --out");
  if (o.output.heatmaps) return usage_error("--format jsonl writes no --heatmaps");
  if (o.skip_existing) return usage_error("--skip-existing looks for a file a picture; --format jsonl has --resume");
  return {};
}

/// What cannot go together.
Status check(const Options& o) {
  POISE_RETURN_IF_ERROR(check_bulk(o));
  if (is_dash(o.out) && is_dash(o.json))
    return usage_error("--out - and --json - both go to standard output: give one of them a file");
  if (is_dash(o.out) && o.output.heatmaps) return usage_error("--heatmaps makes files: --out - makes none");
  std::vector<std::string> read = o.sources;
  read.push_back(o.boxes);
  read.push_back(o.bulk.manifest);
  POISE_RETURN_IF_ERROR(one_dash(read));
  if (!o.video.empty()) return check_video(o);
  if (!o.skip_existing) return {};
  if (is_dash(o.out))
    return usage_error("--skip-existing looks for results in a folder: --out - writes no files; name a folder");
  POISE_TRY(const OutputFormat format, find_output_format(o.output.format));
  if (format.pictures.suffix == nullptr) {
    return usage_error("--skip-existing looks for a file a picture, and --format " + o.output.format +
                       " writes one file for all, " + format.pictures.run_file + ": take another format");
  }
  return {};
}

Status predict(Options& o, int& code) {
  POISE_RETURN_IF_ERROR(check(o));
  if (!o.video.empty()) return predict_frames(o, code);
  if (o.output.format == kBulkFormat) return predict_in_parts(o, code);
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator.run));
  o.output.folder = o.out;
  o.output.image = !o.no_image && !is_dash(o.out);
  if (is_dash(o.out)) o.output.stream = [](std::string_view text) { return put_text("-", text); };
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, card_flags(o));
  POISE_TRY(FoundPictures pictures, find_pictures_or_dash(o.sources));
  if (const std::string note = pictures.note(); !note.empty()) Console(o.quiet).note(note);
  POISE_TRY(OpenFinder opened, open_finder({o.model, o.boxes, o.detector, o.doubles}, o.estimator));
  PoseFinder& finder = opened.finder;
  if (o.output.heatmaps && finder.one_stage() != nullptr) {
    return invalid_argument("--heatmaps: " + opened.name +
                            " finds everyone in a picture itself, without heatmaps of a person");
  }
  Provenance provenance = provenance_of(finder, opened.name);
  provenance.settings.set("min_score", o.output.draw.min_score);
  auto writer = PictureWriter::open(o.output, finder.skeleton(), std::move(provenance));
  if (!writer.ok()) return io_error(writer.error().message + "; choose another --out");
  code = Prediction(o, finder, *writer, std::move(pictures.files)).go();
  return {};
}

}  // namespace

Action make_predict(CLI::App& command) {
  auto o = std::make_shared<Options>();
  CLI::Option* sources =
      command.add_option("sources", o->sources, "pictures, folders, globs; - is a picture on standard input")
          ->type_name("SOURCE");
  command
      .add_option("-v,--video", o->video,
                  "instead, a video, a camera's number or an address: each frame by itself (track: who is who)")
      ->excludes(sources)
      ->type_name("SOURCE");
  command.parse_complete_callback([o] {
    if (o->sources.empty() && o->video.empty() && o->bulk.manifest.empty())
      throw CLI::RequiredError("sources, or --video, or --manifest");
  });
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command
      .add_option("-b,--boxes", o->boxes,
                  "where the people are: COCO detections or annotations; - reads them from standard input")
      ->type_name("FILE");
  command.add_option("-o,--out", o->out, "folder for the results; - prints them, and draws none")
      ->capture_default_str()
      ->type_name("DIR");
  FormatChoice formats = formats_that(&OutputFormat::holds_pictures);
  formats.names.emplace_back(kBulkFormat);
  formats.about += "; jsonl: a line a picture, in parts that a later run goes on from";
  command.add_option("-f,--format", o->output.format, formats.about)
      ->check(one_of(formats.names))
      ->capture_default_str();
  command.add_flag("--no-image", o->no_image, "draw no pictures, no video");
  command.add_flag("--skip-existing", o->skip_existing, "pass over pictures whose results are there already");
  o->bulk.add_to(command, "Pictures without end (--format jsonl)");
  command.add_flag("--heatmaps", o->output.heatmaps, "write NAME.heatmaps.jpg and .npy too");
  add_draw_flags(command, o->output.draw, "Drawing");
  add_finder_flags(command, o->detector, o->doubles, o->estimator, o->device, true);
  command.add_option("--exif", o->exif, "photograph's orientation: apply (default), or ignore (default with --boxes)")
      ->check(one_of({"apply", "ignore"}));
  add_json_option(command, o->json);
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  const std::string card = "Model card (over MODEL.card.json, the file's own card, and --preset)";
  o->card.add_to(command, card);
  command.add_option("--input", o->input, "input size where the network leaves it open")->group(card)->type_name("WxH");
  command.footer(kExamples);
  return [o] {
    int code = 1;
    const Status status = predict(*o, code);
    if (!status.ok()) Console(o->quiet).error(status.error().message);
    return code;
  };
}

}  // namespace poise::app
