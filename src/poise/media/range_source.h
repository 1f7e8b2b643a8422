#pragma once
// A part of a source: from a second on, for so long, one frame of so many. As every VideoSource, one thread at a time.

#include <memory>

#include "poise/media/video.h"

namespace poise {

/// Frames keep their index and their time in the source. `range.every` counts from the first frame at or behind
/// `range.start`; the rest of the source is not read. A source that can seek may have passed over the beginning
/// already. Errors: kInvalidArgument (a negative start, a duration or step that is not above 0).
Result<std::unique_ptr<VideoSource>> with_range(std::unique_ptr<VideoSource> source, const VideoRange& range);

/// Errors as with_range's.
Status check_range(const VideoRange& range);
/// What is left of a source: fewer frames, at a lower rate.
VideoInfo info_in_range(VideoInfo info, const VideoRange& range);

}  // namespace poise
