#pragma once
// Decoded frames to upright RGB. Private.

#include <array>
#include <cstdint>
#include <vector>

#include "poise/image/image.h"
#include "poise/media/ffmpeg/av.h"

namespace poise::av {

/// How a picture is to be laid on the screen, to multiples of a quarter turn. In this order.
struct Orientation {
  bool transpose = false, mirror_x = false, mirror_y = false;
  bool upright() const { return !transpose && !mirror_x && !mirror_y; }
};

/// Of FFmpeg's display matrix: 3 x 3, row vectors, 16.16 fixed point.
Orientation orientation_of(const std::int32_t* matrix);

class FrameConverter {
 public:
  /// `of_stream` stands until a frame brings a matrix of its own.
  explicit FrameConverter(Orientation of_stream) : orientation_(of_stream) {}
  /// Frames may change their size and format from one to the next. Errors: kUnsupported.
  Result<Image> operator()(const AVFrame& frame);

 private:
  Status prepare(const AVFrame& frame);

  Orientation orientation_;
  Scaler scaler_;
  std::array<int, 5> made_for_{};  // width, height, format, colour space and range
  std::vector<std::uint8_t> rows_;
};

}  // namespace poise::av
