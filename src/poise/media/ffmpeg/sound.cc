#include "poise/media/ffmpeg/sound.h"

#include <algorithm>
#include <cmath>
#include <new>

namespace poise::av {
namespace {

/// Where the file's video begins on its clock; 0 where it has none, or does not say.
double start_of_video(AVFormatContext& demuxer) {
  const int video = av_find_best_stream(&demuxer, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (video < 0 || demuxer.streams[video]->start_time == AV_NOPTS_VALUE) return 0;
  return seconds(demuxer.streams[video]->start_time, demuxer.streams[video]->time_base);
}

}  // namespace

Sound::Sound(Input input, AVStream* to, const VideoRange& range)
    : input_(std::move(input)), to_(to), range_(range), packet_(make_packet()) {
  video_start_ = start_of_video(*input_.demuxer);
}

Result<std::optional<Sound>> Sound::open(const std::string& file, const VideoRange& range, AVFormatContext& muxer,
                                         std::string& why) {
  auto input = open_sound_input(file);
  if (!input.ok() && input.error().message == file + ": it has no sound") {
    why = "no sound to keep";
    return std::optional<Sound>{};
  }
  if (!input.ok()) return input.error();
  const AVCodecParameters& codec = *input->stream->codecpar;
  if (avformat_query_codec(muxer.oformat, codec.codec_id, FF_COMPLIANCE_NORMAL) != 1) {
    why = std::string("its sound (") + avcodec_get_name(codec.codec_id) + ") left out: ." + muxer.oformat->name +
          " cannot hold it";
    return std::optional<Sound>{};
  }
  AVStream* to = avformat_new_stream(&muxer, nullptr);
  if (to == nullptr || avcodec_parameters_copy(to->codecpar, &codec) < 0) throw std::bad_alloc();
  to->codecpar->codec_tag = 0;  // each container has its own
  to->time_base = input->stream->time_base;
  return std::optional<Sound>(Sound(std::move(*input), to, range));
}

void Sound::begin(double origin) {
  origin_ = origin;
  if (origin <= 1) return;
  const double target = video_start_ + origin - 1;
  const auto time = static_cast<std::int64_t>(target / av_q2d(input_.stream->time_base));
  // Where it cannot be sought in, the packets before are read and left out.
  avformat_seek_file(input_.demuxer.get(), input_.stream->index, INT64_MIN, time, time, AVSEEK_FLAG_BACKWARD);
}

/// The next packet of the sound; false at the end.
bool Sound::read() {
  while (av_read_frame(input_.demuxer.get(), packet_.get()) >= 0) {
    if (packet_->stream_index == input_.stream->index && packet_->pts != AV_NOPTS_VALUE) return true;
    av_packet_unref(packet_.get());
  }
  return false;
}

Status Sound::copy(double until, const std::function<Status(AVPacket&)>& take) {
  const double end = range_.duration ? std::min(until, range_.start + *range_.duration - origin_) : until;
  while (!ended_) {
    if (!waiting_) ended_ = !read();
    if (ended_) break;
    waiting_ = true;
    const double at = seconds(packet_->pts, input_.stream->time_base) - video_start_ - origin_;
    if (at >= end) break;
    waiting_ = false;
    Status taken;
    const std::int64_t time = static_cast<std::int64_t>(std::llround(at / av_q2d(to_->time_base)));
    if (at >= 0 && time > last_) {
      last_ = packet_->pts = packet_->dts = time;
      packet_->duration = av_rescale_q(packet_->duration, input_.stream->time_base, to_->time_base);
      packet_->stream_index = to_->index;
      packet_->pos = -1;
      taken = take(*packet_);
    }
    av_packet_unref(packet_.get());
    POISE_RETURN_IF_ERROR(taken);
  }
  return {};
}

}  // namespace poise::av
