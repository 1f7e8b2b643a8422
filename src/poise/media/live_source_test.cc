#include "poise/media/live_source.h"

#include <gtest/gtest.h>

#include <semaphore>

#include "poise/media/test_frames.h"

namespace poise {
namespace {

using namespace testing_frames;

/// Gives a frame for each that the test lets through, and says when it asks for the one after.
class GatedSource : public VideoSource {
 public:
  struct Gate {
    std::counting_semaphore<> allowed{0}, asked{0};
    std::atomic<bool> interrupted = false;
  };
  GatedSource(std::int64_t count, Gate& gate, std::string error = "")
      : inner_(count, 10, std::move(error)), gate_(gate) {}
  const VideoInfo& info() const override { return inner_.info(); }
  Result<std::optional<VideoFrame>> next() override {
    gate_.asked.release();
    gate_.allowed.acquire();
    if (gate_.interrupted) return std::optional<VideoFrame>{};
    return inner_.next();
  }
  void interrupt() override {
    gate_.interrupted = true;
    gate_.allowed.release();
  }

 private:
  CountedSource inner_;
  Gate& gate_;
};

/// Lets `count` frames through and waits until all are read and kept.
void let(GatedSource::Gate& gate, int count) {
  for (int i = 0; i < count; ++i) {
    gate.allowed.release();
    gate.asked.acquire();
  }
}

TEST(LiveSource, TheNewestFrameWinsAndTheOthersAreCounted) {
  GatedSource::Gate gate;
  LiveSource live(std::make_unique<GatedSource>(100, gate));
  EXPECT_TRUE(live.info().live);
  EXPECT_FALSE(live.info().frames);
  gate.asked.acquire();
  let(gate, 1);
  EXPECT_EQ(live.next().value()->index, 0);
  EXPECT_EQ(live.dropped(), 0);
  let(gate, 4);
  const auto frame = live.next().value();
  EXPECT_EQ(frame->index, 4);
  EXPECT_DOUBLE_EQ(frame->seconds, .4);
  EXPECT_EQ(live.dropped(), 3);
  EXPECT_LE(live.arrived(), std::chrono::steady_clock::now());
}

TEST(LiveSource, TimesCountFromTheFirstFrameThatIsGiven) {
  GatedSource::Gate gate;
  LiveSource live(std::make_unique<GatedSource>(100, gate));
  gate.asked.acquire();
  let(gate, 30);  // while a network is loaded, say
  const auto first = live.next().value();
  EXPECT_EQ(first->index, 29);
  EXPECT_DOUBLE_EQ(first->seconds, 0);
  let(gate, 2);
  EXPECT_NEAR(live.next().value()->seconds, .2, 1e-9);
}

TEST(LiveSource, WaitsForAFrame) {
  GatedSource::Gate gate;
  LiveSource live(std::make_unique<GatedSource>(1, gate));
  std::thread other([&] { gate.allowed.release(2); });
  EXPECT_EQ(live.next().value()->index, 0);
  EXPECT_FALSE(live.next().value());  // the end
  other.join();
}

TEST(LiveSource, AnErrorComesAfterTheLastFrame) {
  GatedSource::Gate gate;
  LiveSource live(std::make_unique<GatedSource>(2, gate, "cable pulled"));
  gate.asked.acquire();
  let(gate, 2);
  gate.allowed.release();
  EXPECT_EQ(live.next().value()->index, 1);
  EXPECT_EQ(live.next().error().message, "cable pulled");
}

TEST(LiveSource, InterruptEndsAWait) {
  GatedSource::Gate gate;
  LiveSource live(std::make_unique<GatedSource>(2, gate));
  std::thread other([&] { live.interrupt(); });
  EXPECT_FALSE(live.next().value());
  other.join();
  EXPECT_TRUE(gate.interrupted);
}

TEST(LiveSource, IsOpenedAgainAndIndicesAndTimesGoOn) {
  GatedSource::Gate first, second;
  std::counting_semaphore<> opened(0);
  int calls = 0;
  LiveOptions options{.first_wait = 1e-4, .longest_wait = 1e-3, .attempts = 5};
  options.reopen = [&](const std::atomic<bool>&) -> Result<std::unique_ptr<VideoSource>> {
    if (++calls < 4) return io_error("no route");
    opened.release();
    return std::unique_ptr<VideoSource>(std::make_unique<GatedSource>(100, second));
  };
  LiveSource live(std::make_unique<GatedSource>(3, first, "cable pulled"), std::move(options));
  first.asked.acquire();
  let(first, 3);
  const auto before = live.next().value();
  EXPECT_EQ(before->index, 2);
  first.allowed.release();  // now it fails
  opened.acquire();
  second.asked.acquire();
  let(second, 2);
  const auto after = live.next().value();
  EXPECT_EQ(after->index, 4);
  EXPECT_GT(after->seconds, before->seconds);
  EXPECT_EQ(live.reconnections(), 1);
  EXPECT_EQ(live.dropped(), 3);
}

TEST(LiveSource, GivesUpAfterItsAttempts) {
  int calls = 0;
  LiveOptions options{.first_wait = 1e-4, .longest_wait = 1e-3, .attempts = 3};
  std::vector<std::string> lost;
  options.lost = [&](const Status& why) { lost.push_back(why.ok() ? "the end" : why.error().message); };
  options.reopen = [&](const std::atomic<bool>&) -> Result<std::unique_ptr<VideoSource>> {
    ++calls;
    if (calls == 2) return std::unique_ptr<VideoSource>(std::make_unique<CountedSource>(0, 10, "gone at once"));
    return io_error("no route");
  };
  LiveSource live(std::make_unique<CountedSource>(0, 10, "cable pulled"), std::move(options));
  EXPECT_EQ(live.next().error().message, "no route");
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(lost, (std::vector<std::string>{"cable pulled", "no route", "gone at once"}));
}

TEST(LiveSource, OpeningAgainIsInterruptedToo) {
  std::counting_semaphore<> opening(0);
  LiveOptions options{.first_wait = 1e-4, .attempts = 0};
  options.reopen = [&](const std::atomic<bool>& stop) -> Result<std::unique_ptr<VideoSource>> {
    opening.release();
    while (!stop) std::this_thread::yield();
    return io_error("stopped");
  };
  LiveSource live(std::make_unique<CountedSource>(0, 10), std::move(options));
  opening.acquire();
  live.interrupt();
  EXPECT_FALSE(live.next().value());
}

}  // namespace
}  // namespace poise
