#include <unistd.h>

#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "device.h"
#include "figures.h"
#include "flags/card_flags.h"
#include "flags/draw_flags.h"
#include "flags/estimator_flags.h"
#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "model_store.h"
#include "poise/base/version.h"
#include "poise/media/live_source.h"
#include "poise/media/picture_sequence.h"
#include "poise/media/range_source.h"
#include "poise/media/raw_source.h"
#include "poise/models/shipped.h"
#include "poise/stream/track_video.h"
#include "video.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string source, raw, model, json, flow, similarity = "multi-flow", matching = "greedy", smooth = "online";
  std::vector<std::string> formats{"poise"};
  std::string out = "poise-out", device = "cpu";
  VideoRange range;
  CardFlags card;
  DetectorFlags detector;
  DoublesOptions doubles;
  EstimatorOptions estimator;
  TrackerOptions tracker;
  TrackVideoOptions work;
  double rate = 30;
  bool no_video = false, no_propagation = false, no_motion = false, live = false, quiet = false;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  poise track match.mp4\n"
    "  poise track match.mp4 --start 10 --duration 30 --every 2 --detect-every 5 --format mot --format csv\n"
    "  poise track 0 --no-video                        # the first camera, until Ctrl-C\n"
    "  poise track rtsp://camera.local/stream --live\n"
    "  poise track 'frames/%06d.jpg' --rate 25\n"
    "  ffmpeg -i a.mp4 -f rawvideo -pix_fmt bgr24 - | poise track - --raw 1280x720:bgr24@30";

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Result<std::unique_ptr<VideoSource>> open_source(const Options& o) {
  if (o.source == "-" && o.raw.empty()) {
    return invalid_argument("frames on standard input have no form of their own: give --raw WIDTHxHEIGHT:FORMAT@RATE");
  }
  if (!o.raw.empty() && o.source != "-")
    return invalid_argument("--raw is for frames on standard input: the source is -");
  std::unique_ptr<VideoSource> source;
  if (o.source == "-") {
    POISE_TRY(const RawFormat format, parse_raw_format(o.raw));
    POISE_TRY(source, open_raw(STDIN_FILENO, format));
    POISE_TRY(source, with_range(std::move(source), o.range));
  } else if (names_pictures(o.source)) {
    POISE_TRY(source, open_pictures(o.source, o.rate));
    POISE_TRY(source, with_range(std::move(source), o.range));
  } else {
    POISE_TRY(source, open_video_source(o.source, o.range));
  }
  if (o.live || source->info().live)
    return std::unique_ptr<VideoSource>(std::make_unique<LiveSource>(std::move(source)));
  return source;
}

/// What the outputs are called after.
std::string stem_of(const std::string& source) {
  if (source == "-") return "frames";
  if (is_number(source)) return "camera" + source;
  if (source.find("://") != std::string::npos) return "stream";
  const fs::path path = fs::path(source).has_filename() ? fs::path(source) : fs::path(source).parent_path();
  std::string stem = path.stem().string();
  for (char& c : stem) {
    if (c == '%' || c == '*' || c == '?') c = '_';
  }
  return stem.empty() ? "frames" : stem;
}

bool is_file(const std::string& source) {
  std::error_code ignored;
  return fs::is_regular_file(source, ignored);
}

Json stage(const StageCost& cost, double seconds) {
  return Json::Object{
      {"ms_each", 1e3 * cost.each()}, {"runs", cost.runs}, {"share", seconds > 0 ? cost.seconds / seconds : 0}};
}

Json summary(const Options& o, const TrackReport& report, const std::vector<std::string>& files) {
  const StreamReport& stream = report.stream;
  double computed = 0;
  for (const StageCost* cost :
       {&stream.read, &stream.detect, &stream.flow, &stream.estimate, &stream.link, &stream.take}) {
    computed += cost->seconds;
  }
  Json json =
      Json::Object{{"poise", kVersion},
                   {"frames", stream.frames},
                   {"persons", stream.persons},
                   {"ids", report.ids},
                   {"seconds", stream.seconds},
                   {"frames_per_second", stream.seconds > 0 ? static_cast<double>(stream.frames) / stream.seconds : 0},
                   {"threads", stream.threads},
                   {"detect_every", o.work.stream.detect_every},
                   {"longest_delay_ms", 1e3 * stream.longest_delay}};
  Json stages = Json::object();
  stages.set("read", stage(stream.read, computed));
  stages.set("detect", stage(stream.detect, computed));
  stages.set("flow", stage(stream.flow, computed));
  stages.set("estimate", stage(stream.estimate, computed));
  stages.set("link", stage(stream.link, computed));
  stages.set("draw_and_write", stage(stream.take, computed));
  json.set("stages", std::move(stages));
  if (!report.video.empty()) json.set("video", report.video);
  Json outputs = Json::array();
  for (const std::string& file : files) outputs.push(file);
  json.set("files", std::move(outputs));
  if (stream.error) json.set("error", stream.error->message);
  return json;
}

