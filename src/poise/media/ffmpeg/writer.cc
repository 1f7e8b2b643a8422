#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "poise/media/ffmpeg/encoder.h"
#include "poise/media/ffmpeg/ffmpeg.h"
#include "poise/media/ffmpeg/file_io.h"
#include "poise/media/ffmpeg/sound.h"
#include "poise/media/range_source.h"

namespace poise {
namespace {

struct Ending {
  std::string_view ending;
  const char* container;
};
constexpr std::array<Ending, 6> kEndings{
    {{".mp4", "mp4"}, {".m4v", "mp4"}, {".mov", "mov"}, {".mkv", "matroska"}, {".avi", "avi"}, {".webm", "webm"}}};
constexpr double kLongest = 1e7;  // seconds
// Of the end of a file: a part that is always there, and what each packet adds to its index.
constexpr std::int64_t kEndBytes = 1 << 16, kIndexBytes = 48;

struct ReleaseMuxer {
  void operator()(AVFormatContext* muxer) const { avformat_free_context(muxer); }
};
using Muxer = std::unique_ptr<AVFormatContext, ReleaseMuxer>;

Result<const AVOutputFormat*> container_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const Ending& known : kEndings) {
    if (ending != known.ending) continue;
    if (const AVOutputFormat* found = av_guess_format(known.container, nullptr, nullptr)) return found;
    return unsupported(path.string() + ": this FFmpeg writes no " + known.container);
  }
  return unsupported(path.string() + ": videos are written as .mp4, .m4v, .mov, .mkv, .avi or .webm");
}

Status check(const VideoWriteOptions& options) {
  if (options.width < 1 || options.height < 1 || options.width > 16'384 || options.height > 16'384) {
    return invalid_argument("a video's sides must be 1 to 16384");
  }
  if (!(options.frames_per_second > 0) || options.frames_per_second > 1000) {
    return invalid_argument("a video's rate must be above 0 and at most 1000");
  }
  if (options.quality < 0 || options.quality > 51) return invalid_argument("quality must be 0 to 51");
  if (options.threads < 0) return invalid_argument("threads must be 0 or above");
  return check_range(options.audio_range);
}

class FileSink : public VideoSink {
 public:
  FileSink(std::string name, std::unique_ptr<av::FileIo> io, Muxer muxer, av::Encoder encoder)
      : name_(std::move(name)), io_(std::move(io)), muxer_(std::move(muxer)), encoder_(std::move(encoder)) {}

  Status start(const VideoWriteOptions& options);
  Status add(const ImageView& image, double seconds) override;
  Status finish() override;
  std::string summary() const override {
    return encoder_.name() + (sound_ ? ", with sound" : sound_missing_.empty() ? "" : ", " + sound_missing_);
  }

 private:
  Status write(AVPacket& packet, int stream);
  Status add_checked(const ImageView& image, double seconds);
  Status copy_sound(double until);
  std::int64_t end_bytes() const { return kEndBytes + kIndexBytes * packets_; }
  std::int64_t pending_bytes() const;
  bool ends_without_trailer() const { return std::strcmp(muxer_->oformat->name, "matroska") == 0; }
  Error named(const Error& error) const { return error.prefixed(name_); }

  std::string name_;
  std::unique_ptr<av::FileIo> io_;
  Muxer muxer_;
  av::Encoder encoder_;
  AVStream* video_ = nullptr;
  std::optional<av::Sound> sound_;
  std::string sound_missing_;
  VideoWriteOptions options_;
  std::optional<double> first_seconds_;
  double last_seconds_ = 0;
  std::int64_t last_time_ = -1;
  std::int64_t packets_ = 0, bytes_ = 0, largest_ = 0;  // handed to the muxer
  bool full_ = false;                                   // an add() failed: what is left to write must fit
};

Status FileSink::start(const VideoWriteOptions& options) {
  options_ = options;
  muxer_->pb = io_->context();
  muxer_->flags |= AVFMT_FLAG_CUSTOM_IO;
  muxer_->max_interleave_delta = 2 * AV_TIME_BASE;  // sound that is missing for a while holds no more video back
  video_ = avformat_new_stream(muxer_.get(), nullptr);
  if (video_ == nullptr || avcodec_parameters_from_context(video_->codecpar, &encoder_.codec()) < 0) {
    throw std::bad_alloc();
  }
  video_->time_base = encoder_.codec().time_base;
  video_->avg_frame_rate = encoder_.codec().framerate;
  if (!options.audio_from.empty()) {
    POISE_TRY(sound_, av::Sound::open(options.audio_from, options.audio_range, *muxer_, sound_missing_));
  }
  av::Dictionary settings;
  if (ends_without_trailer()) {  // a second of it at a time, so that what a full disk cuts off is short
    settings.set("cluster_time_limit", "1000");
  }
  POISE_RETURN_IF_ERROR(io_->set_aside(end_bytes()));
  const int code = avformat_write_header(muxer_.get(), settings.address());
  if (code < 0) return io_error("the file cannot be begun: " + av::words(code));
  return {};
}

