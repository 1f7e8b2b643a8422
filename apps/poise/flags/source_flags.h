#pragma once
// Where a command's frames come from: files, cameras, streams, pictures, a pipe.

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "poise/media/live_source.h"
#include "poise/media/video.h"

namespace poise::app {

struct SourceFlags {
  std::string source, raw;
  VideoRange range;
  double rate = 30;  // of pictures
  bool live = false;
  int reconnect = 20;

  /// SOURCE and its options.
  void add_to(CLI::App& command);
};

struct OpenSource {
  std::unique_ptr<VideoSource> source;
  const LiveSource* live = nullptr;  // the same, where the newest frame wins
};

/// What happens while frames are read; told by threads of the source's own. Each may be empty.
struct SourceEvents {
  std::function<void(const std::string&)> note;        // a camera or stream is lost; files of a folder are passed over
  std::function<void(const std::string&)> unreadable;  // a picture of a sequence cannot be read: it is passed over
};

Result<OpenSource> open_source(const SourceFlags& flags, const SourceEvents& events);

/// What outputs are called after: "match" of match.mp4.
std::string stem_of(const std::string& source);
/// The file whose sound goes with the frames; "" where there is none.
std::string sound_of(const SourceFlags& flags);

}  // namespace poise::app
