#include "console.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "flags/flag_names.h"
#include "poise/base/json_reader.h"
#include "poise/base/printable.h"

namespace poise::app {
namespace {
volatile std::sig_atomic_t interrupt_seen = 0;
extern "C" void on_interrupt(int signal) {
  interrupt_seen = 1;
  std::signal(signal, SIG_DFL);  // a second Ctrl-C ends the program at once
}

std::string spelled(char c) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text.data();
}
}  // namespace

std::string shown(const std::string& text, bool keep_lines) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const std::string_view letter = std::string_view(text).substr(at, std::max<std::size_t>(length, 1));
    const bool second_controls = length == 2 && letter[0] == '\xc2' && static_cast<unsigned char>(letter[1]) < 0xa0;
    const bool plain = length > 0 && !second_controls && !is_control(letter[0]);
    if (plain || (letter == "\n" && keep_lines)) {
      out += letter;
    } else {
      for (const char c : letter) out += spelled(c);
    }
    at += letter.size();
  }
  return out;
}

Console::Console(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {}

void Console::clear_bar() {
  if (bar_shown_) std::fputs("\r\033[K", stderr);
  bar_shown_ = false;
}

void Console::error(const std::string& line) {
  clear_bar();
  std::fprintf(stderr, "poise: %s\n", shown(with_flags(line)).c_str());
}

void Console::note(const std::string& line) {
  if (quiet_) return;
  clear_bar();
  std::fprintf(stderr, "%s\n", shown(with_flags(line)).c_str());
}

void Console::progress(std::size_t done, std::size_t total, const std::string& what) {
  if (quiet_ || total < 2) return;
  if (!terminal_) {  // a line each tenth of the way is enough for a log
    if (done * 10 / total != (done - 1) * 10 / total) std::fprintf(stderr, "%zu/%zu\n", done, total);
    return;
  }
  constexpr std::size_t kWidth = 30;
  const std::size_t filled = done * kWidth / total;
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r\033[K[%s] %zu/%zu %s", bar.c_str(), done, total, shown(what).c_str());
  std::fflush(stderr);
  bar_shown_ = true;
}

void Console::finish() { clear_bar(); }

std::function<bool(std::size_t, std::size_t, const std::string&)> progress_of(Console& console) {
  return [&console](std::size_t done, std::size_t total, const std::string& what) {
    console.progress(done, total, what);
    return !interrupted();
  };
}

bool interrupted() { return interrupt_seen != 0; }
void watch_interrupts() { std::signal(SIGINT, on_interrupt); }

}  // namespace poise::app
