#include "poise/media/ffmpeg/camera.h"

namespace poise::av {

Result<const AVInputFormat*> camera_format() {
  return unsupported("cameras cannot be read: this build has no libavdevice (libavdevice-dev, then build again)");
}

}  // namespace poise::av
