#pragma once
// The library's messages name options and parameters, a person types flags.

#include <string>
#include <string_view>

namespace poise::app {

/// A message of the library with its options as flags: `option "max_memory"` becomes `--max-memory`, `option "preset"
/// of the detector` `--detector-preset`, `parameter "deconv_filters"` `--deconv-filters`. Nothing else is changed.
std::string with_flags(std::string_view message);

}  // namespace poise::app
