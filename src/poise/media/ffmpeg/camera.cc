#include "poise/media/ffmpeg/camera.h"

extern "C" {
#include <libavdevice/avdevice.h>
}

namespace poise::av {

Result<const AVInputFormat*> camera_format() {
  avdevice_register_all();
  const AVInputFormat* format = av_find_input_format("video4linux2");
  if (format == nullptr) return unsupported("cameras cannot be read: this FFmpeg has no video4linux2");
  return format;
}

}  // namespace poise::av
