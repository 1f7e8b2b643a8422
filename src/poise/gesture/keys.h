#pragma once
// Keys by name, as rules and keyboards know them. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise {

struct Key {
  std::string_view name;    // as rules call it: "plus"
  std::string_view keysym;  // X11's name of it (X11/keysymdef.h, XF86keysym.h): "plus"
  std::uint16_t code = 0;   // Linux's number (linux/input-event-codes.h), where US keyboards have it
};

/// Keys that are pressed in this order and let go in the reverse: modifiers, then one other key.
struct KeyChord {
  std::vector<const Key*> keys;
  /// "ctrl+plus".
  std::string name() const;
  friend bool operator==(const KeyChord&, const KeyChord&) = default;
};

/// Modifiers (ctrl, shift, alt, super) first, then letters, digits, function keys, and the others by name.
const std::vector<Key>& known_keys();

/// "ctrl+plus": names with + between them, modifiers first, in any case. Errors: kInvalidArgument, with the nearest key
/// that there is.
Result<KeyChord> parse_chord(std::string_view text);

}  // namespace poise
