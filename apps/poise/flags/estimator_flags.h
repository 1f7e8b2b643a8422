#pragma once
// The flags that say how the network is run, shared by the commands that estimate poses.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "poise/infer/estimator.h"

namespace poise::app {

/// Adds --threads --backend --precision --deterministic --max-memory --device to the command; `device` is for
/// set_device().
void add_runner_flags(CLI::App& command, RunnerOptions& options, std::string& device);
/// Adds --flip-test --batch and those of add_runner_flags to the command.
void add_estimator_flags(CLI::App& command, EstimatorOptions& options, std::string& device);

/// Adds --max-memory to the command.
void add_memory_flag(CLI::App& command, std::uint64_t& bytes);

/// The engine's names of precisions, and what else --precision takes.
std::vector<std::string> precision_names_and(const std::string& other);

}  // namespace poise::app
