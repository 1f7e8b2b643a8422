#pragma once
// The library speaks of options, parameters and presets, a person of flags: what stands in messages for what.

#include <string>

namespace poise::app {

/// A message of the library as this program says it: `option "resume"` becomes `--resume`, `parameter "deconv_filters"`
/// `--deconv-filters`. What has no flag stays as it is.
std::string with_flags(std::string message);

}  // namespace poise::app
