#pragma once
// For the tests of this folder: frames that can be told apart, and all that a source gives.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "poise/media/video.h"

namespace poise::testing_frames {

/// One colour.
inline Image plain(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* pixel = image.row(y) + x * 3;
      pixel[0] = red, pixel[1] = green, pixel[2] = blue;
    }
  }
  return image;
}

struct Read {
  std::vector<VideoFrame> frames;
  std::string error;  // "" at a proper end
};

inline Read read_all(VideoSource& source) {
  Read read;
  while (true) {
    auto frame = source.next();
    if (!frame.ok()) read.error = frame.error().message;
    if (!frame.ok() || !*frame) return read;
    read.frames.push_back(std::move(**frame));
  }
}

/// Black frames at a steady rate; after `count` of them the end, or the error where there is one.
class CountedSource : public VideoSource {
 public:
  CountedSource(std::int64_t count, double rate, std::string error = "") : count_(count), error_(std::move(error)) {
    info_.width = info_.height = 2;
    info_.frames_per_second = rate;
    info_.frames = count;
  }
  const VideoInfo& info() const override { return info_; }
  Result<std::optional<VideoFrame>> next() override {
    if (given == count_ && !error_.empty()) return malformed(error_);
    if (given == count_) return std::optional<VideoFrame>{};
    VideoFrame frame{Image(2, 2), given, static_cast<double>(given) / info_.frames_per_second};
    ++given;
    return std::optional<VideoFrame>(std::move(frame));
  }
  std::int64_t given = 0;

 private:
  std::int64_t count_;
  std::string error_;
  VideoInfo info_;
};

}  // namespace poise::testing_frames
