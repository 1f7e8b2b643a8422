#pragma once
// A video through detector, flow, estimator, tracker and whatever takes the frames, in order and overlapping: while one
// frame's people are estimated, the next ones are read, searched and compared with their neighbours.
//
//   auto source = poise::open_video("match.mp4").value();            // media/ffmpeg/ffmpeg.h, or any VideoSource
//   auto finder = poise::PoseFinder::open().value();
//   poise::LucasKanade flow;
//   poise::Tracker tracker(finder.skeleton());
//   poise::run_stream(*source, {&finder, &tracker, &flow}, [&](poise::TimedFrame& frame, poise::Image& image) { ... });

#include <cstdint>
#include <functional>
#include <optional>

#include "poise/infer/pose_finder.h"
#include "poise/media/video.h"
#include "poise/person/timed_frame.h"
#include "poise/track/tracker.h"

namespace poise {

/// What works on the frames; none of it is owned.
struct StreamParts {
  PoseFinder* finder = nullptr;  // whose boxes are no file's
  Tracker* tracker = nullptr;    // null: each frame stands alone, poses have no ids
  Flow* flow = nullptr;          // null: the tracker knows motion alone
};

struct StreamOptions {
  int detect_every = 1;  // frames; between them people are looked for where they are carried (needs a tracker, and a
                         // network that looks at boxes)
  bool live = false;     // one frame at a time on all threads, for the shortest delay; else several at once
  // True ends the run after the frames that were begun, and interrupts the source, which may be waiting for one. Asked
  // by several threads, again and again; empty: never.
  std::function<bool()> stop = {};
};

/// Seconds that threads computed, and how often.
struct StageCost {
  double seconds = 0;
  std::int64_t runs = 0;
  double each() const { return runs == 0 ? 0 : seconds / static_cast<double>(runs); }
};

struct StreamReport {
  std::int64_t frames = 0;                             // that were taken
  std::int64_t persons = 0;                            // poses in them
  std::int64_t last_index = -1;                        // of the last frame in its source
  double seconds = 0;                                  // the run's
  int threads = 1;                                     // that worked on frames
  StageCost read, detect, flow, estimate, link, take;  // estimate's runs are persons
  double longest_delay = 0;                            // seconds from a frame's reading to its taking
  double mean_delay = 0;
  std::optional<Error> error;  // that ended the run; the frames before it were taken
};

/// Takes one frame with what was found; the picture may be drawn on. An error ends the run.
using TakeFrame = std::function<Status(TimedFrame& frame, Image& image)>;

/// Runs until the source ends, an error, or `stop`. `take` is called in order, one at a time, from any thread. Memory
/// does not grow with the video's length: four frames more than threads are held at most. The finder is used by this
/// call alone until it returns. Errors: in the report; kInvalidArgument where boxes come from a file.
StreamReport run_stream(VideoSource& source, const StreamParts& parts, const TakeFrame& take,
                        const StreamOptions& options = {});

}  // namespace poise