/// Bytes that are on their way: in the encoder, in the muxer's queue and in the buffer.
std::int64_t FileSink::pending_bytes() const {
  const std::int64_t mean = packets_ == 0 ? 0 : bytes_ / packets_;
  return std::max<std::int64_t>(0, bytes_ - io_->end()) + (encoder_.held() + 1) * 2 * mean + 2 * largest_;
}

Status FileSink::write(AVPacket& packet, int stream) {
  const std::int64_t size = packet.size;
  if (full_ && !io_->has_room(std::max<std::int64_t>(0, bytes_ - io_->end()) + size + end_bytes())) return {};
  packet.stream_index = stream;
  av_packet_rescale_ts(&packet,
                       stream == video_->index ? encoder_.codec().time_base : muxer_->streams[stream]->time_base,
                       muxer_->streams[stream]->time_base);
  ++packets_;
  bytes_ += size;
  largest_ = std::max(largest_, size);
  int code = av_interleaved_write_frame(muxer_.get(), &packet);
  if (code >= 0 && muxer_->pb->error < 0) code = muxer_->pb->error;
  return code < 0 ? Status(io_error("the file cannot be written: " + av::words(code))) : Status();
}

Status FileSink::copy_sound(double until) {
  if (!sound_) return {};
  return sound_->copy(until, [&](AVPacket& packet) { return write(packet, packet.stream_index); });
}

Status FileSink::add(const ImageView& image, double seconds) {
  Status added = add_checked(image, seconds);
  if (!added.ok()) return named(added.error());
  return added;
}

Status FileSink::add_checked(const ImageView& image, double seconds) {
  if (image.width != options_.width || image.height != options_.height) {
    return invalid_argument("a frame is " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                            ", the video " + std::to_string(options_.width) + "x" + std::to_string(options_.height));
  }
  if (!std::isfinite(seconds) ||
      (first_seconds_ && (seconds <= last_seconds_ || seconds > *first_seconds_ + kLongest))) {
    return invalid_argument("the times of frames must grow, and stay below " + std::to_string(kLongest) + " seconds");
  }
  av::forget_logs();
  if (Status room = io_->set_aside(pending_bytes() + end_bytes()); !room.ok()) {
    full_ = true;
    return room;
  }
  if (!first_seconds_) {
    first_seconds_ = seconds;
    if (sound_) sound_->begin(seconds);
  }
  last_seconds_ = seconds;
  const double at = seconds - *first_seconds_;
  last_time_ = std::max<std::int64_t>(std::llround(at / av_q2d(encoder_.codec().time_base)), last_time_ + 1);
  Status written = encoder_.encode(image, last_time_, [&](AVPacket& packet) { return write(packet, video_->index); });
  if (written.ok()) written = copy_sound(at);
  if (!written.ok()) full_ = true;
  return written;
}

Status FileSink::finish() {
  if (!first_seconds_) return invalid_argument(name_ + ": no frame was added, so nothing is written");
  Status ended = encoder_.flush([&](AVPacket& packet) { return write(packet, video_->index); });
  if (ended.ok()) ended = copy_sound(last_seconds_ - *first_seconds_ + 1 / options_.frames_per_second);
  if (muxer_->pb->error < 0) muxer_->pb->error = 0;  // the end is tried all the same
  int code = av_write_trailer(muxer_.get());
  if (code >= 0 && muxer_->pb->error < 0) code = muxer_->pb->error;
  if (code < 0) {
    if (ended.ok()) ended = io_error("the file cannot be ended: " + av::words(code));
    if (!ends_without_trailer()) return named(ended.error());
  }
  if (Status named_file = io_->commit(); !named_file.ok()) return named(named_file.error());
  if (!ended.ok()) return named(ended.error());
  return ended;
}

}  // namespace

Result<std::unique_ptr<VideoSink>> create_video(const std::filesystem::path& path, const VideoWriteOptions& options) {
  av::catch_logs();
  av::forget_logs();
  POISE_RETURN_IF_ERROR(check(options));
  POISE_TRY(const AVOutputFormat* container, container_of(path));
  auto encoder = av::Encoder::open(*container, options);
  if (!encoder.ok()) return encoder.error().prefixed(path.string());
  POISE_TRY(auto io, av::FileIo::create(path));
  AVFormatContext* muxer = nullptr;
  if (avformat_alloc_output_context2(&muxer, container, nullptr, nullptr) < 0) throw std::bad_alloc();
  auto sink = std::make_unique<FileSink>(path.string(), std::move(io), Muxer(muxer), std::move(*encoder));
  if (Status started = sink->start(options); !started.ok()) return started.error().prefixed(path.string());
  return std::unique_ptr<VideoSink>(std::move(sink));
}

}  // namespace poise
