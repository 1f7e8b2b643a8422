#pragma once
// .mat files of version 7.3. A library of its own, poise::mat: libmatio and libhdf5 bring a long chain of others, which
// nobody needs who reads no such file. libhdf5 knows no threads: one thread at a time in a process.

#include <filesystem>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/mat_file.h"

namespace poise {

/// The variables of a file of version 7.3, within parse_mat's bounds: dimensions are checked before anything is read.
/// libmatio and libhdf5 have had holes, so read such files only from people you trust, and one at a time: libhdf5 knows
/// no threads. Errors: kMalformed, kTooLarge; without the path, which read_mat puts in front:
///     read_mat(path, read_mat_hdf5)    read_pose_set(path, format, {.hdf5 = read_mat_hdf5})
Result<std::vector<MatVariable>> read_mat_hdf5(const std::filesystem::path& path);

}  // namespace poise
