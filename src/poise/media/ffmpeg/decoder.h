#pragma once
// Packets to decoded frames, in order of presentation. Private.

#include <optional>
#include <string>

#include "poise/media/ffmpeg/open_input.h"

namespace poise::av {

class Decoder {
 public:
  /// Errors: kUnsupported, kTooLarge. `input` outlives it.
  static Result<Decoder> open(Input& input, const VideoOpenOptions& options);

  /// The next frame, which stands until the next call; null at the end or where it was stopped. Packets that cannot be
  /// decoded are counted and passed over. Errors: kIo (of a camera or the network), kTooLarge (a frame that has grown).
  Result<const AVFrame*> next();
  /// Behind a seek to that time: what was half decoded is forgotten.
  void seeked(std::int64_t time);
  /// After the end: what was wrong with the file, in words; "" where nothing was.
  std::string damage() const;

 private:
  Decoder(Input& input, Codec codec, std::uint64_t max_pixels);
  Result<bool> feed();
  void count_damage(const std::string& what);
  void expect();

  Input* input_;
  Codec codec_;
  Packet packet_;
  Frame frame_;
  std::uint64_t max_pixels_;
  std::int64_t packets_ = 0;
  std::int64_t expected_ = 0;  // packets that the file's index lists; 0: it has none
  std::int64_t damaged_ = 0;
  std::int64_t behind_last_packet_ = 0;  // bytes from the file's beginning
  std::string first_damage_;
  std::optional<Error> failure_;
  bool draining_ = false, early_end_ = false;
};

}  // namespace poise::av
