#include "poise/media/ffmpeg/encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

namespace poise::av {
namespace {

// MPEG-4 has no finer unit than 1/65535; of this one, a frame is a whole number at 24, 25, 29.97, 30, 50 and 60.
constexpr int kTicks = 60'000;

std::vector<std::string> candidates(const AVOutputFormat& container, const VideoWriteOptions& options) {
  if (!options.encoder.empty()) return {options.encoder};
  if (std::strcmp(container.name, "webm") == 0) return {"libvpx-vp9", "libvpx"};
  return {"libx264", "libopenh264", "h264_nvenc", "h264_videotoolbox", "mpeg4", "mjpeg"};
}

bool is_mjpeg(const AVCodecContext& codec) { return codec.codec_id == AV_CODEC_ID_MJPEG; }

/// A quantiser of 2 to 31 about as coarse as x264's at the same figure.
int quantiser(int quality) {
  return std::clamp(static_cast<int>(std::lround(4 * std::exp2((quality - 23) / 6.0))), 2, 31);
}

void set_colours(AVCodecContext& codec) {
  codec.pix_fmt = is_mjpeg(codec) ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
  codec.color_range = is_mjpeg(codec) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  // What players take it for where the file cannot say; a JPEG is always BT.601.
  const bool high = codec.height >= 720 && !is_mjpeg(codec);
  codec.colorspace = high ? AVCOL_SPC_BT709 : is_mjpeg(codec) ? AVCOL_SPC_BT470BG : AVCOL_SPC_SMPTE170M;
  codec.color_primaries = high ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  codec.color_trc = high ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
}

void set_rate(AVCodecContext& codec, const AVOutputFormat& container, double frames_per_second) {
  const AVRational rate = av_d2q(frames_per_second, 60'000);
  codec.framerate = rate;
  codec.time_base = {1, kTicks};
  codec.gop_size = std::clamp(static_cast<int>(std::lround(frames_per_second * 2)), 1, 250);  // to be sought in
  if (std::strcmp(container.name, "avi") == 0) {  // it counts frames, and stores them as they are shown
    codec.time_base = av_inv_q(rate);
    codec.max_b_frames = 0;
  }
}

void set_quality(AVCodecContext& codec, const std::string& encoder, int quality, Dictionary& settings) {
  if (encoder == "libx264") {
    settings.set("preset", "veryfast");
    settings.set("crf", std::to_string(quality));
  } else if (encoder.starts_with("libvpx")) {
    codec.bit_rate = 0;
    settings.set("crf", std::to_string(std::clamp(quality + 8, 4, 63)));
    settings.set("deadline", "realtime");
    settings.set("cpu-used", "6");
    if (encoder == "libvpx") codec.bit_rate = 8'000'000;  // its crf is a bound within a rate
  } else if (codec.codec_id == AV_CODEC_ID_MPEG4 || is_mjpeg(codec)) {
    codec.flags |= AV_CODEC_FLAG_QSCALE;
    codec.global_quality = FF_QP2LAMBDA * quantiser(quality);
  } else {  // a rate is what all others know
    const double pixels = static_cast<double>(codec.width) * codec.height * av_q2d(codec.framerate);
    codec.bit_rate = std::llround(pixels * 0.1 * std::exp2((23 - quality) / 6.0));
  }
}

Result<Codec> open_codec(const AVOutputFormat& container, const VideoWriteOptions& options, const std::string& name) {
  const AVCodec* found = avcodec_find_encoder_by_name(name.c_str());
  if (found == nullptr || found->type != AVMEDIA_TYPE_VIDEO) return unsupported("this FFmpeg has no encoder " + name);
  if (avformat_query_codec(&container, found->id, FF_COMPLIANCE_NORMAL) != 1) {
    return unsupported(std::string(container.name) + " cannot hold what the encoder " + name + " makes");
  }
  Codec codec(avcodec_alloc_context3(found));
  if (!codec) throw std::bad_alloc();
  codec->width = (options.width + 1) / 2 * 2;
  codec->height = (options.height + 1) / 2 * 2;
  codec->thread_count = options.threads;
  set_colours(*codec);
  set_rate(*codec, container, options.frames_per_second);
  Dictionary settings;
  set_quality(*codec, name, options.quality, settings);
  if ((container.flags & AVFMT_GLOBALHEADER) != 0) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  const int code = avcodec_open2(codec.get(), found, settings.address());
  if (code < 0) return unsupported("the encoder " + name + " does not take this video: " + words(code));
  return codec;
}

}  // namespace

Encoder::Encoder(Codec codec, int width, int height)
    : codec_(std::move(codec)), packet_(make_packet()), width_(width), height_(height) {
  // Colour is the mean of four pixels, within a rounding; without "full" it is that of two, and takes twice as long.
  scaler_.reset(sws_getContext(codec_->width, codec_->height, AV_PIX_FMT_RGB24, codec_->width, codec_->height,
                               codec_->pix_fmt, SWS_AREA | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr, nullptr,
                               nullptr));
  if (!scaler_) throw std::bad_alloc();
  const int* matrix = sws_getCoefficients(codec_->colorspace);
  sws_setColorspaceDetails(scaler_.get(), matrix, 1, matrix, codec_->color_range == AVCOL_RANGE_JPEG ? 1 : 0, 0,
                           1 << 16, 1 << 16);
}

Result<Encoder> Encoder::open(const AVOutputFormat& container, const VideoWriteOptions& options) {
  std::optional<Error> first;
  for (const std::string& name : candidates(container, options)) {
    forget_logs();
    auto codec = open_codec(container, options, name);
    if (codec.ok()) return Encoder(std::move(*codec), options.width, options.height);
    if (!first) first = codec.error();
  }
  return *first;
}

std::string Encoder::name() const {
  return std::string(avcodec_get_name(codec_->codec_id)) + " (" + codec_->codec->name + ")";
}

Frame Encoder::to_frame(const ImageView& image) {
  Frame frame = make_frame();
  frame->width = codec_->width;
  frame->height = codec_->height;
  frame->format = codec_->pix_fmt;
  frame->colorspace = codec_->colorspace;
  frame->color_range = codec_->color_range;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  const std::uint8_t* pixels = image.data;
  std::ptrdiff_t stride = image.stride;
  if (codec_->width != width_ || codec_->height != height_) {
    stride = codec_->width * 3;
    padded_.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(codec_->height));
    for (int y = 0; y < codec_->height; ++y) {
      const std::uint8_t* row = image.row(std::min(y, height_ - 1));
      std::uint8_t* to = padded_.data() + y * stride;
      std::copy_n(row, width_ * 3, to);
      if (codec_->width != width_) std::copy_n(row + (width_ - 1) * 3, 3, to + width_ * 3);
    }
    pixels = padded_.data();
  }
  const std::array<const std::uint8_t*, 4> from{pixels};
  const std::array<int, 4> strides{static_cast<int>(stride)};
  sws_scale(scaler_.get(), from.data(), strides.data(), 0, codec_->height, frame->data, frame->linesize);
  return frame;
}

Status Encoder::encode(const ImageView& image, std::int64_t time, const std::function<Status(AVPacket&)>& take) {
  const Frame frame = to_frame(image);
  frame->pts = time;
  if ((codec_->flags & AV_CODEC_FLAG_QSCALE) != 0) frame->quality = codec_->global_quality;
  if (const int code = avcodec_send_frame(codec_.get(), frame.get()); code < 0) {
    return io_error("the encoder failed: " + words(code));
  }
  ++in_;
  return drain(take);
}

Status Encoder::flush(const std::function<Status(AVPacket&)>& take) {
  avcodec_send_frame(codec_.get(), nullptr);
  return drain(take);
}

Status Encoder::drain(const std::function<Status(AVPacket&)>& take) {
  while (true) {
    const int code = avcodec_receive_packet(codec_.get(), packet_.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
    if (code < 0) return io_error("the encoder failed: " + words(code));
    ++out_;
    Status taken = take(*packet_);
    av_packet_unref(packet_.get());
    POISE_RETURN_IF_ERROR(taken);
  }
}

}  // namespace poise::av
