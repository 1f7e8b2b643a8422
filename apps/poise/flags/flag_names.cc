#include "flags/flag_names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace poise::app {
namespace {

struct Renamed {
  std::string_view library, flag;
};
/// Flags that are not called as the option or parameter is.
constexpr std::array<Renamed, 4> kRenamed{{
    {R"(option "address")", "--host"},
    {R"(option "area_from_box")", "--area box"},
    {R"(option "network")", "--arch"},
    {R"(parameter "input")", "--size"},
}};

/// `quoted` is `option "by_name"`, `rest` what follows it in the message; takes from `rest` what the flag says too.
std::string flag_of(std::string_view quoted, std::string_view name, std::string_view& rest) {
  for (const Renamed& one : kRenamed) {
    if (one.library == quoted) return std::string(one.flag);
  }
  constexpr std::string_view kOfDetector = " of the detector";
  std::string flag = "--";
  if (rest.starts_with(kOfDetector)) {
    rest.remove_prefix(kOfDetector.size());
    flag += "detector-";
  }
  flag += name;
  std::ranges::replace(flag, '_', '-');
  return flag;
}

}  // namespace

std::string with_flags(std::string_view message) {
  std::string text;
  while (!message.empty()) {
    const std::size_t at = std::min(message.find("option \""), message.find("parameter \""));
    const std::size_t name = at == std::string_view::npos ? at : message.find('"', at) + 1;
    const std::size_t end = name == std::string_view::npos ? name : message.find('"', name);
    if (end == std::string_view::npos) return text.append(message);
    text.append(message.substr(0, at));
    std::string_view rest = message.substr(end + 1);
    text += flag_of(message.substr(at, end + 1 - at), message.substr(name, end - name), rest);
    message = rest;
  }
  return text;
}

}  // namespace poise::app
