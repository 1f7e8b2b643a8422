#pragma once
// Pictures in time: what gives them (a file, a camera, a stream, a folder of pictures, raw bytes) and what takes them.
// The readers and writers that need FFmpeg's libraries are a target of their own, media/ffmpeg/ffmpeg.h.

#include <cstdint>
#include <optional>
#include <string>

#include "poise/base/result.h"
#include "poise/image/image.h"

namespace poise {

/// One picture of a video, upright: a rotation that the file asks for has been applied.
struct VideoFrame {
  Image image;
  std::int64_t index = 0;  // in the source, from 0; frames that were passed over are counted
  double seconds = 0;      // presentation time, from the source's first frame; variable rates keep their times
};

struct VideoInfo {
  int width = 0;  // of the frames as they are given, upright
  int height = 0;
  double frames_per_second = 0;        // the mean; 0 where it is not known
  std::optional<std::int64_t> frames;  // how many will come, about, where the source says so
  bool live = false;                   // a camera or a network stream: it does not wait for who reads
  bool audio = false;                  // it has sound
  std::string codec;                   // "h264", "rawvideo", "pictures": for people
};

/// Gives frames in order. One thread at a time, but for interrupt().
class VideoSource {
 public:
  virtual ~VideoSource() = default;
  virtual const VideoInfo& info() const = 0;
  /// The next frame; nothing at the end. A size that changes in mid-stream is no error: frames say their own. Errors:
  /// kMalformed, kIo, kTooLarge; frames given before remain good. After an error or the end it is not called again.
  virtual Result<std::optional<VideoFrame>> next() = 0;
  /// From another thread: a next() that waits returns soon, with nothing or a frame.
  virtual void interrupt() {}
};

/// Takes frames in order. One thread at a time.
class VideoSink {
 public:
  virtual ~VideoSink() = default;
  /// `seconds` grow from call to call. Errors: kInvalidArgument (another size than the first frame's), kIo.
  virtual Status add(const ImageView& image, double seconds) = 0;
  /// Ends the file and gives it its name: what was added before an error is kept and can be played. Errors: kIo.
  virtual Status finish() = 0;
  /// What is written, for people: "h264 (libx264), with sound".
  virtual std::string summary() const { return ""; }
};

/// Which part of a source is wanted.
struct VideoRange {
  double start = 0;                     // seconds from its first frame
  std::optional<double> duration = {};  // seconds from there; nothing: to the end
  int every = 1;                        // one frame of so many
};

}  // namespace poise