class Tracking {
 public:
  explicit Tracking(Options& options) : o_(options), console_(options.quiet) {}

  Status run(int& code) {
    POISE_RETURN_IF_ERROR(prepare());
    watch_interrupts();
    o_.work.stream.stop = interrupted;
    TrackSinks sinks;
    for (SequenceWriter& writer : writers_) sinks.poses.push_back(&writer);
    if (!o_.no_video) {
      files_.push_back(place(".poses.mp4"));
      sinks.video = [this](Size size) {
        const double rate = source_->info().frames_per_second;
        return create_video_file(files_.back(), {size, rate, is_file(o_.source) ? o_.source : "", o_.range});
      };
    }
    const auto total = static_cast<std::size_t>(source_->info().frames.value_or(0));
    sinks.progress = [this, total, done = std::size_t{0}](const TimedFrame& frame) mutable {
      ++done;
      console_.progress(done, total == 0 ? 0 : std::max(done, total),
                        counted(frame.result.poses.size(), "person", "people"));
    };
    const TrackReport report = track_video(*source_, parts(), sinks, o_.work);
    console_.finish();
    return finish(report, code);
  }

 private:
  std::string place(const std::string& ending) const {
    return (fs::path(o_.out) / (stem_of(o_.source) + ending)).string();
  }

  StreamParts parts() { return {&*finder_, &*tracker_, flow_.get()}; }

  Status prepare() {
    POISE_RETURN_IF_ERROR(set_device(o_.device, o_.estimator.run));
    if (!o_.no_video && !can_write_videos()) {
      console_.note("this build writes no videos (scripts/setup --video): poses alone are written");
      o_.no_video = true;
    }
    POISE_TRY(source_, open_source(o_));
    o_.work.stream.live = source_->info().live;
    POISE_RETURN_IF_ERROR(prepare_folder(o_.out));
    o_.estimator.card.preset = o_.card.preset;
    POISE_TRY(o_.estimator.card.flags, o_.card.json());
    POISE_TRY(BoxSource people, open_people("", o_.detector, o_.estimator.run));
    POISE_TRY(OpenModel model, open_model(o_.model));
    POISE_TRY(Estimator estimator, Estimator::create(std::move(model.onnx), o_.estimator, model.path));
    finder_.emplace(std::move(estimator), std::move(people), o_.doubles);
    POISE_RETURN_IF_ERROR(make_tracker());
    for (const std::string& name : o_.formats) {
      POISE_TRY(const SequenceFormat format, find_sequence_format(name));
      const Provenance provenance = provenance_of(parts(), o_.work, model.name);
      files_.push_back(place(format.ending));
      POISE_TRY(SequenceWriter writer, SequenceWriter::create(files_.back(), format, finder_->skeleton(), provenance));
      writers_.push_back(std::move(writer));
    }
    return {};
  }

  Status make_tracker() {
    TrackerOptions& options = o_.tracker;
    options.similarity = similarity_of(o_.similarity).value_or(Similarity::kMultiFlow);
    options.matching = o_.matching == "greedy" ? TrackerOptions::Matching::kGreedy : TrackerOptions::Matching::kBestSum;
    options.propagate = !o_.no_propagation;
    options.motion = !o_.no_motion;
    if (const auto& named = finder_->people().named_detector())
      options.min_box_score = named->detector.card().head.threshold;
    POISE_TRY(flow_, open_flow(o_.flow));
    tracker_.emplace(finder_->skeleton(), options);
    if (o_.smooth == "none") o_.work.smooth.reset();
    return {};
  }

