#pragma once
// What libavdevice is asked for: video cameras of V4L2. Private.

#include "poise/media/ffmpeg/av.h"

namespace poise::av {

/// Errors: kUnsupported (this build, or this system's FFmpeg, has none).
Result<const AVInputFormat*> camera_format();

}  // namespace poise::av
