#pragma once
// Version 7.3 of .mat files by libmatio and libhdf5. Not for users: a damaged file can crash those libraries, so that
// mat_hdf5.h has them read in a process of their own.

#include <filesystem>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/mat_file.h"

namespace poise {

/// The variables of a file of version 7.3, within parse_mat's bounds. What each claims to hold is held against what is
/// stored of it before libmatio sees the file; links to other files are refused. libhdf5 knows no threads. Errors:
/// kMalformed, kUnsupported, kTooLarge; without the path.
Result<std::vector<MatVariable>> read_mat_hdf5_here(const std::filesystem::path& path);

}  // namespace poise
