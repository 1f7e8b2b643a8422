#pragma once
// Pictures of a folder as the frames of a video. As every VideoSource, one thread at a time.

#include <memory>
#include <string>

#include "poise/media/video.h"

namespace poise {

/// A folder, a glob (* ? [..]) or a pattern with one %d or %06d in its last part: what open_pictures() takes.
bool names_pictures(const std::string& source);

/// JPEG, PNG and WebP, HEIC and AVIF where they are read (image/codec.h), in the natural order of their names: frame_9
/// stands before frame_10. Of a pattern, all the files there are, by number; a gap ends nothing. Frame i is shown at i
/// / frames_per_second. Each picture is read when it is its turn, and one that cannot be read is an error that names
/// it. Errors: kNotFound, kInvalidArgument, and of the first picture as read_image_file's.
Result<std::unique_ptr<VideoSource>> open_pictures(const std::string& source, double frames_per_second = 30);

}  // namespace poise
