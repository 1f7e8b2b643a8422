#pragma once
// A family of networks: one file that builds them all, from parameters by name. models/zoo.cc lists the families; what
// a configuration, a flag or a binding says of a network goes through these names and nothing else, so that a family
// is known everywhere at once. The lists are constant, the functions are pure: thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/graph/graph.h"

namespace poise {

class ConfigReader;

/// A network to build.
struct ModelOptions {
  std::string family;  // "pose_resnet"
  /// What differs from the family's defaults: {"depth": 50, "joints": 17, "input": [192, 256]}. "input" is width and
  /// height; "seed", of the initial weights, is every family's, "input" of those that take pictures, "joints" every
  /// pose network's.
  Json parameters = Json::object();
};

/// "depth", "18 34 50 101 152": the help is for people, half a line.
struct NetworkParameter {
  std::string_view name, help;
};

/// A published network of a family.
struct ZooEntry {
  std::string_view name;         // "pose_resnet50", the graph's name too
  std::string_view description;  // one line, for people
  ModelOptions options;
};

/// What the authors' configuration says of a network, all but its joints and its input.
struct ConfiguredNetwork {
  Json parameters = Json::object();
  int stride = 4;  // input pixels a heatmap pixel, for inputs that are multiples of the coarsest map's
};

struct NetworkFamily {
  std::string_view name;  // "pose_resnet": ModelOptions::family, and MODEL.NAME of configurations
  std::vector<NetworkParameter> parameters;
  std::vector<ZooEntry> entries;
  /// Names under MODEL.EXTRA that this family alone reads.
  std::vector<std::string_view> config_keys;
  /// Errors: kInvalidArgument, naming the key.
  Result<ConfiguredNetwork> (*from_config)(const ConfigReader& config);
  /// The network with its initial weights. Errors: kInvalidArgument, naming the parameter.
  Result<Graph> (*build)(const Json& parameters);
  /// JSON: the card of a network that finds people, or lifts poses. nullptr: it finds joints, and its card depends on
  /// the configuration.
  const char* card = nullptr;
  bool takes_pictures = true;  // else numbers: it has no "input"

  bool has(std::string_view parameter) const;
};

}  // namespace poise
