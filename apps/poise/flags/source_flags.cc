#include "flags/source_flags.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "poise/media/paced_source.h"
#include "poise/media/picture_sequence.h"
#include "poise/media/range_source.h"
#include "poise/media/raw_source.h"
#include "video.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

bool is_file(const std::string& source) {
  std::error_code ignored;
  return fs::is_regular_file(source, ignored);
}

/// Cameras and streams, which may be opened several times: of their range, `every` alone is kept here.
bool may_be_lost(const SourceFlags& flags) {
  return flags.source != "-" && !names_pictures(flags.source) && !is_file(flags.source);
}

Result<std::unique_ptr<VideoSource>> open_frames(const SourceFlags& flags, const SourceEvents& events,
                                                 const std::atomic<bool>* stop) {
  if (flags.source == "-" && flags.raw.empty()) {
    return usage_error("frames on standard input have no form of their own: give --raw WIDTHxHEIGHT:FORMAT@RATE");
  }
  if (!flags.raw.empty() && flags.source != "-")
    return usage_error("--raw is for frames on standard input: the source is -");
  std::unique_ptr<VideoSource> source;
  if (flags.source == "-") {
    POISE_TRY(const RawFormat format, parse_raw_format(flags.raw));
    POISE_TRY(source, open_raw(STDIN_FILENO, format));
  } else if (names_pictures(flags.source)) {
    PictureSequenceOptions options{.frames_per_second = flags.rate, .note = events.note};
    options.unreadable = [told = events.unreadable](const Error& error) {
      if (told) told(error.message);
    };
    POISE_TRY(source, open_pictures(flags.source, options));
  } else if (may_be_lost(flags)) {
    return open_video_source(flags.source, {.every = flags.range.every}, stop);
  } else {
    return open_video_source(flags.source, flags.range, stop);
  }
  return with_range(std::move(source), flags.range);
}

/// The newest frame wins.
std::unique_ptr<LiveSource> live_source(std::unique_ptr<VideoSource> source, const SourceFlags& flags,
                                        const SourceEvents& events) {
  const bool live = source->info().live;
  LiveOptions options;
  // Of a recording that a server sends, the end is the end.
  if (live && flags.reconnect > 0 && !source->info().frames) {
    options.attempts = flags.reconnect;
    options.reopen = [flags](const std::atomic<bool>& stop) { return open_frames(flags, {}, &stop); };
    options.lost = [note = events.note](const Status& why) {
      if (note) note((why.ok() ? "the stream ended" : why.error().message) + "; trying again");
    };
  }
  if (!live && flags.source != "-") source = at_its_pace(std::move(source));
  return std::make_unique<LiveSource>(std::move(source), std::move(options));
}

}  // namespace

void SourceFlags::add_to(CLI::App& command) {
  command.add_option("source", source, "a video, a camera's number, an address, a folder or pattern of pictures, or -")
      ->required()
      ->type_name("SOURCE");
  command.add_option("--start", range.start, "seconds to begin at")->check(from_zero());
  command.add_option("--duration", range.duration, "seconds to go on for")->check(above_zero());
  command.add_option("--every", range.every, "one frame of so many")->check(above_zero())->capture_default_str();
  command.add_option("--raw", raw, "the form of frames on standard input: 1280x720:bgr24@30")
      ->check(that(parse_raw_format))
      ->type_name("FORM");
  command.add_option("--rate", rate, "frames a second of a folder of pictures")
      ->check(above_zero())
      ->capture_default_str();
  command.add_flag(
      "--live", live,
      "the newest frame wins: what comes too fast is dropped (always so for cameras); a recording comes at "
      "its own pace");
  command
      .add_option("--reconnect", reconnect,
                  "how often in a row a camera or stream that is lost is opened again; 0: never")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
}

Result<OpenSource> open_source(const SourceFlags& flags, const SourceEvents& events) {
  OpenSource opened;
  POISE_TRY(opened.source, open_frames(flags, events, nullptr));
  if (flags.live || opened.source->info().live) {
    auto newest = live_source(std::move(opened.source), flags, events);
    opened.live = newest.get();
    opened.source = std::move(newest);
  }
  if (!may_be_lost(flags)) return opened;
  // Begun once and ended once, however often it is opened.
  POISE_TRY(opened.source,
            with_range(std::move(opened.source), {.start = flags.range.start, .duration = flags.range.duration}));
  return opened;
}

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

std::string sound_of(const SourceFlags& flags) { return !flags.live && is_file(flags.source) ? flags.source : ""; }

}  // namespace poise::app
