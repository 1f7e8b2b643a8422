#include "poise/stream/track_video.h"

#include "poise/card/model_card.h"
#include "poise/image/resize.h"
#include "poise/person/written_scores.h"

namespace poise {
namespace {

/// What happens with each frame, in order.
class FrameTaker {
 public:
  FrameTaker(const Skeleton& skeleton, const TrackSinks& sinks, const TrackVideoOptions& options)
      : skeleton_(skeleton), sinks_(sinks), options_(options) {
    if (options.smooth) smooth_.emplace(*options.smooth);
  }

  Status operator()(TimedFrame& frame, Image& image) {
    if (smooth_) smooth_->smooth(frame.result.poses, frame.seconds);
    if (sinks_.video) POISE_RETURN_IF_ERROR(draw_frame(frame, image));
    written_scores(frame.result.poses);
    for (SequenceWriter* writer : sinks_.poses) POISE_RETURN_IF_ERROR(writer->add(frame));
    if (sinks_.progress) sinks_.progress(frame);
    return {};
  }

  /// Both kinds are finished, whatever becomes of the other.
  Status finish(std::string& summary) {
    Status status;
    for (SequenceWriter* writer : sinks_.poses) {
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
  Status draw_frame(const TimedFrame& frame, Image& image) {
    draw(image, frame.result.poses, skeleton_, options_.draw);
    if (!video_) {
      size_ = image.size();
      POISE_TRY(video_, sinks_.video(size_));
    }
    if (image.size() == size_) return video_->add(image.view(), frame.seconds);
    const Image fitted = resize_linear(image.view(), size_);
    return video_->add(fitted.view(), frame.seconds);
  }

  const Skeleton& skeleton_;
  const TrackSinks& sinks_;
  const TrackVideoOptions& options_;
  std::optional<OneEuro> smooth_;
  std::unique_ptr<VideoSink> video_;
  Size size_;
};

}  // namespace

Provenance provenance_of(const StreamParts& parts, const TrackVideoOptions& options, std::string model) {
  Provenance provenance = provenance_of(*parts.finder, std::move(model));
  provenance.settings = overlay(to_json(parts.tracker->options()), provenance.settings);
  provenance.settings.set("flow", parts.flow != nullptr ? parts.flow->name() : "none");
  provenance.settings.set("smooth", options.smooth ? "one-euro" : "none");
  provenance.settings.set("detect_every", options.stream.detect_every);
  return provenance;
}

TrackReport track_video(VideoSource& source, const StreamParts& parts, const TrackSinks& sinks,
                        const TrackVideoOptions& options) {
  TrackReport report;
  FrameTaker taker(parts.finder->skeleton(), sinks, options);
  report.stream = run_stream(
      source, parts, [&](TimedFrame& frame, Image& image) { return taker(frame, image); }, options.stream);
  const Status status = taker.finish(report.video);
  if (!status.ok() && !report.stream.error) report.stream.error = status.error();
  report.ids = parts.tracker->ids();
  return report;
}

}  // namespace poise
