#pragma once
// The whole job of `poise track`: a video's people followed, steadied, drawn and written. One thread at a time.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "poise/draw/draw.h"
#include "poise/formats/sequence_sink.h"
#include "poise/stream/stream.h"
#include "poise/track/offline_smoothing.h"
#include "poise/track/one_euro.h"

namespace poise {

/// Where the results go. Each may be left out.
struct TrackSinks {
  std::vector<SequenceSink*> poses = {};
  /// Makes the drawn video, once the first frame's size is known; frames of another size are fitted into it.
  std::function<Result<std::unique_ptr<VideoSink>>(Size picture)> video = {};
  /// Sees each frame as it is drawn.
  std::function<void(const ImageView& drawn)> show = {};
  /// Called after each frame that was followed, one at a time.
  std::function<void(const TimedFrame& frame)> progress = {};
};

/// Joints as they were found; steadied as they come; or steadied without lag once all frames are known. The last keeps
/// the poses of all frames, some 300 bytes each, and writes them at the end.
using Smoothing = std::variant<std::monostate, OneEuroOptions, OfflineSmoothingOptions>;
/// "none", "one-euro", "offline": as outputs call it.
std::string name_of(const Smoothing& smooth);

struct TrackVideoOptions {
  StreamOptions stream = {};
  Smoothing smooth = OneEuroOptions{};
  /// Opens the source once more: frames to draw on, which offline smoothing needs where a video is wanted.
  std::function<Result<std::unique_ptr<VideoSource>>()> open_again = {};
  DrawOptions draw = {};
};

/// What smoothing did, as Steadiness measures it.
struct SmoothingReport {
  double jitter_before = 0;  // mean second difference of the joints, parts of the person's size
  double jitter_after = 0;
  std::optional<double> lag;  // frames; nothing where it could not be measured
  OfflineSmoothingReport offline;
};

struct TrackReport {
  StreamReport stream;  // with the first error in it, of writing too: what was done before it is kept
  int ids = 0;          // that were given
  std::optional<SmoothingReport> smoothing;
  std::string video;  // what was written, as VideoSink::summary says; "" where nothing was
};

/// provenance_of the finder, with how its people are followed, where there is a tracker: its options, flow, smooth,
/// detect_every. parts.finder is needed.
Provenance provenance_of(const StreamParts& parts, const TrackVideoOptions& options, std::string model);

/// Until the source ends, an error, or options.stream.stop. All sinks are finished in any case. Without
/// parts.tracker each frame stands alone: `smooth` must be nothing then. Errors: those of run_stream; kInvalidArgument
/// where offline smoothing cannot open the source again.
TrackReport track_video(VideoSource& source, const StreamParts& parts, const TrackSinks& sinks,
                        const TrackVideoOptions& options = {});

}  // namespace poise
