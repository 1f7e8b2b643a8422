#include "poise/media/live_source.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace poise {

LiveSource::LiveSource(std::unique_ptr<VideoSource> source, LiveOptions options)
    : info_(source->info()), options_(std::move(options)), source_(std::move(source)) {
  info_.live = true;
  info_.frames.reset();
  thread_ = std::thread([this] { read(); });
}

LiveSource::~LiveSource() {
  interrupt();
  thread_.join();
}

Result<std::optional<VideoFrame>> LiveSource::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return newest_ || ended_ || stop_; });
  if (newest_ && !stop_) {
    given_arrived_ = newest_arrived_;
    if (!origin_) origin_ = newest_->seconds;  // what came before anybody asked is of no interest
    newest_->seconds -= *origin_;
    return std::exchange(newest_, std::nullopt);
  }
  if (!stop_ && !failure_.ok()) return failure_.error();
  return std::optional<VideoFrame>{};
}

void LiveSource::interrupt() {
  std::shared_ptr<VideoSource> source;
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
    source = source_;
  }
  changed_.notify_all();
  if (source) source->interrupt();
}

std::int64_t LiveSource::dropped() const {
  const std::scoped_lock lock(mutex_);
  return dropped_;
}

std::int64_t LiveSource::reconnections() const {
  const std::scoped_lock lock(mutex_);
  return reconnections_;
}

std::chrono::steady_clock::time_point LiveSource::arrived() const {
  const std::scoped_lock lock(mutex_);
  return given_arrived_;
}

void LiveSource::read() {
  Status last = read_one_connection();
  while (options_.reopen && !stop_ && reconnect(last)) last = read_one_connection();
  const std::scoped_lock lock(mutex_);
  source_.reset();
  failure_ = last;
  ended_ = true;
  changed_.notify_all();
}

/// Until it ends, fails or is stopped.
Status LiveSource::read_one_connection() {
  std::shared_ptr<VideoSource> source;
  {
    const std::scoped_lock lock(mutex_);
    source = source_;
  }
  while (!stop_) {
    auto frame = source->next();
    if (!frame.ok()) return frame.error();
    if (!*frame) break;
    keep(std::move(**frame));
  }
  return {};
}

/// False where the attempts are used up or it was stopped; `last` is then what went wrong.
bool LiveSource::reconnect(Status& last) {
  {
    const std::scoped_lock lock(mutex_);
    source_.reset();  // a camera can be opened once
  }
  while (options_.attempts == 0 || failures_ < options_.attempts) {
    const double seconds = options_.first_wait * std::exp2(std::min(failures_++, 30));
    if (options_.lost) options_.lost(last);
    if (!wait(std::min(seconds, options_.longest_wait))) return false;
    auto opened = options_.reopen(stop_);
    if (!opened.ok()) {
      last = opened.error();
      continue;
    }
    const std::scoped_lock lock(mutex_);
    if (stop_) return false;
    source_ = std::move(*opened);
    ++reconnections_;
    new_connection_ = true;
    return true;
  }
  return false;
}

/// False where it was stopped meanwhile.
bool LiveSource::wait(double seconds) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return stop_.load(); });
}

void LiveSource::keep(VideoFrame frame) {
  const Clock::time_point now = Clock::now();
  {
    const std::scoped_lock lock(mutex_);
    failures_ = 0;  // a connection counts once it gave a frame
    if (!first_arrived_) first_arrived_ = now;
    if (new_connection_) {
      new_connection_ = false;
      const double clock = std::chrono::duration<double>(now - *first_arrived_).count();
      first_index_ = next_index_ - frame.index;
      first_seconds_ = std::max(clock, last_seconds_ + 1e-3) - frame.seconds;
    }
    frame.index += first_index_;
    frame.seconds += first_seconds_;
    next_index_ = frame.index + 1;
    last_seconds_ = frame.seconds;
    if (newest_) ++dropped_;
    newest_ = std::move(frame);
    newest_arrived_ = now;
  }
  changed_.notify_all();
}

}  // namespace poise
