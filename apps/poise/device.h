#pragma once
// Where the network is run. Two files of this name's kind: one in the program poise, one in poise-torch.

#include <string>

#include "poise/infer/runner.h"

namespace poise::app {

/// Sets what makes a network's runner: "cpu" is the engine's; "cuda" and "cuda:N" are LibTorch's, for which poise
/// becomes poise-torch and starts over. Errors: kUnsupported (a build without LibTorch; no such GPU), kInvalidArgument.
Status set_device(const std::string& device, RunnerOptions& options);

}  // namespace poise::app
