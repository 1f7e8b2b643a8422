#pragma once
// A file's sound, carried over packet by packet. Private.

#include <functional>
#include <optional>
#include <string>

#include "poise/media/ffmpeg/open_input.h"

namespace poise::av {

class Sound {
 public:
  /// Adds a stream to the muxer, whose header is not written yet. Nothing where the container cannot hold such sound,
  /// or the file has none: `why` then says so. Errors as open_sound_input's.
  static Result<std::optional<Sound>> open(const std::string& file, const VideoRange& range, AVFormatContext& muxer,
                                           std::string& why);

  /// The sound of the picture that stands at time 0 begins there, in seconds of the file's video.
  void begin(double origin);
  /// Packets that sound before `until`, in seconds of the new file, and before the range's end. `take` has them with
  /// times in that file; its error ends it. A damaged file's sound ends where it cannot be read.
  Status copy(double until, const std::function<Status(AVPacket&)>& take);

 private:
  Sound(Input input, AVStream* to, const VideoRange& range);
  bool read();

  Input input_;
  AVStream* to_;
  VideoRange range_;
  Packet packet_;
  double video_start_ = 0;  // where the file's own video begins, on its clock
  double origin_ = 0;
  bool waiting_ = false;  // packet_ was read and not given
  bool ended_ = false;
  std::int64_t last_ = INT64_MIN;
};

}  // namespace poise::av
