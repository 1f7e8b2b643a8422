#include "poise/gesture/keyboard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/input.h>
#include <linux/uinput.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

std::string chord_error(const std::string& text) {
  const auto chord = parse_chord(text);
  return chord.ok() ? "no error" : chord.error().message;
}

TEST(Keys, ChordsAreModifiersAndOneKey) {
  EXPECT_EQ(parse_chord("ctrl+plus")->name(), "ctrl+plus");
  EXPECT_EQ(parse_chord("Ctrl+Shift+T")->name(), "ctrl+shift+t");
  EXPECT_EQ(parse_chord("page_down")->keys.size(), 1U);
  EXPECT_EQ(parse_chord("super")->name(), "super") << "a modifier alone is a key too";
  EXPECT_EQ(chord_error("a+b"),
            "in \"a+b\", a is not held while others are pressed: ctrl, shift, alt and super come first, then one other "
            "key");
  EXPECT_EQ(chord_error("ctrl+ctrl"), "in \"ctrl+ctrl\", ctrl stands twice");
  EXPECT_EQ(chord_error("ctlr+a"), "there is no key \"ctlr\": is ctrl meant?");
  EXPECT_EQ(chord_error("ctrl++"), "there is no key \"\": keys are letters, digits, f1 to f12 and names as page_down");
  EXPECT_EQ(chord_error("$(reboot)"),
            "there is no key \"$(reboot)\": keys are letters, digits, f1 to f12 and names as page_down");
}

TEST(Keys, NoTwoAreOne) {
  for (const Key& one : known_keys()) {
    for (const Key& other : known_keys()) {
      if (&one == &other) continue;
      EXPECT_NE(one.name, other.name);
      EXPECT_NE(one.keysym, other.keysym);
      EXPECT_NE(one.code, other.code) << one.name;
    }
  }
}

/// What a keyboard writes, as kernel and desktops read it: "29 down, 78 down, 78 up, 29 up".
std::string written(int descriptor) {
  std::string text;
  input_event event{};
  bool told = true;  // each key by a report of its own
  while (::read(descriptor, &event, sizeof event) == static_cast<ssize_t>(sizeof event)) {
    if (event.type == EV_SYN) {
      EXPECT_EQ(event.code, SYN_REPORT);
      told = true;
      continue;
    }
    EXPECT_EQ(event.type, EV_KEY);
    EXPECT_TRUE(std::exchange(told, false));
    text += (text.empty() ? "" : ", ") + std::to_string(event.code) + (event.value == 1 ? " down" : " up");
  }
  EXPECT_TRUE(told);
  return text;
}

TEST(EventKeyboard, PressesInOrderAndLetsGoInReverse) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const auto keyboard = keyboard_on(ends[1]);
  ASSERT_TRUE(keyboard->press(*parse_chord("ctrl+plus")).ok());
  EXPECT_EQ(written(ends[0]), "29 down, 78 down, 78 up, 29 up") << "KEY_LEFTCTRL, KEY_KPPLUS";
  ASSERT_TRUE(keyboard->press(*parse_chord("page_down")).ok());
  EXPECT_EQ(written(ends[0]), "109 down, 109 up");
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_EQ(keyboard->press(*parse_chord("a")).error().code, ErrorCode::kIo);
}

TEST(UinputKeyboard, SaysWhyThereIsNone) {
  const Error absent = open_uinput_keyboard("/dev/there-is-none").error();
  EXPECT_EQ(absent.code, ErrorCode::kUnsupported);
  EXPECT_NE(absent.message.find("modprobe uinput"), std::string::npos) << absent.message;
  EXPECT_EQ(open_uinput_keyboard("/dev/null").error().code, ErrorCode::kIo) << "which is no uinput";
  EXPECT_FALSE(can_use_uinput("/dev/there-is-none"));
}

/// The file of the events of the keyboard that was made last.
fs::path event_file() {
  fs::path newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/devices/virtual/input", error)) {
    std::ifstream name(entry.path() / "name");
    std::string line;
    if (!std::getline(name, line) || line != "poise gestures") continue;
    for (const auto& inner : fs::directory_iterator(entry.path())) {
      const std::string file = inner.path().filename().string();
      if (file.starts_with("event")) newest = fs::path("/dev/input") / file;
    }
  }
  return newest;
}

TEST(UinputKeyboard, IsAKeyboardOfTheMachine) {
  if (!can_use_uinput()) GTEST_SKIP() << "there is no /dev/uinput to be used: what it would be given is tested above";
  const auto keyboard = open_uinput_keyboard().value();
  const int events = ::open(event_file().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (events < 0) GTEST_SKIP() << "its events cannot be read here";
  // Nobody else gets the keys of this test: a desktop may be running.
  ASSERT_EQ(::ioctl(events, EVIOCGRAB, 1), 0);
  ASSERT_TRUE(keyboard->press(*parse_chord("ctrl+plus")).ok());
  EXPECT_EQ(written(events), "29 down, 78 down, 78 up, 29 up");
  ::close(events);
}

/// A folder with a program xdotool that writes down its words, first on the path while this lives.
class FakeXdotool {
 public:
  explicit FakeXdotool(const std::string& last_line) : path_(std::getenv("PATH")) {
    const fs::path program = folder_.path() / "xdotool";
    std::ofstream(program) << "#!/bin/sh\nfor word; do printf '[%s]' \"$word\" >> " << log().string() << "; done\n"
                           << last_line << "\n";
    ::chmod(program.c_str(), 0700);
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  ~FakeXdotool() { ::setenv("PATH", path_.c_str(), 1); }
  FakeXdotool(const FakeXdotool&) = delete;
  FakeXdotool& operator=(const FakeXdotool&) = delete;
  std::string said() const {
    std::stringstream text;
    text << std::ifstream(log()).rdbuf();
    return text.str();
  }

 private:
  fs::path log() const { return folder_.path() / "log"; }
  const kit::TemporaryFolder folder_;
  std::string path_;
};

TEST(XdotoolKeyboard, HandsTheChordOver) {
  const FakeXdotool xdotool("exit 0");
  const auto keyboard = open_xdotool_keyboard().value();
  ASSERT_TRUE(keyboard->press(*parse_chord("ctrl+plus")).ok());
  ASSERT_TRUE(keyboard->press(*parse_chord("volume_up")).ok());
  EXPECT_EQ(xdotool.said(), "[version][key][--clearmodifiers][ctrl+plus][key][--clearmodifiers][XF86AudioRaiseVolume]");
}

TEST(XdotoolKeyboard, SaysWhatItComplainsOf) {
  const FakeXdotool xdotool("echo \"Error: Can't open display: (null)\" >&2; echo more >&2; exit 1");
  const auto keyboard = open_xdotool_keyboard().value();
  EXPECT_EQ(keyboard->press(*parse_chord("a")).error().message,
            "xdotool pressed no keys: Error: Can't open display: (null)");
}

}  // namespace
}  // namespace poise
