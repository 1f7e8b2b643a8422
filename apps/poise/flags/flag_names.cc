#include "flags/flag_names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace poise::app {
namespace {

struct Words {
  std::string_view library, program;
};
/// Where a flag is not called as its option is, or the library does not say "option". In this order.
constexpr std::array<Words, 12> kWords{{
    {R"(option "area_from_box")", "--area box"},
    {R"(option "network" and its parameters)", "--arch and --size, as in --arch pose_resnet --depth 50 --size 256x192"},
    {R"(option "network")", "--arch"},
    {R"(as parameter "input" [192, 256])", "as in --size 256x192"},
    {R"(parameter "input")", "--size"},
    {R"(option "data" weights)", "--data-weight"},
    {"deterministic and precision are the engine's options", "--deterministic and --precision are the CPU's"},
    {"leave them out, or run on the CPU", "leave them out, or leave out --device"},
    {"name the right family, or a preset of it", "name the right one with --detector-preset"},
    {"name it as the pose network", "name it with --model"},
    {"name it as the detector", "name it with --detector"},
    {"named .json, as a build of all of Poise writes it",
     "named .json, as `poise train CONFIG --print-config` writes it where all of Poise is built"},
}};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// `option "by_name"` becomes `--by-name`.
void name_flags(std::string& text, std::string_view kind) {
  const std::string start = std::string(kind) + " \"";
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
    const std::size_t name = at + start.size();
    const std::size_t end = text.find('"', name);
    if (end == std::string::npos) return;
    std::string flag = "--" + text.substr(name, end - name);
    std::ranges::replace(flag, '_', '-');
    text.replace(at, end + 1 - at, flag);
  }
}

}  // namespace

std::string with_flags(std::string message) {
  const bool detector = message.find("the detector says nothing about") != std::string::npos;
  replace_all(message, ": name a preset (", detector ? ": give --detector-preset (" : ": give --preset (");
  for (const Words& words : kWords) replace_all(message, words.library, words.program);
  name_flags(message, "option");
  name_flags(message, "parameter");
  return message;
}

}  // namespace poise::app
