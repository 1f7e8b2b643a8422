#include "poise/media/ffmpeg/seek.h"

#include <algorithm>

namespace poise::av {
namespace {

constexpr double kReordered = 2;  // seconds by which a frame may be stored behind its turn
constexpr std::size_t kMostTimes = 20'000'000;

}  // namespace

std::optional<Passed> pass_over(Input& input, double start) {
  const AVRational unit = input.stream->time_base;
  const Packet packet = make_packet();
  Passed passed;
  std::int64_t first = INT64_MAX;
  while (!input.watch->stopped() && passed.times.size() < kMostTimes) {
    if (av_read_frame(input.demuxer.get(), packet.get()) < 0) return {};  // the range begins behind the end, or nearly
    const bool wanted =
        packet->stream_index == input.stream->index && (packet->flags & AV_PKT_FLAG_DISCARD) == 0;  // edited out
    const std::int64_t shown = packet->pts, stored = packet->dts;
    av_packet_unref(packet.get());
    if (!wanted) continue;
    if (shown == AV_NOPTS_VALUE || stored == AV_NOPTS_VALUE) return {};
    first = std::min(first, shown);
    passed.times.push_back(shown);
    if (seconds(stored, unit) - seconds(first, unit) > start + kReordered) break;
  }
  if (passed.times.empty()) return {};
  std::sort(passed.times.begin(), passed.times.end());
  passed.sought = passed.times.front() + static_cast<std::int64_t>(start / av_q2d(unit));
  const int code = avformat_seek_file(input.demuxer.get(), input.stream->index, INT64_MIN, passed.sought, passed.sought,
                                      AVSEEK_FLAG_BACKWARD);
  return code < 0 ? std::nullopt : std::optional(std::move(passed));
}

}  // namespace poise::av
