#include "poise/media/ffmpeg/open_input.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "poise/media/ffmpeg/camera.h"

namespace poise::av {
namespace {

namespace fs = std::filesystem;

// Names as FFmpeg's --enable-demuxer and --enable-decoder have them. Neither playlists nor anything that opens other
// files (hls, dash, concat, image2, sdp), nor decoders of text, games and vector graphics.
constexpr const char* kContainers =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,ivf,flv,live_flv,ogg,asf,mjpeg,"
    "mpjpeg,"
    "yuv4mpegpipe,mxf,dv,gif,rtsp";
constexpr const char* kDecoders =
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,mjpeg,vp8,libvpx,vp9,libvpx-vp9,libdav1d,libaom-av1,av1,prores,dnxhd,"
    "dvvideo,"
    "rawvideo,ffv1,huffyuv,ffvhuff,utvideo,h263,flv,msmpeg4v1,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,vc1,theora,cinepak,svq3,"
    "png,gif";
// To learn a frame's length, which a container may leave out.
constexpr const char* kSoundDecoders = "aac,mp3,mp3float,mp2,mp2float,ac3,eac3,opus,libopus,vorbis,flac,alac";

bool all_digits(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool has_scheme(const std::string& source, std::string_view scheme) {
  if (source.size() < scheme.size() + 3) return false;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(source[i])) != scheme[i]) return false;
  }
  return source.compare(scheme.size(), 3, "://") == 0;
}

int interrupted(void* watch) {
  const auto* asked = static_cast<const Watch*>(watch);
  return asked->stopped() || asked->late() ? 1 : 0;
}

/// What is opened, by which protocols; FFmpeg takes "file:" off, so that no name is an address.
Status check_file(const Input& input, const std::string& source) {
  std::error_code error;
  const fs::file_status status = fs::status(source, error);
  if (!fs::exists(status)) return error_at(input, ErrorCode::kNotFound, "no such file");
  if (fs::is_directory(status)) return error_at(input, ErrorCode::kIo, "it is a folder, give a file");
  if (!fs::is_regular_file(status) && !fs::is_fifo(status)) {
    return error_at(input, ErrorCode::kIo, "it is a device or socket, give a file");
  }
  return {};
}

std::string number(double value) {
  std::string text = std::to_string(value);
  std::replace(text.begin(), text.end(), ',', '.');  // some locales
  return text;
}

void set_protocol(const Input& input, const VideoOpenOptions& options, Dictionary& to) {
  to.set("max_streams", "64");
  switch (input.kind) {
    case SourceKind::kFile:
      to.set("protocol_whitelist", "file");
      break;
    case SourceKind::kRtsp:
      to.set("protocol_whitelist", "rtsp,rtp,tcp,udp,tls");
      to.set("rtsp_transport", options.rtsp_transport);
      to.set("allowed_media_types", "video");
      to.set("timeout", std::to_string(std::llround(options.timeout_seconds * 1e6)));
      break;
    case SourceKind::kHttp:
      to.set("protocol_whitelist", "http,https,tcp,tls");
      to.set("rw_timeout", std::to_string(std::llround(options.timeout_seconds * 1e6)));
      break;
    case SourceKind::kCamera:
      if (!options.camera_size.empty()) to.set("video_size", options.camera_size);
      if (options.camera_rate > 0) to.set("framerate", number(options.camera_rate));
  }
}

