#include "poise/gesture/keys.h"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <string>

#include "poise/base/ascii.h"
#include "poise/base/nearest.h"
#include "poise/base/printable.h"

namespace poise {
namespace {

constexpr std::size_t kModifiers = 4;  // the first of the list

std::vector<Key> list_keys() {
  return {{"ctrl", "ctrl", KEY_LEFTCTRL},
          {"shift", "shift", KEY_LEFTSHIFT},
          {"alt", "alt", KEY_LEFTALT},
          {"super", "super", KEY_LEFTMETA},
          {"a", "a", KEY_A},
          {"b", "b", KEY_B},
          {"c", "c", KEY_C},
          {"d", "d", KEY_D},
          {"e", "e", KEY_E},
          {"f", "f", KEY_F},
          {"g", "g", KEY_G},
          {"h", "h", KEY_H},
          {"i", "i", KEY_I},
          {"j", "j", KEY_J},
          {"k", "k", KEY_K},
          {"l", "l", KEY_L},
          {"m", "m", KEY_M},
          {"n", "n", KEY_N},
          {"o", "o", KEY_O},
          {"p", "p", KEY_P},
          {"q", "q", KEY_Q},
          {"r", "r", KEY_R},
          {"s", "s", KEY_S},
          {"t", "t", KEY_T},
          {"u", "u", KEY_U},
          {"v", "v", KEY_V},
          {"w", "w", KEY_W},
          {"x", "x", KEY_X},
          {"y", "y", KEY_Y},
          {"z", "z", KEY_Z},
          {"0", "0", KEY_0},
          {"1", "1", KEY_1},
          {"2", "2", KEY_2},
          {"3", "3", KEY_3},
          {"4", "4", KEY_4},
          {"5", "5", KEY_5},
          {"6", "6", KEY_6},
          {"7", "7", KEY_7},
          {"8", "8", KEY_8},
          {"9", "9", KEY_9},
          {"f1", "F1", KEY_F1},
          {"f2", "F2", KEY_F2},
          {"f3", "F3", KEY_F3},
          {"f4", "F4", KEY_F4},
          {"f5", "F5", KEY_F5},
          {"f6", "F6", KEY_F6},
          {"f7", "F7", KEY_F7},
          {"f8", "F8", KEY_F8},
          {"f9", "F9", KEY_F9},
          {"f10", "F10", KEY_F10},
          {"f11", "F11", KEY_F11},
          {"f12", "F12", KEY_F12},
          {"plus", "plus", KEY_KPPLUS},  // on the keypad, where it needs no shift on any layout
          {"minus", "minus", KEY_KPMINUS},
          {"space", "space", KEY_SPACE},
          {"enter", "Return", KEY_ENTER},
          {"tab", "Tab", KEY_TAB},
          {"escape", "Escape", KEY_ESC},
          {"backspace", "BackSpace", KEY_BACKSPACE},
          {"delete", "Delete", KEY_DELETE},
          {"insert", "Insert", KEY_INSERT},
          {"home", "Home", KEY_HOME},
          {"end", "End", KEY_END},
          {"page_up", "Prior", KEY_PAGEUP},
          {"page_down", "Next", KEY_PAGEDOWN},
          {"left", "Left", KEY_LEFT},
          {"right", "Right", KEY_RIGHT},
          {"up", "Up", KEY_UP},
          {"down", "Down", KEY_DOWN},
          {"comma", "comma", KEY_COMMA},
          {"period", "period", KEY_DOT},
          {"slash", "slash", KEY_SLASH},
          {"volume_up", "XF86AudioRaiseVolume", KEY_VOLUMEUP},
          {"volume_down", "XF86AudioLowerVolume", KEY_VOLUMEDOWN},
          {"mute", "XF86AudioMute", KEY_MUTE},
          {"play", "XF86AudioPlay", KEY_PLAYPAUSE},
          {"next_track", "XF86AudioNext", KEY_NEXTSONG},
          {"previous_track", "XF86AudioPrev", KEY_PREVIOUSSONG}};
}

Error unknown_key(std::string_view word) {
  std::vector<std::string> names;
  for (const Key& key : known_keys()) names.emplace_back(key.name);
  const std::string likely = nearest(word, names);
  return invalid_argument(
      "there is no key " + printable(word) +
      (likely.empty() ? ": keys are letters, digits, f1 to f12 and names as page_down" : ": is " + likely + " meant?"));
}

}  // namespace

const std::vector<Key>& known_keys() {
  static const std::vector<Key> keys = list_keys();
  return keys;
}

std::string KeyChord::name() const {
  std::string text;
  for (const Key* key : keys) text.append(text.empty() ? "" : "+").append(key->name);
  return text;
}

Result<KeyChord> parse_chord(std::string_view text) {
  KeyChord chord;
  const std::string whole(text);
  while (true) {
    const std::size_t end = text.find('+');
    const std::string word = lower_case(text.substr(0, end));
    const auto& keys = known_keys();
    const auto key = std::ranges::find(keys, word, &Key::name);
    if (key == keys.end()) return unknown_key(word);
    const bool last = end == std::string_view::npos;
    const bool is_modifier = key - keys.begin() < static_cast<std::ptrdiff_t>(kModifiers);
    if (!last && !is_modifier) {
      return invalid_argument("in " + printable(whole) + ", " + word +
                              " is not held while others are pressed: ctrl, shift, alt and super come first, then one "
                              "other key");
    }
    if (std::ranges::find(chord.keys, &*key) != chord.keys.end()) {
      return invalid_argument("in " + printable(whole) + ", " + word + " stands twice");
    }
    chord.keys.push_back(&*key);
    if (last) return chord;
    text.remove_prefix(end + 1);
  }
}

}  // namespace poise
