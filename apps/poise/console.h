#pragma once
// What people see while they wait: a progress bar in a terminal, plain lines elsewhere, nothing with --quiet.
// Lines may be the library's messages: what they say of options is said of flags (flags/flag_names.h).

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace poise::app {

/// Text that may hold names from files, for a terminal: control characters, Unicode's second set of them too, and bytes
/// that are no UTF-8 are spelled out (\x1b), so that none takes effect. `keep_lines`: newlines stay.
std::string shown(const std::string& text, bool keep_lines = false);

class Console {
 public:
  explicit Console(bool quiet);
  /// To standard error, even when quiet: something went wrong.
  void error(const std::string& line);
  /// To standard error, unless quiet. One line: a newline is spelled out, since it may be of a name.
  void note(const std::string& line);
  /// Call once an item is done; draws or prints as suits, with what is done a second since the first call and the time
  /// left. total: 0 where nobody knows it.
  void progress(std::size_t done, std::size_t total, const std::string& what);
  /// The same where `text` says all that is to be said beside the bar.
  void bar(std::size_t done, std::size_t total, const std::string& text);
  void finish();

 private:
  void clear_bar();
  bool quiet_;
  bool terminal_;
  bool bar_shown_ = false;
  std::optional<std::chrono::steady_clock::time_point> begin_;  // when so many were done:
  std::size_t done_at_begin_ = 0;
};

/// Progress as the library reports it, on the console; false, which ends the work, after Ctrl-C.
std::function<bool(std::size_t done, std::size_t total, const std::string& what)> progress_of(Console& console);

/// Set by Ctrl-C, and by SIGTERM and SIGHUP: finish the file at hand, then stop.
bool interrupted();
/// The exit code of a program that was stopped so, as a shell has it: 130 after Ctrl-C, 143 after SIGTERM.
int interrupt_code();
void watch_interrupts();

}  // namespace poise::app
