#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include "commands/command.h"
#include "console.h"
#include "launch.h"
#include "poise/models/config.h"

namespace poise::app {
namespace {

constexpr const char* kPrintConfig = "--print-config";

/// The configuration as JSON, for a training program that reads no YAML. Needs no LibTorch.
int print_config(const std::vector<std::string>& words) {
  Console console(false);
  std::vector<std::string> files, keys;
  for (const std::string& word : words) {
    if (word != kPrintConfig) (word.find('=') == std::string::npos ? files : keys).push_back(word);
  }
  if (files.size() != 1) {
    console.error("--print-config goes with the configuration and its keys alone: poise train CONFIG --print-config");
    return 2;
  }
  auto config = read_config(files[0]);
  for (const std::string& key : keys) {
    const Status set = config.ok() ? set_key(*config, key) : Status(config.error());
    if (!set.ok()) config = set.error();
  }
  if (!config.ok()) {
    console.error(config.error().message);
    return 1;
  }
  const std::string text = config->dump(2) + "\n";
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return 0;
  console.error("the configuration cannot be written: " + std::generic_category().message(errno));
  return 1;
}

}  // namespace

Action make_train(CLI::App& command) {
  command.set_help_flag();  // poise-train has its own
  command.prefix_command();
  return [&command] {
    const std::vector<std::string> given = command.remaining();
    if (std::find(given.begin(), given.end(), kPrintConfig) != given.end()) return print_config(given);
    Console(false).error(become("poise-train", given).message);
    return 1;
  };
}

}  // namespace poise::app
