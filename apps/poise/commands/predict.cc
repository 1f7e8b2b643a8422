#include <chrono>
#include <cstdio>
#include <deque>
#include <future>
#include <memory>
#include <sstream>

#include "commands/command.h"
#include "commands/predict_video.h"
#include "console.h"
#include "device.h"
#include "flags/card_flags.h"
#include "flags/draw_flags.h"
#include "flags/estimator_flags.h"
#include "flags/people_flags.h"
#include "model_store.h"
#include "poise/base/thread_pool.h"
#include "poise/base/version.h"
#include "poise/formats/writers.h"
#include "poise/image/picture_files.h"
#include "poise/infer/picture_writer.h"
#include "poise/infer/pose_finder.h"
#include "poise/models/shipped.h"

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
  std::string out = "poise-out", device = "cpu";
  bool no_image = false, quiet = false;
  CLI::Option* json_option = nullptr;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  poise predict team.jpg\n"
    "  poise predict -v match.mp4                      # each frame by itself; poise track knows who is who\n"
    "  poise predict -v 0                              # the first camera, until Ctrl-C\n"
    "  poise predict team.jpg --model pose.onnx --preset simple-baselines\n"
    "  poise predict crowd.jpg --detector yolov3-tiny.weights\n"
    "  poise predict dancer.jpg --detector none\n"
    "  poise predict crowd.jpg --detector yolox.onnx --detector-preset yolox --detect-threshold .4 --nms .45\n"
    "  poise predict holiday/ 'shots/*.png' --model pose.onnx --boxes detections.json --out out/\n"
    "  poise predict person.jpg --model pose.onnx --preset gluon --flip-test --heatmaps\n"
    "  poise predict val/ --model pose.onnx --boxes person_keypoints.json --format coco --no-image";

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
    ids_ = run_image_ids(paths);
  }

  int go() {
    watch_interrupts();
    begin_ = Clock::now();
    PipelineOptions options;
    options.heatmaps = o_.output.heatmaps;
    options.stop = interrupted;
    std::size_t done = 0;
    cost_ = run_pipeline(
        pictures_.size(), finder_,
        [this](std::size_t i, const AdmitPixels& admit) {
          DecodeOptions admitted = decode_;
          admitted.admit = admit;
          return finder_.people().picture(pictures_[i].path, admitted);
        },
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
    if (interrupted())
      fail("stopped after " + std::to_string(done) + " of " + std::to_string(pictures_.size()) + " pictures");
    if (const Status status = writer_.finish(); !status.ok()) fail(status.error().message);
    return summary();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void fail(const std::string& message) {
    console_.error(message);
    errors_.push(message);
  }

  void picture(std::size_t i, Result<PipelineAnswer> answer) {
    const PictureFile& picture = pictures_[i];
    if (!answer.ok()) {
      return fail(about_picture(picture.path, answer.error()).message);
    }
    for (const std::string& problem : answer->problems) fail(problem);
    matched_ += answer->matched ? 1 : 0;
    suppressed_ += answer->doubles;
    persons_ += answer->frame.poses.size();
    FrameResult numbered = answer->frame;
    if (!numbered.image_id) numbered.image_id = ids_[i];
    writer_.add(numbered);
    images_ += 1;
    last_done_ = picture.place;
    const auto pixels = static_cast<std::int64_t>(answer->image.width()) * answer->image.height();
    writing_pixels_ += pixels;
    auto shared = std::make_shared<PipelineAnswer>(std::move(*answer));
    writes_.emplace_back(pixels, pool_.submit([this, &picture, shared]() -> Status {
      return writer_.write(picture.place, std::move(shared->image), shared->frame, shared->heatmaps);
    }));
  }

  void settle() {
    const Status status = writes_.front().second.get();
    writing_pixels_ -= writes_.front().first;
    writes_.pop_front();
    if (!status.ok()) fail(status.error().message);
  }

  Json summary_json() const {
    Json json = Json::object();
    json.set("poise", kVersion);
    json.set("pictures", static_cast<std::int64_t>(images_));
    json.set("persons", static_cast<std::int64_t>(persons_));
    json.set("poses_suppressed", static_cast<std::int64_t>(suppressed_));
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
    return json;
  }

  /// Milliseconds each.
  static double per(double seconds, std::size_t count) { return 1e3 * seconds / static_cast<double>(count); }

  std::string summary_text() const {
    std::ostringstream text;
    text.precision(3);
    text << images_ << (images_ == 1 ? " picture, " : " pictures, ") << persons_
         << (persons_ == 1 ? " person" : " persons") << " -> " << shown(o_.output.folder.string());
    if (cost_.persons > 0 && images_ > 1) {
      text << "\n  " << per(cost_.estimate_seconds, cost_.persons) << " ms a person";
      if (cost_.pictures > 0)
        text << " after " << per(cost_.detect_seconds, cost_.pictures) << " ms a picture to find them";
      text << ", in " << cost_.streams << (cost_.streams == 1 ? " stream" : " streams side by side");
    }
    if (images_ == 1) {
      for (const fs::path& file : writer_.files(last_done_)) text << "\n  " << shown(file.string());
    }
    return text.str();
  }

  int summary() {
    if (finder_.people().detector() != nullptr && images_ > 0 && cost_.persons == 0) {
      console_.note(
          "nobody was found: a lower --detect-threshold finds more, --detector none takes each whole picture as one "
          "person's box");
    }
    if (finder_.people().boxes()) {
      for (const std::string& line : finder_.people().boxes()->notes()) console_.note(o_.boxes + ": " + line);
    }
    if (finder_.people().boxes() && finder_.people().boxes()->image_count() == 0) {
      console_.note(o_.boxes + " names no picture: nobody was looked at");
    } else if (finder_.people().boxes() && matched_ == 0 && images_ > 0) {
      fail(o_.boxes +
           ": none of the pictures is in it; entries are matched by file_name, or by image_id against the "
           "number that ends the file's name");
    }
    const bool json_to_stdout = o_.json_option->count() > 0 && o_.json.empty();
    if (json_to_stdout) {
      std::printf("%s\n", summary_json().dump(1).c_str());
    } else if (!o_.json.empty()) {
      const Status status = write_file_atomic(fs::path(o_.json), summary_json().dump(1) + "\n");
      if (!status.ok()) fail(status.error().message);
    }
    if (!o_.quiet && !json_to_stdout) std::printf("%s\n", summary_text().c_str());
    return errors_.as_array().empty() ? 0 : 1;
  }

  const Options& o_;
  Console console_;
  PoseFinder& finder_;
  PictureWriter& writer_;
  std::vector<PictureFile> pictures_;
  std::vector<std::int64_t> ids_;  // of pictures_, where the boxes' file gives none
  DecodeOptions decode_;
  Json errors_ = Json::array();
  std::size_t images_ = 0, persons_ = 0, matched_ = 0, suppressed_ = 0;
  fs::path last_done_;  // the place of the picture estimated last
  PipelineCost cost_;
  Clock::time_point begin_;
  static constexpr std::int64_t kMostPixels = 16'000'000;            // that wait to be written
  std::deque<std::pair<std::int64_t, std::future<Status>>> writes_;  // with their pixels
  std::int64_t writing_pixels_ = 0;
  ThreadPool pool_;  // last: its jobs use what stands above
};

/// With --video.
Status predict_frames(Options& o, int& code) {
  if (!o.boxes.empty()) return invalid_argument("--boxes are of pictures: in a video people are looked for");
  if (!o.exif.empty()) return invalid_argument("--exif is of photographs; a video's own rotation is applied");
  if (o.output.heatmaps) return invalid_argument("--heatmaps are written for pictures, not for videos");
  POISE_TRY(Json flags, card_flags(o));
  const bool json_to_stdout = o.json_option->count() > 0 && o.json.empty();
  VideoPrediction prediction;
  prediction.source = o.video;
  prediction.model = o.model;
  prediction.format = o.output.format;
  prediction.json = json_to_stdout ? "-" : o.json;
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

Status predict(Options& o, int& code) {
  if (!o.json.empty() && fs::path(o.json).extension() != ".json") {
    return invalid_argument("--json writes to a file that ends in .json, not \"" + o.json + "\"");
  }
  if (!o.video.empty()) return predict_frames(o, code);
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator.run));
  o.output.folder = o.out;
  o.output.image = !o.no_image;
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, card_flags(o));
  POISE_TRY(std::vector<PictureFile> pictures, find_pictures(o.sources));
  POISE_TRY(BoxSource people, open_people(o.boxes, o.detector, o.estimator.run));
  POISE_TRY(OpenModel model, open_model(o.model));
  POISE_TRY(Estimator estimator, Estimator::create(std::move(model.onnx), o.estimator, model.path));
  PoseFinder finder(std::move(estimator), std::move(people), o.doubles);
  Provenance provenance = provenance_of(finder, model.name);
  provenance.settings.set("min_score", o.output.draw.min_score);
  auto writer = PictureWriter::open(o.output, finder.skeleton(), std::move(provenance));
  if (!writer.ok()) return io_error(writer.error().message + "; choose another --out");
  code = Prediction(o, finder, *writer, std::move(pictures)).go();
  return {};
}

}  // namespace

