#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <map>
#include <memory>
#include <mutex>

#include "commands/command.h"
#include "commands/predict_video.h"
#include "console.h"
#include "device.h"
#include "figures.h"
#include "flags/card_flags.h"
#include "flags/draw_flags.h"
#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "flags/sequence_flags.h"
#include "flags/source_flags.h"
#include "model_store.h"
#include "poise/base/counted.h"
#include "poise/base/version.h"
#include "poise/stream/track_video.h"
#include "standard_streams.h"
#include "video.h"
#include "window.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  SourceFlags from;
  std::string model, json, flow, similarity = "multi-flow", matching = "greedy", smooth = "online";
  std::vector<std::string> formats{"poise"};
  std::string out = "poise-out", device = "cpu";
  CardFlags card;
  DetectorFlags detector;
  DoublesOptions doubles;
  EstimatorOptions estimator;
  TrackerOptions tracker;
  TrackVideoOptions work;
  bool no_video = false, show = false, no_propagation = false, no_motion = false, quiet = false;
  bool alone = false;  // each frame by itself: nobody is followed
};

constexpr const char* kDrawnVideo = ".poses.mp4";
constexpr const char* kExamples =
    "Examples:\n"
    "  poise track match.mp4\n"
    "  poise track match.mp4 --start 10 --duration 30 --every 2 --detect-every 5 --format mot --format csv\n"
    "  poise track 0 --no-video                        # the first camera, until Ctrl-C\n"
    "  poise track rtsp://camera.local/stream --show    # until its window is closed\n"
    "  poise track 'frames/%06d.jpg' --rate 25\n"
    "  ffmpeg -i a.mp4 -f rawvideo -pix_fmt bgr24 - | poise track - --raw 1280x720:bgr24@30";

Json stage(const StageCost& cost, double seconds) {
  return Json::Object{
      {"ms_each", 1e3 * cost.each()}, {"runs", cost.runs}, {"share", seconds > 0 ? cost.seconds / seconds : 0}};
}

Json smoothing_json(const std::string& kind, const SmoothingReport& smoothing) {
  Json json = Json::Object{
      {"kind", kind}, {"jitter_before", smoothing.jitter_before}, {"jitter_after", smoothing.jitter_after}};
  if (smoothing.lag) json.set("lag_frames", *smoothing.lag);
  if (kind == "offline") {
    json.set("outliers", smoothing.offline.outliers);
    json.set("filled_joints", smoothing.offline.filled_joints);
    json.set("filled_persons", smoothing.offline.filled_persons);
  }
  return json;
}

