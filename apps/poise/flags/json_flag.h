#pragma once
// --json, shared by the commands that have figures to give.

#include <CLI/CLI.hpp>
#include <string>

#include "poise/base/json.h"
#include "poise/base/result.h"

namespace poise::app {

/// --json [FILE]: "-" (also where no file is named) is standard output, and what else is said does not go there then.
void add_json_option(CLI::App& command, std::string& file);
/// Prints or writes; nothing where `file` is empty.
Status put_json(const Json& json, const std::string& file);

}  // namespace poise::app
