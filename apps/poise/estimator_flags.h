#pragma once
// The flags that say how the network is run, shared by the commands that estimate poses.

#include <CLI/CLI.hpp>
#include <string>

#include "poise/infer/estimator.h"

namespace poise::app {

/// Adds --flip-test --batch --threads --backend --precision --device to the command; `device` is for set_device().
void add_estimator_flags(CLI::App& command, EstimatorOptions& options, std::string& device);

}  // namespace poise::app