/// "jitter of the joints 1.20 % of a person's size, smoothed 0.41 %, 0.8 frames late".
std::string smoothing_line(const SmoothingReport& smoothing) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << "jitter of the joints " << 100 * smoothing.jitter_before
       << " % of a person's size, smoothed " << 100 * smoothing.jitter_after << " %";
  if (smoothing.lag) text << std::setprecision(1) << ", " << std::abs(*smoothing.lag) << " frames late";
  std::string line = text.str();
  if (const std::int64_t filled = smoothing.offline.filled_persons; filled > 0) {
    line += "; " + counted(filled, "person", "people") + " filled in";
  }
  return line;
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
  if (report.smoothing) json.set("smoothing", smoothing_json(o.smooth, *report.smoothing));
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
    o_.work.stream.stop = [this] { return interrupted() || (window_ && window_->closed()); };
    TrackSinks sinks;
    for (const auto& sink : sinks_) sinks.poses.push_back(sink.get());
    if (!o_.no_video) {
      video_ = place(kDrawnVideo);
      sinks.video = [this](Size size) {
        const double rate = source_->info().frames_per_second;
        return create_video_file(video_, {size, rate, sound_of(o_.from), o_.from.range});
      };
    }
    if (window_) sinks.show = [this](const ImageView& drawn) { window_->show(drawn); };
    const auto total = static_cast<std::size_t>(source_->info().frames.value_or(0));
    sinks.progress = [this, total, done = std::size_t{0}](const TimedFrame& frame) mutable {
      ++done;
      std::string what = counted(frame.result.poses.size(), "person", "people");
      if (live_ != nullptr) what += lag();
      const std::scoped_lock lock(console_mutex_);
      console_.progress(done, total == 0 ? 0 : std::max(done, total), what);
    };
    const TrackReport report = track_video(*source_, parts(), sinks, o_.work);
    console_.finish();
    return finish(report, code);
  }

 private:
  std::string place(const std::string& ending) const {
    return (fs::path(o_.out) / (stem_of(o_.from.source) + ending)).string();
  }

  /// How far the frame that is done is behind now, and what was dropped so that it is not further.
  std::string lag() {
    const std::chrono::duration<double> lag = std::chrono::steady_clock::now() - live_->arrived();
    longest_lag_ = std::max(longest_lag_, lag.count());
    return ", lag " + std::to_string(std::lround(1e3 * lag.count())) + " ms, " + std::to_string(live_->dropped()) +
           " dropped";
  }

  Status open_frames() {
    SourceEvents events;
    events.note = [this](const std::string& line) {
      const std::scoped_lock lock(console_mutex_);
      console_.note(line);
    };
    events.unreadable = [this](const std::string& line) {
      const std::scoped_lock lock(console_mutex_);
      console_.error(line);
      errors_.push(line);
    };
    POISE_TRY(OpenSource opened, open_source(o_.from, events));
    source_ = std::move(opened.source);
    live_ = opened.live;
    o_.work.stream.live = live_ != nullptr;
    return {};
  }

  StreamParts parts() { return {&*finder_, tracker_ ? &*tracker_ : nullptr, flow_.get()}; }

  Status prepare() {
    POISE_RETURN_IF_ERROR(reach_videos());
    POISE_RETURN_IF_ERROR(set_device(o_.device, o_.estimator.run));
    if (!o_.no_video && !can_write_videos()) {
      console_.note("this build writes no videos (scripts/setup --video): poses alone are written");
      o_.no_video = true;
    }
    POISE_RETURN_IF_ERROR(open_frames());
    if (o_.show) {
      POISE_TRY(window_, open_window("poise: " + stem_of(o_.from.source)));
    }
    if (is_dash(o_.out)) return usage_error("track writes files: give --out a folder");
    POISE_RETURN_IF_ERROR(prepare_folder(o_.out));
    o_.estimator.card.preset = o_.card.preset;
    if (!o_.alone) {
      POISE_TRY(o_.estimator.card.flags, o_.card.json());
    }
    POISE_TRY(OpenFinder opened, open_finder({o_.model, "", o_.detector, o_.doubles}, o_.estimator));
    finder_.emplace(std::move(opened.finder));
    if (!o_.alone) POISE_RETURN_IF_ERROR(make_tracker());
    const double rate = source_->info().frames_per_second;
    const SequenceTarget target{place(""), finder_->skeleton(), provenance_of(parts(), o_.work, opened.name),
                                o_.work.draw.min_score, rate > 0 ? rate : 30};
    POISE_TRY(sinks_, open_sequences(o_.formats, target));
    remember_earlier_files();
    return {};
  }

  Status make_tracker() {
    TrackerOptions& options = o_.tracker;
    options.similarity = similarity_of(o_.similarity).value_or(Similarity::kMultiFlow);
    options.matching = o_.matching == "greedy" ? TrackerOptions::Matching::kGreedy : TrackerOptions::Matching::kBestSum;
    options.propagate = !o_.no_propagation;
    options.motion = !o_.no_motion;
    options = suited_to(*finder_, options);
    POISE_TRY(flow_, open_flow(o_.flow));
    tracker_.emplace(finder_->skeleton(), options);
    return choose_smoothing();
  }

  Status choose_smoothing() {
    if (o_.smooth == "none") o_.work.smooth = std::monostate();
    if (o_.smooth != "offline") return {};
    if (source_->info().live) {
      return usage_error("a live source has no end to wait for: --smooth offline is for files; take --smooth online");
    }
    if (o_.from.source == "-" && !o_.no_video) {
      return usage_error(
          "--smooth offline draws once all frames are known, and standard input gives them but once: add --no-video");
    }
    o_.work.smooth = OfflineSmoothingOptions{};
    if (o_.from.source != "-") {
      o_.work.open_again = [this]() -> Result<std::unique_ptr<VideoSource>> {
        POISE_TRY(OpenSource again, open_source(o_.from, {}));
        return std::move(again.source);
      };
    }
    return {};
  }

  /// Which file has this name now; 0: none, or a folder.
  static ino_t file_of(const std::string& name) {
    struct stat info {};
    return ::stat(name.c_str(), &info) == 0 && S_ISREG(info.st_mode) ? info.st_ino : 0;
  }

  /// Files of an earlier run may stand where writing failed: those are none of ours.
  void remember_earlier_files() {
    std::vector<std::string> names{place(kDrawnVideo)};
    for (const auto& sink : sinks_) {
      for (const fs::path& file : sink->files()) names.push_back(file.string());
    }
    for (const std::string& name : names) {
      if (const ino_t file = file_of(name); file != 0) before_[name] = file;
    }
  }

  std::vector<std::string> written() const {
    std::vector<std::string> files;
    for (const auto& sink : sinks_) {
      for (const fs::path& file : sink->files()) files.push_back(file.string());
    }
    if (!video_.empty()) files.push_back(video_);
    std::erase_if(files, [this](const std::string& file) {
      const auto before = before_.find(file);
      return !fs::exists(file) || (before != before_.end() && before->second == file_of(file));
    });
    return files;
  }

  Status finish(const TrackReport& report, int& code) {
    const StreamReport& stream = report.stream;
    const std::int64_t dropped = live_ == nullptr ? 0 : live_->dropped();
    if (stream.error) {
      console_.error(stream.error->message);
      errors_.push(stream.error->message);
    }
    const bool none = stream.frames == 0 && !stream.error && !interrupted();
    if (none) console_.error(o_.from.source + ": no frame was read: is --start behind its end?");
    const std::vector<std::string> files = written();
    Json json = summary(o_, report, files);
    json.set("dropped", dropped);
    json.set("errors", errors_);
    if (live_ != nullptr) {
      json.set("reconnections", live_->reconnections());
      json.set("longest_lag_ms", 1e3 * longest_lag_);
    }
    POISE_RETURN_IF_ERROR(put_json(json, o_.json));
    if (!o_.quiet && o_.json != "-") {
      const auto frames = static_cast<std::size_t>(stream.frames);
      std::string text = counted(frames, "frame") + ", ";
      text += o_.alone ? counted(static_cast<std::size_t>(stream.persons), "person")
                       : counted(static_cast<std::size_t>(report.ids), "person", "people") + " followed";
      if (!errors_.as_array().empty()) text += ", " + counted(errors_.as_array().size(), "error");
      text += " in " + duration(stream.seconds) + ", " +
              figure(static_cast<double>(frames) / std::max(stream.seconds, 1e-9)) + " frames/s";
      if (dropped > 0) text += ", " + counted(static_cast<std::size_t>(dropped), "frame") + " dropped to keep up";
      if (live_ != nullptr) text += ", lag at most " + figure(1e3 * longest_lag_) + " ms";
      if (report.smoothing && report.smoothing->jitter_before > 0) text += "\n  " + smoothing_line(*report.smoothing);
      for (const std::string& file : files) text += "\n  " + shown(file);
      std::printf("%s\n", text.c_str());
    }
    code = none || !errors_.as_array().empty() ? 1 : interrupted() ? interrupt_code() : 0;
    return {};
  }

  Options& o_;
  Console console_;
  std::mutex console_mutex_;     // a source tells by threads of its own what happens to it
  Json errors_ = Json::array();  // lines: frames that could not be read, and what ended the run
  std::unique_ptr<Window> window_;
  std::unique_ptr<VideoSource> source_;
  const LiveSource* live_ = nullptr;  // the source, where the newest frame wins
  double longest_lag_ = 0;            // seconds
  std::optional<PoseFinder> finder_;
  std::optional<Tracker> tracker_;
  std::unique_ptr<Flow> flow_;
  std::vector<std::unique_ptr<SequenceSink>> sinks_;
  std::string video_;  // "": none is written
  std::map<std::string, ino_t> before_;
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
      ->check(within(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  command.add_option("--memory", o.tracker.memory, "seconds for which who is not seen is remembered")
      ->check(within(0.0, 60.0))
      ->capture_default_str()
      ->group(group);
  command.add_flag("--no-propagation", o.no_propagation, "look at the detector's boxes alone")->group(group);
  command.add_flag("--no-motion", o.no_motion, "who is hidden is not expected to go on as before")->group(group);
}

}  // namespace

