#include "poise/media/ffmpeg/camera.h"

#include <dlfcn.h>

#include <string>

namespace poise::av {

Result<const AVInputFormat*> camera_format() {
  // Both libraries have had one number since FFmpeg 5.0.
  const std::string library = "libavdevice.so." + std::to_string(LIBAVFORMAT_VERSION_MAJOR);
  void* devices = ::dlopen(library.c_str(), RTLD_NOW);  // stays: FFmpeg keeps what it registers
  if (devices == nullptr) {
    return unsupported("cameras cannot be read: " + library + " is not installed (Debian's libavdevice" +
                       std::to_string(LIBAVFORMAT_VERSION_MAJOR) + ")");
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what dlsym gives is a function
  const auto register_all = reinterpret_cast<void (*)()>(::dlsym(devices, "avdevice_register_all"));
  if (register_all != nullptr) register_all();
  const AVInputFormat* format = av_find_input_format("video4linux2");
  if (format == nullptr) return unsupported("cameras cannot be read: this FFmpeg has no video4linux2");
  return format;
}

}  // namespace poise::av
