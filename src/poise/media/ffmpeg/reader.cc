#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "poise/media/ffmpeg/decoder.h"
#include "poise/media/ffmpeg/ffmpeg.h"
#include "poise/media/ffmpeg/frame_converter.h"
#include "poise/media/ffmpeg/open_input.h"
#include "poise/media/ffmpeg/seek.h"
#include "poise/media/range_source.h"

namespace poise {
namespace {

constexpr double kEpsilon = 1e-6;    // times are rounded to their unit in the file
constexpr double kWorthSeeking = 3;  // seconds that are as soon decoded as passed over
constexpr double kLongestGap = 86'400;
constexpr double kLongest = 1e9;

Status check(const VideoOpenOptions& options) {
  POISE_RETURN_IF_ERROR(check_range(options.range));
  if (options.max_pixels < 1) return invalid_argument("max_pixels must be 1 or above");
  if (!(options.timeout_seconds > 0)) return invalid_argument("timeout_seconds must be above 0");
  if (options.threads < 0) return invalid_argument("threads must be 0 or above");
  if (options.rtsp_transport != "tcp" && options.rtsp_transport != "udp") {
    return invalid_argument("rtsp_transport must be tcp or udp");
  }
  return {};
}

av::Orientation orientation_of_stream(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
  const AVPacketSideData* data = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const std::uint8_t* matrix = data == nullptr ? nullptr : data->data;
  const std::size_t size = data == nullptr ? 0 : data->size;
#else
  std::size_t size = 0;
  const std::uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
#endif
  if (matrix == nullptr || size < 9 * sizeof(std::int32_t)) return {};
  return av::orientation_of(reinterpret_cast<const std::int32_t*>(matrix));
}

double rate_of(const AVStream& stream) {
  for (const AVRational rate : {stream.avg_frame_rate, stream.r_frame_rate}) {
    if (rate.num > 0 && rate.den > 0 && av_q2d(rate) <= 1000) return av_q2d(rate);
  }
  return 0;
}

VideoInfo info_of(const av::Input& input) {
  VideoInfo info;
  const AVCodecParameters& video = *input.stream->codecpar;
  const bool turned = orientation_of_stream(*input.stream).transpose;
  info.width = turned ? video.height : video.width;
  info.height = turned ? video.width : video.height;
  info.frames_per_second = rate_of(*input.stream);
  if (input.stream->nb_frames > 0) {
    info.frames = input.stream->nb_frames;
  } else if (input.demuxer->duration > 0 && info.frames_per_second > 0) {  // Matroska and others do not count
    const double seconds = static_cast<double>(input.demuxer->duration) / AV_TIME_BASE;
    info.frames = std::llround(std::min(seconds, kLongest) * info.frames_per_second);
  }
  info.live = input.live;
  for (unsigned i = 0; i < input.demuxer->nb_streams; ++i) {
    if (input.demuxer->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) info.audio = true;
  }
  info.codec = avcodec_get_name(video.codec_id);
  return info;
}

/// Times that grow, from 0, whatever the stream says: those of broadcasts jump, some files have none.
class FrameClock {
 public:
  FrameClock(AVRational unit, double rate) : unit_(unit), step_(rate > 0 ? 1 / rate : 0.04) {}
  void start_at(std::int64_t first) { origin_ = av::seconds(first, unit_); }

  double operator()(const AVFrame& frame) {
    double now = last_ ? *last_ + step_ : 0;
    if (frame.best_effort_timestamp != AV_NOPTS_VALUE) {
      const double stated = av::seconds(frame.best_effort_timestamp, unit_);
      if (!origin_) origin_ = stated;
      const bool jump = last_ && (stated - *origin_ < *last_ - 1 || stated - *origin_ > *last_ + kLongestGap);
      if (jump) origin_ = stated - now;
      now = stated - *origin_;
    }
    if (last_) now = std::max(now, *last_ + std::min(step_ / 10, 1e-3));  // two frames of one time
    last_ = now;
    return now;
  }

 private:
  AVRational unit_;
  double step_;
  std::optional<double> origin_, last_;
};

class FileSource : public VideoSource {
 public:
  FileSource(av::Input input, const VideoOpenOptions& options)
      : input_(std::move(input)),
        options_(options),
        clock_(input_.stream->time_base, rate_of(*input_.stream)),
        converter_(orientation_of_stream(*input_.stream)),
        info_(info_in_range(info_of(input_), options.range)) {}

  Status start(std::optional<av::Passed> passed) {
    POISE_TRY(decoder_, av::Decoder::open(input_, options_));
    if (!passed) return {};
    clock_.start_at(passed->times.front());
    decoder_->seeked(passed->sought);
    passed_ = std::move(passed->times);
    return {};
  }

  const VideoInfo& info() const override { return info_; }

  Result<std::optional<VideoFrame>> next() override {
    const VideoRange& range = options_.range;
    while (!input_.watch->stopped()) {
      POISE_TRY(const AVFrame* decoded, decoder_->next());
      if (decoded == nullptr) break;
      const std::int64_t index = index_of(*decoded);
      const double seconds = clock_(*decoded);
      if (seconds < range.start - kEpsilon) continue;
      if (range.duration && seconds >= range.start + *range.duration - kEpsilon) return std::optional<VideoFrame>{};
      if (within_++ % range.every != 0) continue;
      auto image = converter_(*decoded);
      if (!image.ok()) return image.error().prefixed(input_.name);
      return std::optional<VideoFrame>(VideoFrame{std::move(*image), index, seconds});
    }
    if (!input_.watch->stopped()) POISE_RETURN_IF_ERROR(at_end());
    return std::optional<VideoFrame>{};
  }

  void interrupt() override { input_.watch->stop = true; }

 private:
  std::int64_t index_of(const AVFrame& frame) {
    if (!passed_.empty() && frame.best_effort_timestamp <= passed_.back()) {
      next_index_ = std::lower_bound(passed_.begin(), passed_.end(), frame.best_effort_timestamp) - passed_.begin();
    }
    return next_index_++;
  }

  Status at_end() {
    if (const std::string damage = decoder_->damage(); !damage.empty()) {
      return av::error_at(input_, ErrorCode::kMalformed, damage);
    }
    if (next_index_ == 0 && !input_.live) return av::error_at(input_, ErrorCode::kMalformed, "it holds no frame");
    return {};
  }

  av::Input input_;
  std::optional<av::Decoder> decoder_;  // of input_, whose place it keeps
  VideoOpenOptions options_;
  FrameClock clock_;
  av::FrameConverter converter_;
  VideoInfo info_;
  std::vector<std::int64_t> passed_;
  std::int64_t next_index_ = 0, within_ = 0;
};

}  // namespace

Result<std::unique_ptr<VideoSource>> open_video(const std::string& source, const VideoOpenOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  POISE_TRY(auto input, av::open_video_input(source, options));
  std::optional<av::Passed> passed;
  if (options.range.start > kWorthSeeking && input.kind == av::SourceKind::kFile) {
    passed = av::pass_over(input, options.range.start);
    if (!passed) {
      POISE_TRY(input, av::open_video_input(source, options));
    }
  }
  auto file = std::make_unique<FileSource>(std::move(input), options);
  POISE_RETURN_IF_ERROR(file->start(std::move(passed)));
  return std::unique_ptr<VideoSource>(std::move(file));
}

}  // namespace poise
