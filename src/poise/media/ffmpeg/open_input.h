#pragma once
// A source opened and looked at: what may be opened, by which demuxer and with which decoder. Private.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "poise/media/ffmpeg/av.h"
#include "poise/media/ffmpeg/ffmpeg.h"

namespace poise::av {

enum class SourceKind { kFile, kCamera, kRtsp, kHttp };

/// Errors: kUnsupported (another kind of address).
Result<SourceKind> kind_of(const std::string& source);
/// The source as messages name it: without a password.
std::string name_of(const std::string& source);

/// What FFmpeg asks while it waits: stopped, or silent too long?
struct Watch {
  std::atomic<bool> stop = false;
  const std::atomic<bool>* outer = nullptr;
  double patience = 0;                     // seconds; 0: for ever
  std::atomic<std::int64_t> deadline = 0;  // of the steady clock; 0: none
  bool stopped() const { return stop || (outer != nullptr && *outer); }
  bool late() const { return deadline != 0 && std::chrono::steady_clock::now().time_since_epoch().count() > deadline; }
  /// Another `patience` from now.
  void rearm();
};

struct Input {
  SourceKind kind = SourceKind::kFile;
  std::string name;
  std::unique_ptr<Watch> watch;  // outlives the demuxer, which asks it
  Demuxer demuxer;
  AVStream* stream = nullptr;  // the one that is read
  const AVCodec* decoder = nullptr;
  bool live = false;
};

/// The best video stream, the others are discarded. Errors as open_video's.
Result<Input> open_video_input(const std::string& source, const VideoOpenOptions& options);
/// A file's best sound, to be copied, not decoded. Errors: kNotFound (no sound too), kMalformed, kUnsupported.
Result<Input> open_sound_input(const std::string& file);

/// The message with the source's name in front and its password taken out.
Error error_at(const Input& input, ErrorCode code, const std::string& message);
/// After a call of FFmpeg that failed.
Error read_error(const Input& input, int code);

}  // namespace poise::av
