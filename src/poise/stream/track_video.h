#pragma once
// The whole job of `poise track`: a video's people followed, steadied, drawn and written.

#include <functional>
#include <memory>
#include <optional>
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
  /// Sees each frame as it is drawn.
  std::function<void(const ImageView& drawn)> show = {};
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

/// Until the source ends, an error, or options.stream.stop. All sinks are finished in any case. parts.tracker is
/// needed.
TrackReport track_video(VideoSource& source, const StreamParts& parts, const TrackSinks& sinks,
                        const TrackVideoOptions& options = {});

}  // namespace poise
