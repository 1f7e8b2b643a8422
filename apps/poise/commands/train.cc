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
#include "words.h"

namespace poise::app {
namespace {

constexpr const char* kPrintConfig = "--print-config";

/// --print-config in a build without LibTorch, for a training program elsewhere: keys and network are checked, what is
/// learned and how is left to that program.
Status print_config(const std::vector<std::string>& words) {
  std::vector<std::string> files, keys;
  for (const std::string& word : words) {
    if (word != kPrintConfig) (word.find('=') == std::string::npos ? files : keys).push_back(word);
  }
  if (files.size() != 1) {
    return usage_error(
        "--print-config goes with the configuration and its keys alone where LibTorch is missing: poise train CONFIG "
        "--print-config");
  }
  POISE_TRY(Json config, read_config(files[0]));
  for (const std::string& key : keys) POISE_RETURN_IF_ERROR(set_key(config, key));
  const auto model = model_config_from_json(config);
  if (!model.ok()) return model.error().prefixed(files[0]);
  if (const Status known = check_keys(*model); !known.ok()) return known.error().prefixed(files[0]);
  const std::string text = config.dump(2) + "\n";
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return {};
  return io_error("the configuration cannot be written: " + std::generic_category().message(errno));
}

}  // namespace

Action make_train(CLI::App& command) {
  command.set_help_flag();  // poise-train has its own
  command.prefix_command();
  return [&command] {
    const std::vector<std::string> given = command.remaining();
    const bool print = std::find(given.begin(), given.end(), kPrintConfig) != given.end();
    const Error missing = become("poise-train", given);
    const Status done = print && missing.code == ErrorCode::kUnsupported ? print_config(given) : Status(missing);
    if (done.ok()) return 0;
    Console(false).error(done.error().message);
    return 1;
  };
}

}  // namespace poise::app
