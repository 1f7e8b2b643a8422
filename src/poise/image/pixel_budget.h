#pragma once
// How many pixels may be decoded at one time, by threads that know nothing of each other.

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "poise/image/codec.h"

namespace poise {

/// Thread-safe.
class PixelBudget {
 public:
  explicit PixelBudget(std::uint64_t pixels = 64'000'000) : most_(pixels) {}

  /// What one picture takes of it, from its admission until this goes; that must be on the thread that reads it.
  class Share {
   public:
    explicit Share(PixelBudget& budget) : budget_(budget) {}
    ~Share() { budget_.give_back(pixels_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    /// For DecodeOptions: waits while others hold all of the budget. A picture larger than that is let in alone.
    AdmitPixels admit() {
      return [this](std::uint64_t pixels) {
        budget_.take(pixels);
        pixels_ += pixels;
        return Status();
      };
    }

   private:
    PixelBudget& budget_;
    std::uint64_t pixels_ = 0;
  };

 private:
  void take(std::uint64_t pixels) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return held_ == 0 || held_ + pixels <= most_; });
    held_ += pixels;
  }
  void give_back(std::uint64_t pixels) {
    const std::lock_guard lock(mutex_);
    held_ -= pixels;
    wake_.notify_all();
  }

  std::uint64_t most_;
  std::uint64_t held_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace poise
