#pragma once
// Programs beside this one: what needs LibTorch is apart, since it takes a second to load, and what needs FFmpeg.

#include <string>
#include <vector>

#include "poise/base/result.h"

namespace poise::app {

/// Whether this program's folder has one of that name.
bool is_beside(const std::string& name);

/// Becomes the program `name` of this one's folder, with these words after its own name. Returns only where that
/// failed: kUnsupported, this build has none; kIo.
Error become(const std::string& name, const std::vector<std::string>& words);

/// The words this program was started with, without its own name.
std::vector<std::string> own_words();

}  // namespace poise::app
