#include "poise/media/paced_source.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace poise {
namespace {

class PacedSource : public VideoSource {
 public:
  explicit PacedSource(std::unique_ptr<VideoSource> source) : source_(std::move(source)) {}

  const VideoInfo& info() const override { return source_->info(); }

  Result<std::optional<VideoFrame>> next() override {
    POISE_TRY(auto frame, source_->next());
    if (!frame) return frame;
    if (!begin_) {
      begin_ = Clock::now();
      first_seconds_ = frame->seconds;
    }
    const std::chrono::duration<double> behind_first(frame->seconds - first_seconds_);
    std::unique_lock lock(mutex_);
    const auto due = *begin_ + std::chrono::duration_cast<Clock::duration>(behind_first);
    if (wake_.wait_until(lock, due, [&] { return interrupted_; })) return std::optional<VideoFrame>{};
    return frame;
  }

  void interrupt() override {
    {
      const std::scoped_lock lock(mutex_);
      interrupted_ = true;
    }
    wake_.notify_all();
    source_->interrupt();
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::unique_ptr<VideoSource> source_;
  std::optional<Clock::time_point> begin_;
  double first_seconds_ = 0;
  std::mutex mutex_;  // of the two below
  std::condition_variable wake_;
  bool interrupted_ = false;
};

}  // namespace

std::unique_ptr<VideoSource> at_its_pace(std::unique_ptr<VideoSource> source) {
  return std::make_unique<PacedSource>(std::move(source));
}

}  // namespace poise
