#pragma once
#include <string>

#include "poise/base/json.h"

namespace poise::app {

/// The configuration of a network and its training: JSON where the file is named .json, else YAML. Errors: of
/// read_file, parse_json and parse_yaml; messages start with the path.
Result<Json> read_config(const std::string& path);

}  // namespace poise::app
