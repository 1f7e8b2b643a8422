#pragma once
// RGB pictures to packets of a video. Private.

#include <functional>
#include <string>

#include "poise/image/image.h"
#include "poise/media/ffmpeg/av.h"
#include "poise/media/ffmpeg/ffmpeg.h"

namespace poise::av {

class Encoder {
 public:
  /// The first encoder that works of those for this container. Errors: kUnsupported, kInvalidArgument.
  static Result<Encoder> open(const AVOutputFormat& container, const VideoWriteOptions& options);

  const AVCodecContext& codec() const { return *codec_; }
  /// "h264 (libx264)"
  std::string name() const;

  /// Shown at `time`, in codec().time_base; times grow. Each packet that is ready goes to `take`, whose error ends it.
  /// Errors: kIo (the encoder fails), and those of `take`.
  Status encode(const ImageView& image, std::int64_t time, const std::function<Status(AVPacket&)>& take);
  /// The packets that are still held back.
  Status flush(const std::function<Status(AVPacket&)>& take);
  /// Frames that went in and have not come out.
  std::int64_t held() const { return in_ - out_; }

 private:
  Encoder(Codec codec, int width, int height);
  Frame to_frame(const ImageView& image);
  Status drain(const std::function<Status(AVPacket&)>& take);

  Codec codec_;
  Packet packet_;
  Scaler scaler_;
  int width_, height_;  // of the pictures; the codec's are even
  std::vector<std::uint8_t> padded_;
  std::int64_t in_ = 0, out_ = 0;
};

}  // namespace poise::av
