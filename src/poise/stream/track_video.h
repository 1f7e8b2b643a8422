#pragma once
// The whole job of `poise track`: a video's people followed, steadied, drawn and written. One thread at a time.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "poise/draw/draw.h"
#include "poise/formats/sequence_formats.h"
#include "poise/stream/stream.h"
#include "poise/track/one_euro.h"

namespace poise {

/// Where the results go. Each may be left out.
struct TrackSinks {
  std::vector<SequenceWriter*> poses = {};
  /// Makes the drawn video, once the first frame's size is known; frames of another size are fitted into it.
  std::function<Result<std::unique_ptr<VideoSink>>(Size picture)> video = {};
  /// Called after each frame, one at a time.
  std::function<void(const TimedFrame& frame)> progress = {};
};

struct TrackVideoOptions {
  StreamOptions stream = {};
  std::optional<OneEuroOptions> smooth = OneEuroOptions{};  // nothing: joints as they were found
  DrawOptions draw = {};
};

struct TrackReport {
  StreamReport stream;  // with the first error in it, of writing too: what was done before it is kept
  int ids = 0;          // that were given
  std::string video;    // what was written, as VideoSink::summary says; "" where nothing was
};

/// provenance_of the finder, with how its people are followed: the tracker's options, flow, smooth, detect_every.
/// parts.finder and parts.tracker are needed.
Provenance provenance_of(const StreamParts& parts, const TrackVideoOptions& options, std::string model);

/// Until the source ends, an error, or options.stream.stop. All sinks are finished in any case. parts.tracker is
/// needed.
TrackReport track_video(VideoSource& source, const StreamParts& parts, const TrackSinks& sinks,
                        const TrackVideoOptions& options = {});

}  // namespace poise
