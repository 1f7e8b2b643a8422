#include "poise/media/ffmpeg/decoder.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "poise/base/counted.h"

namespace poise::av {
namespace {

// Decoders compare their limit with sides that are rounded up.
constexpr std::int64_t kRounding = 1 << 20;

/// An AVI file says its length in its first bytes.
bool shorter_than_its_header(AVFormatContext* demuxer) {
  if (std::strcmp(demuxer->iformat->name, "avi") != 0 || demuxer->pb == nullptr) return false;
  const std::int64_t size = avio_size(demuxer->pb), position = avio_tell(demuxer->pb);
  if (size < 0 || avio_seek(demuxer->pb, 4, SEEK_SET) < 0) return false;
  const std::int64_t claimed = avio_rl32(demuxer->pb);
  avio_seek(demuxer->pb, position, SEEK_SET);
  // A recorder that was killed left 0 or all ones there.
  return claimed != 0 && claimed != 0xFFFFFFFF && claimed + 8 > size + 1;
}

/// A fragment of an MP4 behind the last packet, of which the end is missing, has no packets to be missed.
bool ends_in_a_fragment(AVFormatContext* demuxer, std::int64_t behind_last_packet) {
  if (std::strstr(demuxer->iformat->name, "mp4") == nullptr || demuxer->pb == nullptr) return false;
  const std::int64_t size = avio_size(demuxer->pb);
  if (behind_last_packet <= 0 || behind_last_packet + 8 > size) return false;
  if (avio_seek(demuxer->pb, behind_last_packet, SEEK_SET) < 0) return false;
  const std::int64_t length = avio_rb32(demuxer->pb);
  return avio_rl32(demuxer->pb) == MKTAG('m', 'o', 'o', 'f') && behind_last_packet + length > size;
}

}  // namespace

Decoder::Decoder(Input& input, Codec codec, std::uint64_t max_pixels)
    : input_(&input), codec_(std::move(codec)), packet_(make_packet()), frame_(make_frame()), max_pixels_(max_pixels) {
  expect();
}

Result<Decoder> Decoder::open(Input& input, const VideoOpenOptions& options) {
  Codec codec(avcodec_alloc_context3(input.decoder));
  if (!codec) return error_at(input, ErrorCode::kIo, "out of memory");
  int code = avcodec_parameters_to_context(codec.get(), input.stream->codecpar);
  codec->pkt_timebase = input.stream->time_base;
  codec->max_pixels = static_cast<std::int64_t>(std::min<std::uint64_t>(options.max_pixels, INT32_MAX)) + kRounding;
  codec->thread_count = options.threads;
  // Frame threads hold frames back, which a live picture cannot afford.
  codec->thread_type = input.live ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
  if (code >= 0) code = avcodec_open2(codec.get(), input.decoder, nullptr);
  if (code < 0) return error_at(input, ErrorCode::kUnsupported, "its video cannot be decoded: " + words(code));
  return Decoder(input, std::move(codec), options.max_pixels);
}

void Decoder::count_damage(const std::string& what) {
  if (damaged_++ == 0) first_damage_ = what;
}

/// What the file says about its length, to know later that it ended early. Asked again at the end: fragments of an MP4
/// each say their own.
void Decoder::expect() {
  if (input_->kind != SourceKind::kFile) return;
  AVFormatContext* demuxer = input_->demuxer.get();
  early_end_ = early_end_ || shorter_than_its_header(demuxer);
  // Only there does the index list all the packets that will come, edits applied.
  if (std::strstr(demuxer->iformat->name, "mp4") != nullptr) {
    expected_ = std::max<std::int64_t>(expected_, avformat_index_get_entries_count(input_->stream));
  }
}

Result<const AVFrame*> Decoder::next() {
  while (true) {
    if (input_->watch->stopped()) return nullptr;
    const int code = avcodec_receive_frame(codec_.get(), frame_.get());
    if (code == 0) {
      if (static_cast<std::uint64_t>(frame_->width) * static_cast<std::uint64_t>(frame_->height) > max_pixels_) {
        return error_at(*input_, ErrorCode::kTooLarge,
                        "its frames become " + std::to_string(frame_->width) + "x" + std::to_string(frame_->height) +
                            ", more than the limit of " + std::to_string(max_pixels_) + " pixels");
      }
      if ((frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame_->decode_error_flags != 0) {
        count_damage("a frame is not whole");
      }
      return frame_.get();
    }
    const bool lost = code != AVERROR_EOF && code != AVERROR(EAGAIN);
    if (lost) count_damage(words(code));  // this frame is; the next may be good
    if (code == AVERROR_EOF || (lost && draining_)) {
      if (failure_) return *failure_;
      return nullptr;
    }
    POISE_TRY(const bool fed, feed());
    if (!fed) return nullptr;
  }
}

/// Hands the next packet to the decoder; false where it was stopped.
Result<bool> Decoder::feed() {
  AVFormatContext* demuxer = input_->demuxer.get();
  input_->watch->rearm();
  while (true) {
    const int code = av_read_frame(demuxer, packet_.get());
    if (input_->watch->stopped()) {
      av_packet_unref(packet_.get());
      return false;
    }
    if (code == AVERROR(EAGAIN) && !input_->watch->late()) {  // a camera between two frames
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      continue;
    }
    if (code < 0) {
      // Of what comes by HTTP without a length, FFmpeg calls any end premature.
      const bool end = code == AVERROR_EOF || (input_->live && logged("should be 18446744073709551615"));
      if (!end && input_->kind != SourceKind::kFile) failure_ = read_error(*input_, code);  // after the last frames
      if (!end) count_damage(words(code));
      if (input_->kind == SourceKind::kFile) {
        early_end_ = early_end_ || logged_early_end() || ends_in_a_fragment(demuxer, behind_last_packet_);
        expect();
      }
      draining_ = true;
      avcodec_send_packet(codec_.get(), nullptr);
      return true;
    }
    if (packet_->pos >= 0) behind_last_packet_ = packet_->pos + packet_->size;
    const bool wanted = packet_->stream_index == input_->stream->index;
    if (wanted) {
      ++packets_;
      if ((packet_->flags & AV_PKT_FLAG_CORRUPT) != 0) count_damage("something is missing before a frame");
      const int sent = avcodec_send_packet(codec_.get(), packet_.get());
      if (sent < 0 && sent != AVERROR(EAGAIN)) count_damage(words(sent));
    }
    av_packet_unref(packet_.get());
    if (wanted) return true;
  }
}

void Decoder::seeked(std::int64_t time) {
  avcodec_flush_buffers(codec_.get());
  if (expected_ > 0) packets_ = std::max(av_index_search_timestamp(input_->stream, time, AVSEEK_FLAG_BACKWARD), 0);
}

std::string Decoder::damage() const {
  if (input_->live) return "";
  if (early_end_ || packets_ < expected_) {
    return "the file ends early" + (packets_ < expected_ ? ": " + std::to_string(packets_) + " of its " +
                                                               counted(expected_, "frame is", "frames are") + " there"
                                                         : std::string());
  }
  if (damaged_ == 0) return "";
  return "the file is damaged in " + counted(damaged_, "place") + (first_damage_.empty() ? "" : ": " + first_damage_);
}

}  // namespace poise::av
