#pragma once
// A recording as if it were a camera: frames come when it is their time. As every VideoSource, one thread at a time.

#include <memory>

#include "poise/media/video.h"

namespace poise {

/// next() gives no frame sooner after the first than their times are apart; who asks late gets it at once. info().live
/// is as the source's: LiveSource over this one lets the newest frame win.
std::unique_ptr<VideoSource> at_its_pace(std::unique_ptr<VideoSource> source);

}  // namespace poise
