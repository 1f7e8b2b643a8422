#include "console.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "figures.h"
#include "flags/flag_names.h"
#include "poise/base/json_reader.h"
#include "poise/base/printable.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {
volatile std::sig_atomic_t interrupt_seen = 0;
extern "C" void on_interrupt(int signal) {
  interrupt_seen = signal;
  std::signal(signal, SIG_DFL);  // a second one ends the program at once
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
  std::fprintf(stderr, "poise: %s\n", shown(with_flags(with_input_named(line)) + hint_on(line)).c_str());
}

void Console::note(const std::string& line) {
  if (quiet_) return;
  clear_bar();
  std::fprintf(stderr, "%s\n", shown(with_flags(with_input_named(line))).c_str());
}

void Console::progress(std::size_t done, std::size_t total, const std::string& what) {
  const auto now = std::chrono::steady_clock::now();
  if (!begin_) {
    begin_ = now;
    done_at_begin_ = done;
  }
  const double seconds = std::chrono::duration<double>(now - *begin_).count();
  constexpr double kTooSoon = 0.2;
  std::string text;
  if (seconds > kTooSoon && done > done_at_begin_) {
    const double each = seconds / static_cast<double>(done - done_at_begin_);
    text = rate(1 / each) + ", ";
    if (done < total) text += duration(each * static_cast<double>(total - done)) + " left, ";
  }
  bar(done, total, text + what);
}

void Console::bar(std::size_t done, std::size_t total, const std::string& text) {
  if (quiet_ || total == 1 || done == 0) return;
  const std::string count = std::to_string(done) + (total > 0 ? "/" + std::to_string(total) : "");
  if (!terminal_) {  // a line each tenth of the way is enough for a log
    if (total > 0 && done * 10 / total != (done - 1) * 10 / total)
      std::fprintf(stderr, "%s %s\n", count.c_str(), shown(text).c_str());
    return;
  }
  constexpr std::size_t kWidth = 30;
  const std::size_t filled = total > 0 ? std::min(done, total) * kWidth / total : 0;
  const std::string bar = total > 0 ? "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " : "";
  std::fprintf(stderr, "\r\033[K%s%s %s", bar.c_str(), count.c_str(), shown(text).c_str());
  std::fflush(stderr);
  bar_shown_ = true;
}

void Console::finish() {
  clear_bar();
  begin_.reset();
}

std::function<bool(std::size_t, std::size_t, const std::string&)> progress_of(Console& console) {
  return [&console](std::size_t done, std::size_t total, const std::string& what) {
    console.progress(done, total, what);
    return !interrupted();
  };
}

bool interrupted() { return interrupt_seen != 0; }
int interrupt_code() { return 128 + interrupt_seen; }

void watch_interrupts() {
  // Also where it was passed over, as in a script's jobs in the background: who sends one means it.
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  if (std::signal(SIGHUP, on_interrupt) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // by nohup: to outlive its terminal
}

}  // namespace poise::app
