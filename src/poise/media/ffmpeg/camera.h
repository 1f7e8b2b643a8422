#pragma once
// What libavdevice is asked for: video cameras of V4L2. It is loaded when a camera is: with it come a hundred libraries
// (sound, screens), which cost every start of a program a tenth of a second. Private.

#include "poise/media/ffmpeg/av.h"

namespace poise::av {

/// Errors: kUnsupported (this system's FFmpeg has none).
Result<const AVInputFormat*> camera_format();

}  // namespace poise::av
