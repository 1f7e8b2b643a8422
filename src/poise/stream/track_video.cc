#include "poise/stream/track_video.h"

#include "poise/card/model_card.h"
#include "poise/image/resize.h"
#include "poise/person/written_scores.h"
#include "poise/track/steadiness.h"

namespace poise {
namespace {

/// What is written, frame by frame and in order.
class Writing {
 public:
  Writing(const Skeleton& skeleton, const TrackSinks& sinks, const DrawOptions& draw)
      : skeleton_(skeleton), sinks_(sinks), draw_(draw) {}

  Status write(TimedFrame frame) {
    written_scores(frame.result.poses);
    for (SequenceSink* writer : sinks_.poses) POISE_RETURN_IF_ERROR(writer->add(frame));
    return {};
  }

  Status draw_frame(const TimedFrame& frame, Image& image) {
    if (!sinks_.video && !sinks_.show) return {};
    draw(image, frame.result.poses, skeleton_, draw_);
    if (sinks_.show) sinks_.show(image.view());
    if (!sinks_.video) return {};
    if (!video_) {
      size_ = image.size();
      POISE_TRY(video_, sinks_.video(size_));
    }
    if (image.size() == size_) return video_->add(image.view(), frame.seconds);
    const Image fitted = resize_linear(image.view(), size_);
    return video_->add(fitted.view(), frame.seconds);
  }

  /// Both kinds are finished, whatever becomes of the other.
  Status finish(std::string& summary) {
    Status status;
    for (SequenceSink* writer : sinks_.poses) {
      const Status one = writer->finish();
      if (status.ok()) status = one;
    }
    if (video_) {
      const Status one = video_->finish();
      if (status.ok()) status = one;
      if (one.ok()) summary = video_->summary();
    }
    return status;
  }

 private:
  const Skeleton& skeleton_;
  const TrackSinks& sinks_;
  const DrawOptions& draw_;
  std::unique_ptr<VideoSink> video_;
  Size size_;
};

SmoothingReport report_of(const Steadiness& steadiness) {
  return {steadiness.jitter_before(), steadiness.jitter_after(), steadiness.lag(), {}};
}

/// Frames are smoothed, if at all, and written as they come.
TrackReport track_online(VideoSource& source, const StreamParts& parts, const TrackSinks& sinks,
                         const TrackVideoOptions& options, Writing& writing) {
  std::optional<OneEuro> filter;
  if (const auto* one_euro = std::get_if<OneEuroOptions>(&options.smooth)) filter.emplace(*one_euro);
  Steadiness steadiness;
  TrackReport report;
  const auto take = [&](TimedFrame& frame, Image& image) -> Status {
    if (filter) {
      const std::vector<Pose> found = frame.result.poses;
      filter->smooth(frame.result.poses, frame.seconds);
      steadiness.add(found, frame.result.poses);
    }
    POISE_RETURN_IF_ERROR(writing.write(frame));
    POISE_RETURN_IF_ERROR(writing.draw_frame(frame, image));
    if (sinks.progress) sinks.progress(frame);
    return {};
  };
  report.stream = run_stream(source, parts, take, options.stream);
  if (filter) report.smoothing = report_of(steadiness);
  return report;
}

/// Draws the frames that were followed on the source's pictures, until `stop`.
Status draw_again(VideoSource& source, const std::vector<TimedFrame>& frames, const std::function<bool()>& stop,
                  Writing& writing) {
  for (const TimedFrame& frame : frames) {
    if (stop && stop()) return {};
    std::optional<VideoFrame> picture;
    do {
      POISE_TRY(picture, source.next());
    } while (picture && picture->index < frame.index);
    if (!picture) return {};  // it fails where it failed before, and that has been said
    if (picture->index == frame.index) POISE_RETURN_IF_ERROR(writing.draw_frame(frame, picture->image));
  }
  return {};
}

Status write_smoothed(const std::vector<TimedFrame>& frames, const TrackSinks& sinks, const TrackVideoOptions& options,
                      Writing& writing) {
  for (const TimedFrame& frame : frames) POISE_RETURN_IF_ERROR(writing.write(frame));
  if ((!sinks.video && !sinks.show) || frames.empty()) return {};
  // Who stopped the first round wants what was done; only a wish that comes later ends the second.
  const auto& stop = options.stream.stop;
  const bool stopped = stop && stop();
  POISE_TRY(const std::unique_ptr<VideoSource> source, options.open_again());
  return draw_again(*source, frames, stopped ? std::function<bool()>() : stop, writing);
}

TrackReport track_offline(VideoSource& source, const StreamParts& parts, const TrackSinks& sinks,
                          const TrackVideoOptions& options, Writing& writing) {
  TrackReport report;
  if ((sinks.video || sinks.show) && !options.open_again) {
    report.stream.error = invalid_argument(
        "smoothing without lag draws once all frames are known, and this source gives its frames but once: write no "
        "drawn video, or smooth online");
    return report;
  }
  std::vector<TimedFrame> frames;
  const auto take = [&](TimedFrame& frame, Image& /*image*/) -> Status {
    frames.push_back(frame);
    if (sinks.progress) sinks.progress(frame);
    return {};
  };
  report.stream = run_stream(source, parts, take, options.stream);
  const std::vector<TimedFrame> found = frames;
  const OfflineSmoothingReport smoothed = smooth_offline(frames, std::get<OfflineSmoothingOptions>(options.smooth));
  Steadiness steadiness;
  for (std::size_t i = 0; i < frames.size(); ++i) steadiness.add(found[i].result.poses, frames[i].result.poses);
  report.smoothing = report_of(steadiness);
  report.smoothing->offline = smoothed;
  const Status status = write_smoothed(frames, sinks, options, writing);
  if (!status.ok() && !report.stream.error) report.stream.error = status.error();
  return report;
}

}  // namespace

std::string name_of(const Smoothing& smooth) {
  if (std::holds_alternative<OneEuroOptions>(smooth)) return "one-euro";
  return std::holds_alternative<OfflineSmoothingOptions>(smooth) ? "offline" : "none";
}

Provenance provenance_of(const StreamParts& parts, const TrackVideoOptions& options, std::string model) {
  Provenance provenance = provenance_of(*parts.finder, std::move(model));
  if (parts.tracker == nullptr) return provenance;
  provenance.settings = overlay(to_json(parts.tracker->options()), provenance.settings);
  provenance.settings.set("flow", parts.flow != nullptr ? parts.flow->name() : "none");
  provenance.settings.set("smooth", name_of(options.smooth));
  provenance.settings.set("detect_every", options.stream.detect_every);
  return provenance;
}

TrackReport track_video(VideoSource& source, const StreamParts& parts, const TrackSinks& sinks,
                        const TrackVideoOptions& options) {
  Writing writing(parts.finder->skeleton(), sinks, options.draw);
  const bool offline = std::holds_alternative<OfflineSmoothingOptions>(options.smooth);
  TrackReport report = offline ? track_offline(source, parts, sinks, options, writing)
                               : track_online(source, parts, sinks, options, writing);
  const Status status = writing.finish(report.video);
  if (!status.ok() && !report.stream.error) report.stream.error = status.error();
  report.ids = parts.tracker == nullptr ? 0 : parts.tracker->ids();
  return report;
}

}  // namespace poise
