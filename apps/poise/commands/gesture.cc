// `poise gesture`: what somebody does before a camera, turned into keys, programs and messages by rules.

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "commands/command.h"
#include "console.h"
#include "device.h"
#include "figures.h"
#include "flags/card_flags.h"
#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "flags/sequence_flags.h"
#include "flags/source_flags.h"
#include "messages.h"
#include "poise/base/counted.h"
#include "poise/base/file.h"
#include "poise/base/version.h"
#include "poise/gesture/gesture_actions.h"
#include "poise/gesture/gesture_engine.h"
#include "poise/gesture/gesture_rules_file.h"
#include "poise/stream/track_video.h"
#include "pose_source.h"
#include "standard_streams.h"
#include "video.h"
#include "window.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  SourceFlags from;
  std::string rules, model, record, json, keys = "auto", device = "cpu";
  CardFlags card;
  DetectorFlags detector;
  DoublesOptions doubles;
  EstimatorOptions estimator;
  TrackVideoOptions work;
  bool dry_run = false, explain = false, show = false, quiet = false;
};

constexpr const char* kExamples =
    "Rules say what somebody does and what it brings about (docs/gestures.md); configs/gestures has some to start "
    "with.\n"
    "SOURCE may also be poses that were recorded, FILE.jsonl of this command or of track, or - for such lines on\n"
    "standard input. One person leads: the largest at first, until that one is gone.\n\n"
    "Examples:\n"
    "  poise gesture 0 --rules configs/gestures/zoom.yaml --dry-run      # says what it would do, and does nothing\n"
    "  poise gesture 0 --rules configs/gestures/slides.yaml\n"
    "  poise gesture 0 --rules mine.yaml --dry-run --explain --record me.jsonl    # what each rule sees\n"
    "  poise gesture me.jsonl --rules mine.yaml --dry-run                # the same again, without a camera";

/// Keys by uinput where it may be used, since that reaches every desktop; X11 has xdotool.
Result<std::unique_ptr<Keyboard>> open_keyboard(const std::string& which) {
  const bool has_display = std::getenv("DISPLAY") != nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr;
  if (which == "uinput" || (which == "auto" && can_use_uinput())) return open_uinput_keyboard();
  if (which == "xdotool" || has_display) return open_xdotool_keyboard();
  auto keyboard = open_uinput_keyboard();  // says what is in its way
  if (keyboard.ok()) return keyboard;
  return Error{keyboard.error().code, "keys cannot be pressed: " + keyboard.error().message +
                                          "; or use X11 and xdotool; --dry-run presses none"};
}

bool presses_keys(const GestureRules& rules) {
  for (const GestureRule& rule : rules.rules) {
    for (const GestureAction& action : rule.actions) {
      if (std::holds_alternative<PressKeys>(action)) return true;
    }
  }
  return false;
}

class Gestures {
 public:
  explicit Gestures(Options& options) : o_(options), console_(options.quiet) {}

  Status run(int& code) {
    watch_interrupts();
    const bool recorded = names_recording(o_.from.source) || (is_dash(o_.from.source) && o_.from.raw.empty());
    POISE_RETURN_IF_ERROR(recorded ? run_recording() : run_camera());
    console_.finish();
    Json json = Json::Object{
        {"poise", kVersion}, {"frames", frames_}, {"dry_run", o_.dry_run}, {"events", events_}, {"errors", errors_}};
    POISE_RETURN_IF_ERROR(put_json(json, o_.json));
    if (!o_.quiet && o_.json != "-") {
      std::printf("%s, %s\n", counted(frames_, "frame").c_str(), counted(events_.as_array().size(), "gesture").c_str());
    }
    code = !errors_.as_array().empty() ? 1 : interrupted() ? interrupt_code() : 0;
    return {};
  }

 private:
  Status run_recording() {
    if (!o_.record.empty()) return usage_error("--record is for cameras and videos: these poses are recorded already");
    if (o_.show) return usage_error("--show is for cameras and videos: of recorded poses there is no picture");
    POISE_TRY(const auto source, open_poses(o_.from.source, !o_.dry_run));
    POISE_RETURN_IF_ERROR(prepare(source->skeleton()));
    while (true) {
      POISE_TRY(const std::optional<TimedFrame> frame, source->next());
      if (!frame) return {};
      take(*frame);
    }
  }

  Status run_camera() {
    POISE_RETURN_IF_ERROR(reach_videos());
    POISE_RETURN_IF_ERROR(set_device(o_.device, o_.estimator.run));
    o_.estimator.card.preset = o_.card.preset;
    POISE_TRY(o_.estimator.card.flags, o_.card.json());
    POISE_TRY(OpenFinder opened, open_finder({o_.model, "", o_.detector, o_.doubles}, o_.estimator));
    PoseFinder& finder = opened.finder;
    POISE_RETURN_IF_ERROR(prepare(finder.skeleton()));
    TrackerOptions options;
    options.min_joint_score = 0.2F;
    Tracker tracker(finder.skeleton(), suited_to(finder, options));
    POISE_TRY(const std::unique_ptr<Flow> flow, open_flow(""));
    if (!o_.dry_run) o_.from.live = true;  // keys come when their gesture does
    POISE_TRY(OpenSource source, open_source(o_.from, events()));
    o_.work.stream.live = source.live != nullptr;
    std::unique_ptr<Window> window;
    if (o_.show) {
      POISE_TRY(window, open_window("poise: gestures"));
    }
    o_.work.stream.stop = [&] { return interrupted() || (window && window->closed()); };

    const StreamParts parts{&finder, &tracker, flow.get()};
    std::vector<std::unique_ptr<SequenceSink>> record;
    TrackSinks sinks;
    if (!o_.record.empty()) {
      const double rate = source.source->info().frames_per_second;
      const std::string stem = o_.record.substr(0, o_.record.size() - std::string(".jsonl").size());
      POISE_TRY(record, open_sequences({"poise"}, {stem, finder.skeleton(), provenance_of(parts, o_.work, opened.name),
                                                   o_.work.draw.min_score, rate > 0 ? rate : 30}));
      sinks.poses.push_back(record.front().get());
    }
    if (window) sinks.show = [&](const ImageView& drawn) { window->show(drawn); };
    sinks.progress = [this](const TimedFrame& frame) { take(frame); };
    const TrackReport report = track_video(*source.source, parts, sinks, o_.work);
    if (report.stream.error) fail(report.stream.error->message);
    if (report.stream.frames == 0 && !report.stream.error && !interrupted()) {
      fail(o_.from.source + ": no frame was read");
    }
    return {};
  }

