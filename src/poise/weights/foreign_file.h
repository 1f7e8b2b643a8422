#pragma once
// Files that people take for network files or checkpoints and that are neither, told by how they start. Internal to
// weights.

#include <cstddef>
#include <string>

#include "poise/base/file.h"

namespace poise {

/// So many bytes tell every kind of file that is known; a shorter file is told by what it has.
inline constexpr std::size_t kStartBytes = 4096;

/// What such a file is, and what to do: "it is a picture: name a network's file". Empty: none that is known.
std::string foreign_file(BytesView start);

}  // namespace poise