Status open_demuxer(Input& input, const std::string& source, const VideoOpenOptions& options, const char* decoders) {
  catch_logs();
  forget_logs();
  input.name = name_of(source);
  std::string url = source;
  const AVInputFormat* format = nullptr;
  if (input.kind == SourceKind::kFile) {
    POISE_RETURN_IF_ERROR(check_file(input, source));
    url.insert(0, "file:");
  } else if (input.kind == SourceKind::kCamera) {
    POISE_TRY(format, camera_format());
    if (all_digits(source)) url.insert(0, "/dev/video");
  } else {
    avformat_network_init();
  }
  input.watch = std::make_unique<Watch>();
  input.watch->outer = options.stop;
  if (input.kind != SourceKind::kFile) input.watch->patience = options.timeout_seconds;

  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return error_at(input, ErrorCode::kIo, "out of memory");
  context->interrupt_callback = {interrupted, input.watch.get()};
  if (input.kind == SourceKind::kCamera) context->flags |= AVFMT_FLAG_NONBLOCK;  // it would wait uninterruptibly
  Dictionary settings;
  set_protocol(input, options, settings);
  settings.set("codec_whitelist", decoders);
  if (format == nullptr) settings.set("format_whitelist", kContainers);
  input.watch->rearm();
  // On failure it frees the context.
  const int code = avformat_open_input(&context, url.c_str(), format, settings.address());
  if (code < 0) return read_error(input, code);
  input.demuxer.reset(context);
  return {};
}

Status check_size(const Input& input, const AVStream& stream, std::uint64_t max_pixels) {
  const AVCodecParameters& video = *stream.codecpar;
  if (video.codec_type != AVMEDIA_TYPE_VIDEO || video.width <= 0 || video.height <= 0) return {};
  if (static_cast<std::uint64_t>(video.width) * static_cast<std::uint64_t>(video.height) <= max_pixels) return {};
  return error_at(input, ErrorCode::kTooLarge,
                  "its frames are " + std::to_string(video.width) + "x" + std::to_string(video.height) +
                      ", more than the limit of " + std::to_string(max_pixels) + " pixels");
}

/// Looks into the packets for what the container does not say, within the limits.
Status look(Input& input, std::uint64_t max_pixels) {
  const unsigned count = input.demuxer->nb_streams;
  for (unsigned i = 0; i < count; ++i) POISE_RETURN_IF_ERROR(check_size(input, *input.demuxer->streams[i], max_pixels));
  std::vector<AVDictionary*> settings(count, nullptr);
  for (AVDictionary*& of_stream : settings) {
    av_dict_set_int(&of_stream, "max_pixels", static_cast<std::int64_t>(max_pixels), 0);
  }
  input.watch->rearm();
  const int code = avformat_find_stream_info(input.demuxer.get(), settings.data());
  for (AVDictionary*& of_stream : settings) av_dict_free(&of_stream);
  return code < 0 ? Status(read_error(input, code)) : Status();
}

/// A cover of a song is no video.
bool is_cover(const AVStream& stream) { return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0; }

Status choose_video(Input& input, std::uint64_t max_pixels) {
  AVFormatContext* demuxer = input.demuxer.get();
  const int best = av_find_best_stream(demuxer, AVMEDIA_TYPE_VIDEO, -1, -1, &input.decoder, 0);
  const bool sound = av_find_best_stream(demuxer, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0) >= 0;
  if (best == AVERROR_DECODER_NOT_FOUND) {
    return error_at(input, ErrorCode::kUnsupported, "this FFmpeg cannot decode its video");
  }
  if (best < 0 || is_cover(*demuxer->streams[best])) {
    return error_at(input, ErrorCode::kMalformed, sound ? "it has sound, but no video" : "it holds no video");
  }
  input.stream = demuxer->streams[best];
  if (av_match_list(input.decoder->name, kDecoders, ',') == 0) {
    return error_at(input, ErrorCode::kUnsupported,
                    std::string("its video is ") + input.decoder->name + ", which is not read: convert it to H.264");
  }
  POISE_RETURN_IF_ERROR(check_size(input, *input.stream, max_pixels));
  for (unsigned i = 0; i < demuxer->nb_streams; ++i) {
    if (static_cast<int>(i) != best) demuxer->streams[i]->discard = AVDISCARD_ALL;
  }
  return {};
}

bool is_live(const Input& input) {
  if (input.kind == SourceKind::kCamera || input.kind == SourceKind::kRtsp) return true;
  if (input.kind == SourceKind::kFile) return false;
  return input.demuxer->duration == AV_NOPTS_VALUE &&
         (input.demuxer->pb == nullptr || (input.demuxer->pb->seekable & AVIO_SEEKABLE_NORMAL) == 0);
}

}  // namespace

