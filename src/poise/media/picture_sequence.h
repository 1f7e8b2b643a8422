#pragma once
// Pictures of a folder as the frames of a video. As every VideoSource, one thread at a time.

#include <functional>
#include <memory>
#include <string>

#include "poise/media/video.h"

namespace poise {

/// A folder, a glob (* ? [..]) or a pattern with one %d or %06d in its last part: what open_pictures() takes.
bool names_pictures(const std::string& source);

struct PictureSequenceOptions {
  double frames_per_second = 30;
  /// Is told of each picture that cannot be read, once, by the thread that reads: it is passed over, and its place in
  /// time stays empty. Empty: such a picture is an error.
  std::function<void(const Error&)> unreadable = {};
  /// Is told what was passed over where a folder was searched: "3 files not read: HEIC".
  std::function<void(const std::string&)> note = {};
};

/// The pictures that find_pictures() finds: JPEG, PNG and WebP, HEIC and AVIF where they are read (image/codec.h), in
/// the natural order of their names: frame_9 stands before frame_10. Of a pattern, all the files there are, by number;
/// a gap ends nothing. Frame i is shown at i / frames_per_second. Each picture is read when it is its turn. Errors:
/// kNotFound, kInvalidArgument, and of the first picture, or of all where the unreadable are passed over, as
/// read_image_file's, naming it.
Result<std::unique_ptr<VideoSource>> open_pictures(const std::string& source,
                                                   const PictureSequenceOptions& options = {});

}  // namespace poise
