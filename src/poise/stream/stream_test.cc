#include "poise/stream/stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

#include "poise/media/live_source.h"
#include "poise/models/shipped.h"
#include "poise/track/lucas_kanade.h"

namespace poise {
namespace {

/// Grey frames, with an error or the end after so many.
class Frames : public VideoSource {
 public:
  Frames(int count, bool fails) : count_(count), fails_(fails) { info_.frames_per_second = 30; }
  const VideoInfo& info() const override { return info_; }
  Result<std::optional<VideoFrame>> next() override {
    if (given_ == count_) {
      if (fails_) return malformed("the rest is missing");
      return std::optional<VideoFrame>();
    }
    VideoFrame frame;
    frame.image = Image(96, 128);
    std::fill_n(frame.image.data(), 96 * 128 * 3, static_cast<std::uint8_t>(40 + given_));
    frame.index = given_;
    frame.seconds = given_ / 30.0;
    ++given_;
    return std::optional<VideoFrame>(std::move(frame));
  }
  int given() const { return given_; }

 private:
  VideoInfo info_;
  int count_;
  std::atomic<int> given_ = 0;
  bool fails_;
};

/// Gives each frame when the test lets it, and says when it is asked for the one after. Interrupted, it ends, or fails
/// as a pipe whose writer was stopped in the middle of a frame.
class Gated : public VideoSource {
 public:
  struct Gate {
    std::counting_semaphore<> allowed{0}, asked{0};
    /// Lets so many frames through; the source has got rid of them when this returns.
    void let(int count) {
      for (int i = 0; i < count; ++i) {
        allowed.release();
        asked.acquire();
      }
    }
  };
  Gated(Gate& gate, int count, bool fails_when_interrupted = false)
      : inner_(count, false), gate_(gate), fails_(fails_when_interrupted) {}
  const VideoInfo& info() const override { return inner_.info(); }
  Result<std::optional<VideoFrame>> next() override {
    gate_.asked.release();
    gate_.allowed.acquire();
    if (interrupted_ && fails_) return malformed("the rest is missing");
    if (interrupted_) return std::optional<VideoFrame>();
    return inner_.next();
  }
  void interrupt() override {
    interrupted_ = true;
    gate_.allowed.release();
  }

 private:
  Frames inner_;
  Gate& gate_;
  bool fails_;
  std::atomic<bool> interrupted_ = false;
};

PoseFinder whole_pictures(int threads) {
  PoseFinderOptions options;
  options.whole_picture = true;
  options.estimate.run.threads = threads;
  return PoseFinder::open(options).value();
}

TEST(Stream, FramesAreTakenInOrderWhateverTheThreads) {
  for (const int threads : {1, 2, 3}) {
    PoseFinder finder = whole_pictures(threads);
    Tracker tracker(finder.skeleton());
    LucasKanade flow;
    Frames source(25, false);
    std::vector<std::int64_t> indices;
    const StreamReport report =
        run_stream(source, {&finder, &tracker, &flow}, [&](TimedFrame& frame, Image& image) -> Status {
          EXPECT_EQ(image.data()[0], 40 + frame.index);
          indices.push_back(frame.index);
          return {};
        });
    EXPECT_FALSE(report.error);
    ASSERT_EQ(indices.size(), 25U);
    for (std::size_t i = 0; i < indices.size(); ++i) EXPECT_EQ(indices[i], static_cast<std::int64_t>(i));
    EXPECT_EQ(report.threads, threads);
    EXPECT_EQ(report.frames, 25);
  }
}

TEST(Stream, PosesDoNotDependOnTheThreads) {
  std::vector<std::vector<Point>> found;
  for (const int threads : {1, 3}) {
    PoseFinder finder = whole_pictures(threads);
    Frames source(6, false);
    std::vector<Point> points;
    run_stream(source, {&finder}, [&](TimedFrame& frame, Image&) -> Status {
      for (const Pose& pose : frame.result.poses) {
        for (const Keypoint& joint : pose.keypoints) points.push_back(joint.point);
      }
      return {};
    });
    found.push_back(points);
  }
  EXPECT_FALSE(found[0].empty());
  EXPECT_EQ(found[0], found[1]);
}

TEST(Stream, AFaultOfTheSourceEndsItAfterTheFramesBefore) {
  PoseFinder finder = whole_pictures(2);
  Frames source(7, true);
  int taken = 0;
  const StreamReport report = run_stream(source, {&finder}, [&](TimedFrame&, Image&) -> Status {
    ++taken;
    return {};
  });
  EXPECT_EQ(taken, 7);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->message, "the rest is missing");
}

TEST(Stream, AFaultOfTheTakerEndsItAtOnceAndStopIsAsked) {
  PoseFinder finder = whole_pictures(2);
  Frames source(1000, false);
  int taken = 0;
  const StreamReport report = run_stream(source, {&finder}, [&](TimedFrame&, Image&) -> Status {
    if (++taken == 3) return io_error("the disk is full");
    return {};
  });
  EXPECT_EQ(taken, 3);
  EXPECT_EQ(report.frames, 2);
  EXPECT_EQ(report.error->message, "the disk is full");
  EXPECT_LT(source.given(), 20) << "no more than a few frames are held";

  Frames other(1000, false);
  StreamOptions options;
  options.stop = [&] { return other.given() >= 10; };
  EXPECT_EQ(run_stream(
                other, {&finder}, [](TimedFrame&, Image&) -> Status { return {}; }, options)
                .frames,
            10);
}

TEST(Stream, StopInterruptsASourceThatWaits) {
  PoseFinder finder = whole_pictures(1);
  for (const bool fails : {false, true}) {
    Gated::Gate gate;
    Gated source(gate, 100, fails);
    gate.allowed.release(3);  // a fourth never comes
    std::atomic<int> taken = 0;
    StreamOptions options;
    options.stop = [&] { return taken == 3; };
    const StreamReport report = run_stream(
        source, {&finder},
        [&](TimedFrame&, Image&) -> Status {
          ++taken;
          return {};
        },
        options);
    EXPECT_EQ(report.frames, 3);
    EXPECT_FALSE(report.error) << "what a source says when it is stopped is no fault";
  }
}

TEST(Stream, LiveFramesAreDroppedAndNeverWait) {
  PoseFinder finder = whole_pictures(1);
  Gated::Gate gate;
  LiveSource live(std::make_unique<Gated>(gate, 24));
  gate.asked.acquire();
  gate.let(1);
  // How many frames come while one is worked on: whatever it is, the next one to be worked on is the newest.
  const std::vector<int> meanwhile{3, 1, 12, 1, 6};
  std::int64_t newest = 0;
  std::size_t taken = 0;
  StreamOptions options;
  options.live = true;
  const StreamReport report = run_stream(
      live, {&finder},
      [&](TimedFrame& frame, Image& image) -> Status {
        EXPECT_EQ(frame.index, newest);
        EXPECT_EQ(image.data()[0], 40 + newest);
        if (taken < meanwhile.size()) {
          gate.let(meanwhile[taken]);
          newest += meanwhile[taken];
        } else {
          gate.allowed.release();  // the end
        }
        ++taken;
        return {};
      },
      options);
  EXPECT_FALSE(report.error);
  EXPECT_EQ(report.frames, 6);
  EXPECT_EQ(report.last_index, 23);
  EXPECT_EQ(live.dropped(), 18);
}

}  // namespace
}  // namespace poise
