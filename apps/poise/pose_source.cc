#include "pose_source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "console.h"
#include "poise/formats/pose_frames.h"
#include "standard_streams.h"

namespace poise::app {
namespace {

constexpr std::chrono::milliseconds kLook{50};  // how often Ctrl-C is looked for

class Recording final : public PoseSource {
 public:
  Recording(PoseFrames video, bool at_its_pace) : video_(std::move(video)), at_its_pace_(at_its_pace) {}
  const Skeleton& skeleton() const override { return video_.skeleton; }

  Result<std::optional<TimedFrame>> next() override {
    if (given_ == video_.frames.size() || interrupted()) return std::optional<TimedFrame>();
    TimedFrame& frame = video_.frames[given_++];
    if (at_its_pace_ && !wait_for(frame.seconds - video_.frames.front().seconds)) return std::optional<TimedFrame>();
    return std::optional(std::move(frame));
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool wait_for(double seconds) {
    if (!begin_) begin_ = Clock::now();
    constexpr double kLongest = 1e6;  // seconds
    const auto due = *begin_ + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(std::clamp(seconds, 0.0, kLongest)));
    while (Clock::now() < due && !interrupted()) {
      std::this_thread::sleep_for(std::min<Clock::duration>(kLook, due - Clock::now()));
    }
    return !interrupted();
  }
  PoseFrames video_;
  bool at_its_pace_;
  std::size_t given_ = 0;
  std::optional<Clock::time_point> begin_;
};

/// Lines of standard input.
class Lines final : public PoseSource {
 public:
  const Skeleton& skeleton() const override { return *lines_.skeleton(); }

  Status begin() {
    while (!lines_.skeleton()) {
      POISE_TRY(const bool there, take_line());
      if (!there) return malformed("standard input ended before a first line with the skeleton of its poses");
      const auto first = lines_.take(line_);
      if (!first.ok()) return first.error().prefixed(kStandardInput);
    }
    return {};
  }

  Result<std::optional<TimedFrame>> next() override {
    while (true) {
      POISE_TRY(const bool there, take_line());
      if (!there) return std::optional<TimedFrame>();
      auto frame = lines_.take(line_);
      if (!frame.ok()) return frame.error().prefixed(kStandardInput);
      if (*frame) return frame;
    }
  }

 private:
  /// False at the end.
  Result<bool> take_line() {
    constexpr std::size_t kLongest = 16U << 20U;
    std::size_t looked_at = 0;
    while (true) {
      const std::size_t end = buffer_.find('\n', looked_at);
      if (end != std::string::npos) {
        line_ = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return true;
      }
      looked_at = buffer_.size();
      if (looked_at > kLongest) return too_large("standard input has a line of over 16 MiB");
      POISE_TRY(const bool more, read_more());
      if (more) continue;
      line_ = std::exchange(buffer_, {});
      return !line_.empty() && !interrupted();
    }
  }

  Result<bool> read_more() {
    pollfd wait{STDIN_FILENO, POLLIN, 0};
    while (!interrupted()) {
      if (::poll(&wait, 1, static_cast<int>(kLook.count())) <= 0) continue;
      std::array<char, 1U << 16U> chunk{};
      const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) return io_error("standard input: " + std::generic_category().message(errno));
      buffer_.append(chunk.data(), static_cast<std::size_t>(got));
      return got > 0;
    }
    return false;
  }

  PoseLines lines_;
  std::string buffer_, line_;
};

}  // namespace

bool names_recording(const std::string& source) { return source.ends_with(".jsonl"); }

Result<std::unique_ptr<PoseSource>> open_poses(const std::string& source, bool at_its_pace) {
  if (is_dash(source)) {
    auto lines = std::make_unique<Lines>();
    POISE_RETURN_IF_ERROR(lines->begin());
    return std::unique_ptr<PoseSource>(std::move(lines));
  }
  POISE_TRY(PoseFrames video, read_pose_frames(source));
  return std::unique_ptr<PoseSource>(std::make_unique<Recording>(std::move(video), at_its_pace));
}

}  // namespace poise::app
