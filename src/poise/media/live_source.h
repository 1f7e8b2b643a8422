#pragma once
// Newest frame wins: a source that does not wait is read by a thread of its own, and who is slow misses frames instead
// of falling behind.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "poise/media/video.h"

namespace poise {

/// Opens the source again; it should give up soon once `stop` is true.
using ReopenSource = std::function<Result<std::unique_ptr<VideoSource>>(const std::atomic<bool>& stop)>;

struct LiveOptions {
  ReopenSource reopen = nullptr;  // where given, a source that ends or fails is opened again
  double first_wait = 0.5;        // seconds before it is; doubled after each failure
  double longest_wait = 8;        // seconds
  int attempts = 20;              // failures in a row, then next() returns the last; 0: for ever
  // Called by the thread that reads, where the source is to be opened again: what went wrong; ok() where it ended.
  std::function<void(const Status& why)> lost = nullptr;
};

/// next() gives the newest frame that was not given yet, and waits where there is none. Indices count all frames of the
/// source, across reconnections too; times count from the first frame that is given, and go on by the clock. next() and
/// info() from one thread; the rest from any.
class LiveSource : public VideoSource {
 public:
  explicit LiveSource(std::unique_ptr<VideoSource> source, LiveOptions options = {});
  /// Interrupts, and waits for the source to let go.
  ~LiveSource() override;
  LiveSource(const LiveSource&) = delete;
  LiveSource& operator=(const LiveSource&) = delete;

  /// That of the first connection, with live true.
  const VideoInfo& info() const override { return info_; }
  /// Errors: those of the source, or of opening it again, once the attempts are used up.
  Result<std::optional<VideoFrame>> next() override;
  void interrupt() override;

  /// Frames that were read and will never be given.
  std::int64_t dropped() const;
  /// How often the source was opened again.
  std::int64_t reconnections() const;
  /// When the frame that next() gave last was read: now minus this is the lag of who works on it.
  std::chrono::steady_clock::time_point arrived() const;

 private:
  using Clock = std::chrono::steady_clock;

  void read();
  Status read_one_connection();
  bool reconnect(Status& last);
  bool wait(double seconds);
  void keep(VideoFrame frame);

  VideoInfo info_;
  LiveOptions options_;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::shared_ptr<VideoSource> source_;
  std::optional<VideoFrame> newest_;
  Clock::time_point newest_arrived_, given_arrived_;
  std::optional<Clock::time_point> first_arrived_;
  Status failure_;
  bool ended_ = false;
  std::int64_t dropped_ = 0, reconnections_ = 0;
  std::int64_t first_index_ = 0, next_index_ = 0;  // of this connection, in all
  double first_seconds_ = 0, last_seconds_ = 0;
  std::optional<double> origin_;  // the time of the first that was given
  bool new_connection_ = false;
  int failures_ = 0;  // in a row
  std::thread thread_;
};

}  // namespace poise