Action make_predict(CLI::App& command) {
  auto o = std::make_shared<Options>();
  CLI::Option* sources = command.add_option("sources", o->sources, "pictures, folders, globs")->type_name("SOURCE");
  command
      .add_option("-v,--video", o->video,
                  "instead, a video, a camera's number or an address: each frame by itself (track: who is who)")
      ->excludes(sources)
      ->type_name("SOURCE");
  command.parse_complete_callback([o] {
    if (o->sources.empty() && o->video.empty()) throw CLI::RequiredError("sources, or --video,");
  });
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command.add_option("-b,--boxes", o->boxes, "where the people are: COCO detections or annotations")->type_name("FILE");
  command.add_option("-o,--out", o->out, "folder for the results")->capture_default_str()->type_name("DIR");
  std::vector<std::string> formats;
  std::string about_formats;
  for (const OutputFormat& format : output_formats()) {
    if (!format.holds_pictures()) continue;
    formats.emplace_back(format.name);
    about_formats += (about_formats.empty() ? "" : "; ") + std::string(format.name) + ": " + format.what;
  }
  command.add_option("-f,--format", o->output.format, about_formats)
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command.add_flag("--no-image", o->no_image, "draw no pictures, no video");
  command.add_flag("--heatmaps", o->output.heatmaps, "write NAME.heatmaps.jpg and .npy too");
  add_draw_flags(command, o->output.draw, "Drawing");
  o->detector.add_to(command, "Who is where");
  CLI::Option* named = command.get_option("--detector");
  named->default_str(kShippedDetector);
  named->description(named->get_description() + "; none: each whole picture is one person's box");
  add_doubles_flags(command, o->doubles, "Who is where");
  add_estimator_flags(command, o->estimator, o->device);
  command.add_option("--exif", o->exif, "photograph's orientation: apply (default), or ignore (default with --boxes)")
      ->check(CLI::IsMember({"apply", "ignore"}));
  o->json_option = command.add_option("--json", o->json, "the run's summary as JSON, to FILE or standard output")
                       ->expected(0, 1)
                       ->type_name("[FILE]");
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
