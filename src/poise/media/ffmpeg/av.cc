#include "poise/media/ffmpeg/av.h"

#include <array>
#include <cstdarg>
#include <mutex>
#include <new>
#include <string_view>

#include "poise/base/printable.h"

namespace poise::av {
namespace {

struct Said {
  std::string last;
  bool early_end = false;
};

/// FFmpeg logs from the thread that called it, but for its decoding threads, whose words nobody asks for.
Said& said() {
  thread_local Said here;
  return here;
}

void keep(void* object, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  std::array<char, 512> line{};
  int prefix = 0;
  av_log_format_line2(object, level, format, arguments, line.data(), static_cast<int>(line.size()), &prefix);
  std::string text;
  for (const char* c = line.data(); *c != '\0'; ++c) text += is_control(*c) ? ' ' : *c;
  text.resize(text.find_last_not_of(' ') + 1);  // npos + 1 is 0
  for (const std::string_view part : {"ended prematurely", "partial file", "truncat"}) {
    if (text.find(part) != std::string::npos) said().early_end = true;
  }
  if (level > AV_LOG_ERROR || text.empty()) return;
  // "[mov,mp4,m4a @ 0x55d0c8] moov atom not found": the address tells nobody anything.
  if (const std::size_t end = text.find("] "); text[0] == '[' && end != std::string::npos) text.erase(0, end + 2);
  said().last = text;
}

}  // namespace

void catch_logs() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(keep); });
}

void forget_logs() { said() = {}; }

bool logged_early_end() { return said().early_end; }

bool logged(std::string_view words) { return said().last.find(words) != std::string::npos; }

std::string words(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  const std::string meaning = text.data(), &last = said().last;
  return last.empty() || last == meaning ? meaning : meaning + " (" + last + ")";
}

Frame make_frame() {
  Frame frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

Packet make_packet() {
  Packet packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

}  // namespace poise::av
