#include "poise/base/ascii.h"
#include "poise/base/child_program.h"
#include "poise/gesture/keyboard.h"

namespace poise {
namespace {

class XdotoolKeyboard final : public Keyboard {
 public:
  Status press(const KeyChord& chord) override {
    std::string keys;
    for (const Key* key : chord.keys) keys.append(keys.empty() ? "" : "+").append(key->keysym);
    POISE_TRY(const ProgramEnd end, run_program({"xdotool", "key", "--clearmodifiers", keys}, "/"));
    if (end.code == 0) return {};
    if (end.code == ProgramEnd::kNotFound) return not_there();
    const std::string_view said = trimmed(end.output, " \t\r\n");
    const std::string line(said.substr(0, said.find('\n')));
    return io_error("xdotool pressed no keys" + (line.empty() ? "" : ": " + line));
  }

  static Error not_there() { return not_found("xdotool is not installed: apt-get install xdotool"); }
};

}  // namespace

Result<std::unique_ptr<Keyboard>> open_xdotool_keyboard() {
  POISE_TRY(const ProgramEnd end, run_program({"xdotool", "version"}, "/"));
  if (end.code == ProgramEnd::kNotFound) return XdotoolKeyboard::not_there();
  return std::unique_ptr<Keyboard>(std::make_unique<XdotoolKeyboard>());
}

}  // namespace poise