void Watch::rearm() {
  const auto patient = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(std::clamp(patience, 0.0, 1e6)));
  deadline = patience > 0 ? (std::chrono::steady_clock::now() + patient).time_since_epoch().count() : 0;
}

Result<SourceKind> kind_of(const std::string& source) {
  std::error_code error;
  if (source.starts_with("/dev/video") && all_digits(source.substr(10))) return SourceKind::kCamera;
  if (all_digits(source) && source.size() <= 3 && !fs::exists(source, error)) return SourceKind::kCamera;
  if (has_scheme(source, "rtsp") || has_scheme(source, "rtsps")) return SourceKind::kRtsp;
  if (has_scheme(source, "http") || has_scheme(source, "https")) return SourceKind::kHttp;
  if (source.find("://") != std::string::npos && !fs::exists(source, error)) {
    return unsupported(name_of(source) + ": of addresses, rtsp, rtsps, http and https are read");
  }
  return SourceKind::kFile;
}

std::string name_of(const std::string& source) {
  const std::size_t scheme = source.find("://");
  if (scheme == std::string::npos) return source;
  const std::size_t begin = scheme + 3, end = std::min(source.find_first_of("/?#", begin), source.size());
  const std::size_t at = source.rfind('@', end);
  if (at == std::string::npos || at < begin) return source;
  return source.substr(0, begin) + source.substr(at + 1);
}

Error error_at(const Input& input, ErrorCode code, const std::string& message) {
  return {code, input.name + ": " + message};
}

Error read_error(const Input& input, int code) {
  if (input.watch && input.watch->stopped()) return error_at(input, ErrorCode::kIo, "reading was stopped");
  if (input.watch && input.watch->late()) {
    return error_at(input, ErrorCode::kIo, "no answer within " + number(input.watch->patience) + " seconds");
  }
  std::string message = words(code);
  // FFmpeg may repeat the address, with its password.
  if (message.find("://") != std::string::npos) message = message.substr(0, message.find(" ("));
  if (code == AVERROR(ENOENT)) return error_at(input, ErrorCode::kNotFound, message);
  const bool data = code == AVERROR_INVALIDDATA || code == AVERROR_EOF || code == AVERROR(EINVAL);
  if (!data || input.kind == SourceKind::kCamera) return error_at(input, ErrorCode::kIo, "cannot be read: " + message);
  return error_at(input, ErrorCode::kMalformed, "no video that can be read: " + message);
}

Result<Input> open_video_input(const std::string& source, const VideoOpenOptions& options) {
  Input input;
  POISE_TRY(input.kind, kind_of(source));
  POISE_RETURN_IF_ERROR(open_demuxer(input, source, options, kDecoders));
  // A camera's header says all, and looking further would be waiting at full speed.
  if (input.kind != SourceKind::kCamera) POISE_RETURN_IF_ERROR(look(input, options.max_pixels));
  POISE_RETURN_IF_ERROR(choose_video(input, options.max_pixels));
  input.live = is_live(input);
  return input;
}

Result<Input> open_sound_input(const std::string& file) {
  Input input;
  POISE_RETURN_IF_ERROR(open_demuxer(input, file, {}, kSoundDecoders));
  POISE_RETURN_IF_ERROR(look(input, VideoOpenOptions().max_pixels));
  AVFormatContext* demuxer = input.demuxer.get();
  const int best = av_find_best_stream(demuxer, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (best < 0) return error_at(input, ErrorCode::kNotFound, "it has no sound");
  input.stream = demuxer->streams[best];
  for (unsigned i = 0; i < demuxer->nb_streams; ++i) {
    if (static_cast<int>(i) != best) demuxer->streams[i]->discard = AVDISCARD_ALL;
  }
  return input;
}

}  // namespace poise::av
