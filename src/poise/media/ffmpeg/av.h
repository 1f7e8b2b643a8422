#pragma once
// FFmpeg's objects as values, and its words as errors. Private: the public header is ffmpeg.h.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>
#include <string_view>

#include "poise/base/result.h"

namespace poise::av {

/// Calls a function of FFmpeg that takes a pointer's address.
template <auto kFunction>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    kFunction(&object);
  }
};
struct ReleaseScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

using Frame = std::unique_ptr<AVFrame, Release<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, Release<av_packet_free>>;
using Codec = std::unique_ptr<AVCodecContext, Release<avcodec_free_context>>;
using Demuxer = std::unique_ptr<AVFormatContext, Release<avformat_close_input>>;
using Scaler = std::unique_ptr<SwsContext, ReleaseScaler>;

/// Options by name, as avformat_open_input and avcodec_open2 take and leave them.
class Dictionary {
 public:
  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&entries_); }
  void set(const char* name, const std::string& value) { av_dict_set(&entries_, name, value.c_str(), 0); }
  AVDictionary** address() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

/// What FFmpeg logs goes here instead of to standard error. Once is enough.
void catch_logs();
/// Forgets what was logged by this thread.
void forget_logs();
/// Whether this thread's demuxer said that its file ends too early, since forget_logs().
bool logged_early_end();
/// Whether the last error that this thread logged, since forget_logs(), holds those words.
bool logged(std::string_view words);
/// What the code means, and what this thread logged last about it: "Invalid data found (moov atom not found)".
std::string words(int code);

Frame make_frame();
Packet make_packet();

inline double seconds(std::int64_t time, AVRational unit) { return static_cast<double>(time) * av_q2d(unit); }

}  // namespace poise::av
