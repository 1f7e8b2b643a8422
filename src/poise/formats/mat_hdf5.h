#pragma once
// .mat files of version 7.3. A library of its own, poise::mat: libmatio and libhdf5 bring a long chain of others, which
// nobody needs who reads no such file. Both crash on damaged files, so they run in a process of their own, the helper.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/mat_file.h"

namespace poise {

/// The program `poise` is a helper where this is its first word: {"/usr/bin/poise", kMatHelper}.
inline constexpr const char* kMatHelper = "read-mat-7.3";

/// The variables of a file of version 7.3, within parse_mat's bounds, read by `helper`: a program and its words, to
/// which the path is added. It has a minute; that it crashes is an error like any other. Errors: kMalformed,
/// kUnsupported, kTooLarge, kIo (the helper cannot be started); without the path, which read_mat puts in front:
///     const auto hdf5 = [](const fs::path& path) { return read_mat_hdf5(path, {"/usr/bin/poise", kMatHelper}); };
///     read_mat(path, hdf5)    read_pose_set(path, format, {.hdf5 = hdf5})
/// Thread-safe.
Result<std::vector<MatVariable>> read_mat_hdf5(const std::filesystem::path& path,
                                               const std::vector<std::string>& helper);

/// What a helper does: confines this process for the rest of its life, reads the file, and writes what it found, or
/// what is wrong, to `descriptor`. The process has then 1 GiB more memory and 30 seconds of processor time within a
/// minute, can open files to read alone and start nothing (system calls are filtered where Linux runs on x86-64 or
/// ARM64). For a program's own process that does nothing else. Errors: kIo, the descriptor cannot be written.
Status serve_mat_hdf5(const std::filesystem::path& path, int descriptor);

/// The helper's answer, which is trusted no more than the file. Errors: kMalformed; the error that the helper reports.
Result<std::vector<MatVariable>> parse_mat_answer(std::string_view answer);
std::string mat_answer(const Result<std::vector<MatVariable>>& variables);

}  // namespace poise