Status predict_video(VideoPrediction prediction, int& code) {
  Options o;
  o.alone = true;
  o.from.source = std::move(prediction.source);
  o.model = std::move(prediction.model);
  o.json = std::move(prediction.json);
  o.formats = {std::move(prediction.format)};
  o.out = std::move(prediction.out);
  o.device = std::move(prediction.device);
  o.card.preset = std::move(prediction.preset);
  o.detector = std::move(prediction.detector);
  o.doubles = prediction.doubles;
  o.estimator = std::move(prediction.estimator);
  o.estimator.card.flags = std::move(prediction.card_flags);
  o.work.draw = prediction.draw;
  o.work.smooth = std::monostate();  // nobody is the same in two frames
  o.no_video = prediction.no_video;
  o.quiet = prediction.quiet;
  return Tracking(o).run(code);
}

Action make_track(CLI::App& command) {
  auto o = std::make_shared<Options>();
  o->work.draw.ids = true;
  o->tracker.min_joint_score = 0.2F;
  o->from.add_to(command);
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command.add_option("-o,--out", o->out, "folder for the results")->capture_default_str()->type_name("DIR");
  add_sequence_formats(command, o->formats);
  command.add_flag("--no-video", o->no_video, "write no drawn video");
  command.add_flag("--show", o->show, "a window with what is drawn; q, Escape or closing it ends the run");
  command
      .add_option("--detect-every", o->work.stream.detect_every,
                  "frames between two looks of the detector; people are carried between them")
      ->check(above_zero())
      ->capture_default_str();
  command
      .add_option("--smooth", o->smooth,
                  "online: one-euro, with little lag; offline: without lag, gaps filled, written at the end; none: "
                  "joints as found")
      ->check(one_of({"online", "offline", "none"}))
      ->capture_default_str();
  add_tracker_flags(command, *o);
  add_draw_flags(command, o->work.draw, "Drawing");
  add_finder_flags(command, o->detector, o->doubles, o->estimator, o->device);
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
