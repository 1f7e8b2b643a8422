#pragma once
// The worst findings of check_data as one picture, to look at. Reads files, with no state of its own: thread-safe.

#include <filesystem>

#include "poise/data/check.h"
#include "poise/image/image.h"

namespace poise {

/// Up to `most` persons, the kinds of faults taking turns, worst first; each cut out with its joints, its box and the
/// fault in words. An empty picture where no finding can be drawn.
Image draw_sheet(const PoseSet& set, const std::filesystem::path& images, const CheckReport& report, std::size_t most);

}  // namespace poise
