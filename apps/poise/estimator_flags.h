#pragma once
// The flags that say how the network is run, shared by the commands that estimate poses.

#include <CLI/CLI.hpp>

#include "poise/infer/estimator.h"

namespace poise::app {

/// Adds --flip-test --batch --threads --backend to the command.
void add_estimator_flags(CLI::App& command, EstimatorOptions& options);

}  // namespace poise::app
