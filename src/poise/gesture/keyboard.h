#pragma once
// Keys pressed for other programs to take. One thread at a time.

#include <memory>
#include <string>

#include "poise/gesture/keys.h"

namespace poise {

class Keyboard {
 public:
  virtual ~Keyboard() = default;
  /// Presses and lets go.
  virtual Status press(const KeyChord& chord) = 0;
};

/// A keyboard of its own, by Linux's uinput, for X11, Wayland and the console alike. Keys are where US keyboards have
/// them: of another layout letters may differ. Errors: kUnsupported (there is no uinput), kIo (no permission, with what
/// to do about it).
Result<std::unique_ptr<Keyboard>> open_uinput_keyboard(const std::string& device = "/dev/uinput");
/// Whether that one could be opened now.
bool can_use_uinput(const std::string& device = "/dev/uinput");

/// By the program xdotool, for X11: a process a chord, without a shell. Keys are those of the layout that is set.
/// Errors: kNotFound (it is not installed).
Result<std::unique_ptr<Keyboard>> open_xdotool_keyboard();

/// For tests: struct input_event's of linux/input.h written to a descriptor, as uinput takes them; it stays the
/// caller's.
std::unique_ptr<Keyboard> keyboard_on(int descriptor);

}  // namespace poise