  Status finish(const TrackReport& report, int& code) {
    const StreamReport& stream = report.stream;
    std::int64_t dropped = 0;
    if (const auto* live = dynamic_cast<const LiveSource*>(source_.get())) dropped = live->dropped();
    if (stream.error) console_.error(stream.error->message);
    Json json = summary(o_, report, files_);
    json.set("dropped", dropped);
    POISE_RETURN_IF_ERROR(put_json(json, o_.json));
    if (!o_.quiet && o_.json != "-") {
      const auto frames = static_cast<std::size_t>(stream.frames);
      std::string text = counted(frames, "frame") + ", " +
                         counted(static_cast<std::size_t>(report.ids), "person", "people") + " followed in " +
                         duration(stream.seconds) + ", " +
                         figure(static_cast<double>(frames) / std::max(stream.seconds, 1e-9)) + " frames/s";
      if (dropped > 0) text += ", " + counted(static_cast<std::size_t>(dropped), "frame") + " dropped to keep up";
      for (const std::string& file : files_) text += "\n  " + shown(file);
      std::printf("%s\n", text.c_str());
    }
    code = stream.error ? 1 : interrupted() ? 130 : 0;
    return {};
  }

  Options& o_;
  Console console_;
  std::unique_ptr<VideoSource> source_;
  std::optional<PoseFinder> finder_;
  std::optional<Tracker> tracker_;
  std::unique_ptr<Flow> flow_;
  std::vector<SequenceWriter> writers_;
  std::vector<std::string> files_;
};

void add_tracker_flags(CLI::App& command, Options& o) {
  const std::string group = "Who is who";
  command.add_option("--similarity", o.similarity, "of poses in two frames: box, pose, flow, multi-flow")
      ->check(one_of({"box", "pose", "flow", "multi-flow"}))
      ->capture_default_str()
      ->group(group);
  command.add_option("--matching", o.matching, "greedy, as in the paper, or hungarian")
      ->check(one_of({"greedy", "hungarian"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--flow", o.flow,
                  "optical flow: dis and farneback (with OpenCV), lk, none; otherwise the best there is")
      ->check(one_of({"dis", "farneback", "lk", "none"}))
      ->group(group);
  command.add_option("--track-score", o.tracker.min_joint_score, "joints below count neither in boxes nor in likeness")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  command.add_option("--memory", o.tracker.memory, "seconds for which who is not seen is remembered")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str()
      ->group(group);
  command.add_flag("--no-propagation", o.no_propagation, "look at the detector's boxes alone")->group(group);
  command.add_flag("--no-motion", o.no_motion, "who is hidden is not expected to go on as before")->group(group);
}

}  // namespace

Action make_track(CLI::App& command) {
  auto o = std::make_shared<Options>();
  o->work.draw.ids = true;
  o->tracker.min_joint_score = 0.3F;
  command
      .add_option("source", o->source, "a video, a camera's number, an address, a folder or pattern of pictures, or -")
      ->required()
      ->type_name("SOURCE");
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command.add_option("-o,--out", o->out, "folder for the results")->capture_default_str()->type_name("DIR");
  std::vector<std::string> names;
  std::string about;
  for (const SequenceFormat& format : sequence_formats()) {
    names.emplace_back(format.name);
    about += (about.empty() ? "" : "; ") + std::string(format.name) + ": " + format.what;
  }
  command.add_option("-f,--format", o->formats, about)->check(one_of(names))->capture_default_str();
  command.add_flag("--no-video", o->no_video, "write no drawn video");
  command.add_option("--start", o->range.start, "seconds to begin at")->check(CLI::NonNegativeNumber);
  command.add_option("--duration", o->range.duration, "seconds to go on for")->check(CLI::PositiveNumber);
  command.add_option("--every", o->range.every, "one frame of so many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--detect-every", o->work.stream.detect_every,
                  "frames between two looks of the detector; people are carried between them")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--raw", o->raw, "the form of frames on standard input: 1280x720:bgr24@30")->type_name("FORM");
  command.add_option("--rate", o->rate, "frames a second of a folder of pictures")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_flag("--live", o->live, "the newest frame wins: what comes too fast is dropped (always so for cameras)");
  command.add_option("--smooth", o->smooth, "online: one-euro, with little lag; none: joints as they are found")
      ->check(one_of({"online", "none"}))
      ->capture_default_str();
  add_tracker_flags(command, *o);
  add_draw_flags(command, o->work.draw, "Drawing");
  o->detector.add_to(command, "Who is where");
  command.get_option("--detector")->default_str(kShippedDetector);
  add_doubles_flags(command, o->doubles, "Who is where");
  add_estimator_flags(command, o->estimator, o->device);
  add_json_option(command, o->json);
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  o->card.add_to(command, "Model card (over MODEL.card.json, the file's own card, and --preset)");
  command.footer(kExamples);
  return [o] {
    int code = 1;
    const Status status = Tracking(*o).run(code);
    if (!status.ok()) Console(o->quiet).error(status.error().message);
    return code;
  };
}

}  // namespace poise::app