  SourceEvents events() {
    SourceEvents events;
    events.note = [this](const std::string& line) {
      const std::scoped_lock lock(mutex_);
      console_.note(line);
    };
    events.unreadable = [this](const std::string& line) { fail(line); };
    return events;
  }

  /// The rules, for poses of this skeleton, and what carries them out.
  Status prepare(const Skeleton& skeleton) {
    constexpr std::uint64_t kMost = 1U << 20U;
    auto bytes = read_file(o_.rules, kMost);
    if (!bytes.ok()) return bytes.error().prefixed(o_.rules);
    auto rules = parse_gesture_rules({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, skeleton);
    if (!rules.ok()) return rules.error().prefixed(o_.rules);
    const bool keys = presses_keys(*rules);
    POISE_TRY(GestureEngine engine, GestureEngine::create(std::move(*rules), skeleton));
    engine_.emplace(std::move(engine));
    if (o_.dry_run) return {};
    if (keys) {
      POISE_TRY(keyboard_, open_keyboard(o_.keys));
    }
    messages_ = open_messages([this](const Error& error) { fail(error.message); });
    actions_ = std::make_unique<DesktopActions>(keyboard_.get(), messages_.get());
    return {};
  }

  void fail(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    console_.error(line);
    errors_.push(line);
  }

  void take(const TimedFrame& frame) {
    ++frames_;
    for (const GestureEvent& event : engine_->next(frame)) happen(event);
    if (!o_.explain || frame.seconds < explained_ + 1) return;
    explained_ = frame.seconds;
    const std::scoped_lock lock(mutex_);
    for (const std::string& line : engine_->explain()) console_.note(moment(frame.seconds) + line);
  }

  static std::string moment(double seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%8.2f s  ", seconds);
    return text.data();
  }

  void happen(const GestureEvent& event) {
    const GestureRule& rule = engine_->rules().rules[event.rule];
    Json actions = Json::array();
    std::string said;
    for (const GestureAction& action : rule.actions) {
      actions.push(describe(action));
      said.append(said.empty() ? "" : "; ").append(describe(action));
    }
    events_.push(Json::Object{{"seconds", event.seconds}, {"rule", rule.name}, {"actions", std::move(actions)}});
    if (!o_.quiet && o_.json != "-") {
      std::printf("%s%s: %s\n", moment(event.seconds).c_str(), shown(rule.name).c_str(), shown(said).c_str());
      std::fflush(stdout);  // whoever stands before the camera wants to see it now
    }
    if (!actions_) return;
    for (const Error& error : perform(rule, *actions_)) fail(rule.name + ": " + error.message);
  }

  Options& o_;
  Console console_;
  std::mutex mutex_;  // a source, and messages, tell by threads of their own what happens to them
  std::optional<GestureEngine> engine_;
  std::unique_ptr<Keyboard> keyboard_;
  std::unique_ptr<MessageSender> messages_;
  std::unique_ptr<GestureActions> actions_;  // null: nothing is done
  std::int64_t frames_ = 0;
  double explained_ = -1;  // seconds
  Json events_ = Json::array(), errors_ = Json::array();
};

}  // namespace

Action make_gesture(CLI::App& command) {
  auto o = std::make_shared<Options>();
  o->from.add_to(command);
  command.add_option("--rules", o->rules, "what gestures there are, YAML")->required()->type_name("FILE");
  command.add_flag("--dry-run", o->dry_run, "say what would be done, and do nothing");
  command
      .add_option("--keys", o->keys,
                  "how keys are pressed: by uinput on any desktop, by xdotool on X11; auto: what there is")
      ->check(one_of({"auto", "uinput", "xdotool"}))
      ->capture_default_str();
  command.add_option("--record", o->record, "write the poses too, for another run")
      ->check(ending_in(".jsonl"))
      ->type_name("FILE.jsonl");
  command.add_flag("--explain", o->explain, "once a second what each rule measures");
  command.add_flag("--show", o->show, "a window with what is seen; q, Escape or closing it ends the run");
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command
      .add_option("--detect-every", o->work.stream.detect_every,
                  "frames between two looks of the detector; people are carried between them")
      ->check(above_zero())
      ->capture_default_str();
  add_finder_flags(command, o->detector, o->doubles, o->estimator, o->device);
  add_json_option(command, o->json);
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  o->card.add_to(command, "Model card (over MODEL.card.json, the file's own card, and --preset)");
  command.footer(kExamples);
  return [o] {
    int code = 1;
    const Status status = Gestures(*o).run(code);
    if (!status.ok()) Console(o->quiet).error(status.error().message);
    return code;
  };
}

}  // namespace poise::app
