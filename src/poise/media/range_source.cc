#include "poise/media/range_source.h"

#include <algorithm>
#include <cmath>

namespace poise {
namespace {

constexpr double kEpsilon = 1e-6;  // times are rounded to their unit in the file

class RangeSource : public VideoSource {
 public:
  RangeSource(std::unique_ptr<VideoSource> source, const VideoRange& range)
      : source_(std::move(source)), range_(range), info_(info_in_range(source_->info(), range)) {}

  const VideoInfo& info() const override { return info_; }

  Result<std::optional<VideoFrame>> next() override {
    while (!ended_) {
      POISE_TRY(auto frame, source_->next());
      if (!frame) break;
      if (frame->seconds < range_.start - kEpsilon) continue;
      if (range_.duration && frame->seconds >= range_.start + *range_.duration - kEpsilon) break;
      if (within_++ % range_.every == 0) return frame;
    }
    ended_ = true;
    return std::optional<VideoFrame>{};
  }

  void interrupt() override { source_->interrupt(); }

 private:
  std::unique_ptr<VideoSource> source_;
  VideoRange range_;
  VideoInfo info_;
  std::int64_t within_ = 0;
  bool ended_ = false;
};

}  // namespace

Status check_range(const VideoRange& range) {
  if (!std::isfinite(range.start) || range.start < 0)
    return invalid_argument("the start of a range must be 0 or above");
  if (range.duration && !(*range.duration > 0)) return invalid_argument("the duration of a range must be above 0");
  if (range.every < 1) return invalid_argument("one frame of how many: 1 or above");
  return {};
}

VideoInfo info_in_range(VideoInfo info, const VideoRange& range) {
  if (info.frames) {
    double left = static_cast<double>(*info.frames) - range.start * info.frames_per_second;
    if (range.duration) left = std::min(left, *range.duration * info.frames_per_second);
    info.frames = std::llround(std::max(std::ceil(left / range.every), 0.0));
  }
  info.frames_per_second /= range.every;
  return info;
}

Result<std::unique_ptr<VideoSource>> with_range(std::unique_ptr<VideoSource> source, const VideoRange& range) {
  POISE_RETURN_IF_ERROR(check_range(range));
  return std::unique_ptr<VideoSource>(std::make_unique<RangeSource>(std::move(source), range));
}

}  // namespace poise
