#pragma once
// The flags that say what a service finds poses with, shared by `poise serve` and `poise lambda`.

#include <CLI/CLI.hpp>
#include <string>

#include "flags/card_flags.h"
#include "flags/people_flags.h"
#include "poise/serve/pose_service.h"

namespace poise::app {

struct ServiceFlags {
  std::string model, device = "cpu";
  DetectorFlags detector;
  CardFlags card;

  /// Adds them to the command; those that are options of the service as they are go there.
  void add_to(CLI::App& command, PoseServiceOptions& service);
  /// The rest, once they are parsed. Errors: those of set_device and of the card.
  Status put(PoseFinderOptions& finder) const;
};

/// Adds --max-pixels to the command, under the heading `group`.
void add_max_pixels_flag(CLI::App& command, PoseServiceOptions& service, const std::string& group);

}  // namespace poise::app
