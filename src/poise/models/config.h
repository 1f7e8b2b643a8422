#pragma once
// The configuration files of the networks' authors, read unchanged, and ours in the same words. Thread-safe.

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
  std::vector<std::string> unknown;  // keys, with their path, that mean nothing to us: see check_keys()
};

/// Fails where the configuration has keys that mean nothing: kInvalidArgument, naming them, each with the known one
/// that it is nearest to.
Status check_keys(const ModelConfig& config);

/// Lays "TRAIN.LR=0.0005" over a configuration: a key with its path, and a value as YAML has it. Whether the key is
/// known, check_keys() says. Errors: kInvalidArgument (not of that form, or a path through what is no mapping).
Status set_key(Json& root, std::string_view assignment);

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
