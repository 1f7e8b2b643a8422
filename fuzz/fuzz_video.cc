// A video file: whatever the bytes are, an error in words, or frames within the limit. FFmpeg's own libraries are not
// instrumented: this finds what kills the process, hangs it or takes memory without bound, and faults of our own.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "poise/media/ffmpeg/ffmpeg.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = ::memfd_create("video", MFD_CLOEXEC);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
  poise::VideoOpenOptions options;
  options.max_pixels = 1U << 16U;
  options.threads = 1;
  constexpr int kMost = 40;
  auto source = poise::open_video("/proc/self/fd/" + std::to_string(file), options);
  for (int i = 0; source.ok() && i < kMost; ++i) {
    const auto frame = (*source)->next();
    if (!frame.ok() && frame.error().message.empty()) std::abort();
    if (!frame.ok() || !*frame) break;
    const poise::Image& image = (*frame)->image;
    if (static_cast<std::uint64_t>(image.width()) * static_cast<std::uint64_t>(image.height()) > options.max_pixels) {
      std::abort();
    }
  }
  if (!source.ok() && source.error().message.empty()) std::abort();
  ::close(file);
  return 0;
}
