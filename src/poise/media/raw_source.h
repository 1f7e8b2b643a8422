#pragma once
// Frames without a container, one after another: what another program writes into a pipe. One thread at a time.

#include <memory>
#include <string_view>

#include "poise/media/video.h"

namespace poise {

/// How the pixels of a frame lie. The planes of nv12 and yuv420p are BT.601 below 720 rows and BT.709 from there, of
/// video range (16 to 235), as players take what is not tagged; sides of odd length round their colour planes up.
enum class PixelFormat { kBgr24, kRgb24, kGray8, kNv12, kYuv420p };

struct RawFormat {
  int width = 0;
  int height = 0;
  PixelFormat format = PixelFormat::kBgr24;
  double frames_per_second = 30;
};

/// "1280x720:bgr24@30": size, one of bgr24 rgb24 gray8 nv12 yuv420p, and the rate, which may be left out with its @.
/// Errors: kInvalidArgument, kTooLarge over 64 million pixels.
Result<RawFormat> parse_raw_format(std::string_view text);

/// Bytes of one frame.
std::size_t frame_bytes(const RawFormat& format);

/// Reads from `file_descriptor`, which stays the caller's and is open for as long as the source lives. Frame i is shown
/// at i / frames_per_second. A pipe waits for who reads it, so info().live is false: LiveSource makes it one that does
/// not. Errors of next(): kMalformed where the bytes end within a frame, saying how many are missing; kIo.
Result<std::unique_ptr<VideoSource>> open_raw(int file_descriptor, const RawFormat& format);

}  // namespace poise
