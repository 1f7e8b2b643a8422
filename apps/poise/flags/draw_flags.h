#pragma once
// The flags that say how people are drawn.

#include <CLI/CLI.hpp>
#include <string>

#include "poise/draw/draw.h"

namespace poise::app {

/// Adds --draw --colours --line-width --alpha --min-score to the command, under the heading `group`; their defaults are
/// those of `options`.
void add_draw_flags(CLI::App& command, DrawOptions& options, const std::string& group);

}  // namespace poise::app
