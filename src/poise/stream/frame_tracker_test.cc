#include "poise/stream/frame_tracker.h"

#include <gtest/gtest.h>

#include <limits>

#include "poise/image/codec.h"
#include "poise/stream/stream.h"
#include "poise/track/lucas_kanade.h"

namespace poise {
namespace {

/// A photograph's person who walks to the right, six pixels a frame.
class Walk : public VideoSource {
 public:
  explicit Walk(int frames) : frames_(frames), photo_(read_image(POISE_SOURCE_DIR "/docs/images/figure.jpg").value()) {}
  const VideoInfo& info() const override { return info_; }
  Result<std::optional<VideoFrame>> next() override {
    if (given_ == frames_) return std::optional<VideoFrame>();
    VideoFrame frame;
    frame.image = Image(photo_.width() + 6 * frames_, photo_.height());
    for (int y = 0; y < photo_.height(); ++y) {
      std::copy_n(photo_.row(y), photo_.width() * 3, frame.image.row(y) + 18 * given_);
    }
    frame.index = given_;
    frame.seconds = given_++ / 25.0;
    return std::optional<VideoFrame>(std::move(frame));
  }

 private:
  int frames_, given_ = 0;
  Image photo_;
  VideoInfo info_;
};

PoseFinder one_thread(bool whole_picture = false) {
  PoseFinderOptions options;
  options.whole_picture = whole_picture;
  options.estimate.run.threads = options.detect.run.threads = 1;
  return PoseFinder::open(options).value();
}

TEST(FrameTracker, SaysWhatTheStreamSays) {
  PoseFinder finder = one_thread();
  for (const int every : {1, 3}) {
    std::vector<FrameResult> streamed;
    Walk source(7);
    Tracker tracker(finder.skeleton());
    LucasKanade flow;
    const auto take = [&](TimedFrame& frame, Image&) -> Status {
      streamed.push_back(frame.result);
      return {};
    };
    run_stream(source, {&finder, &tracker, &flow}, take, {.detect_every = every});

    Walk again(7);
    FrameTracker frames(finder.skeleton(), {.smooth = {}, .detect_every = every});
    for (const FrameResult& wanted : streamed) {
      const VideoFrame frame = *again.next().value();
      const FrameResult found = frames.next(finder, frame.image.view(), frame.seconds).value();
      ASSERT_EQ(found.poses.size(), wanted.poses.size());
      for (std::size_t i = 0; i < wanted.poses.size(); ++i) {
        EXPECT_EQ(found.poses[i].track_id, wanted.poses[i].track_id);
        EXPECT_EQ(found.poses[i].box, wanted.poses[i].box);
        EXPECT_EQ(found.poses[i].keypoints[0].point, wanted.poses[i].keypoints[0].point);
      }
      EXPECT_EQ(found.box_source, wanted.box_source);
    }
    ASSERT_EQ(streamed.size(), 7U);
    ASSERT_FALSE(streamed.back().poses.empty());
    EXPECT_EQ(streamed.back().poses[0].track_id, streamed.front().poses[0].track_id);
  }
}

TEST(FrameTracker, RefusesWhatIsNoFrameOfItsVideo) {
  PoseFinder finder = one_thread(true);
  FrameTracker tracker(finder.skeleton());
  const Image image(64, 64);
  EXPECT_EQ(tracker.next(finder, ImageView{}, 0).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(tracker.next(finder, image.view(), 1).ok());
  EXPECT_EQ(tracker.next(finder, image.view(), 0.5).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(tracker.next(finder, image.view(), std::numeric_limits<double>::quiet_NaN()).ok());
  EXPECT_TRUE(tracker.next(finder, image.view(), 1).ok()) << "what was refused leaves no trace";
  FrameTracker other(find_skeleton("mpii16").value());
  EXPECT_EQ(other.next(finder, image.view(), 0).error().message,
            "the tracker is of skeleton mpii16, the finder's poses are of coco17");
}

}  // namespace
}  // namespace poise
