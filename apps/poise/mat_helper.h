#pragma once
// .mat files of version 7.3, which a second process of this program reads (formats/mat_hdf5.h).

#include <filesystem>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/mat_file.h"

namespace poise::app {

/// A MatHdf5Reader.
Result<std::vector<MatVariable>> read_mat_apart(const std::filesystem::path& path);

/// Whether this process is that second one.
bool is_mat_helper(int argc, char** argv);
/// What it does; its exit code.
int be_mat_helper(const std::filesystem::path& path);

}  // namespace poise::app
