#pragma once
// The configuration files of the networks' authors, read unchanged, and ours in the same words.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/json.h"
#include "poise/models/family.h"

namespace poise {

struct ModelConfig {
  ModelOptions options;  // with its input, and the joints of a pose network
  Json card;  // of a pose network: preset simple-baselines with what the file tells of feeding and decoding laid over
              // it; without a skeleton where the joints are neither COCO's 17 nor MPII's 16
  std::vector<std::string> unknown;  // keys, with their path, that mean nothing to us: to be named aloud
};

/// The mapping of a configuration of a network and its training: JSON where the file is named .json, else YAML. Errors:
/// those of read_file, parse_json and parse_yaml; messages start with the path.
Result<Json> read_config(const std::filesystem::path& path);

/// YAML of microsoft/human-pose-estimation.pytorch (experiments/*/*.yaml) and of
/// leoxiaobin/deep-high-resolution-net.pytorch; what is not set has the default of that repository's config. MODEL.NAME
/// is any family of models/zoo.h. Errors, one line that starts with the path: those of read_config, kUnsupported
/// (MODEL.NAME), kInvalidArgument naming the key.
Result<ModelConfig> read_model_config(const std::filesystem::path& path);
/// From memory; messages name no file.
Result<ModelConfig> parse_model_config(std::string_view text);
/// The same of what parse_yaml() gave.
Result<ModelConfig> model_config_from_json(const Json& root);

}  // namespace poise
