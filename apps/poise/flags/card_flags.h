#pragma once
// The flags that say how a network is fed and read, shared by the commands that take them.

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"

namespace poise::app {

struct CardFlags {
  std::string preset, refine, skeleton, colour;
  std::vector<float> mean, std;
  std::optional<float> padding;

  /// Adds --preset --refine --padding --skeleton --colour --mean --std to the command, under the heading `group`.
  void add_to(CLI::App& command, const std::string& group);
  /// Members of a card for the flags that were given, without the preset's. Errors: a skeleton file's.
  Result<Json> json() const;
};

/// The card's members for people, shared by the commands that write model files.
struct CardTexts {
  std::string name, licence, source, training_data, accuracy;

  /// Adds --name --licence --source --training-data --accuracy to the command, under the heading `group`.
  void add_to(CLI::App& command, const std::string& group, const std::string& about_accuracy);
  /// Sets the members that were given, over what the card has.
  void put(Json& card) const;
};

/// "192x256" -> (width, height). Errors: kInvalidArgument, naming the flag.
Result<std::pair<int, int>> parse_sides(const std::string& flag, const std::string& text);

}  // namespace poise::app
