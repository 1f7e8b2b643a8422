#pragma once
// Bounded reads and atomic writes. Thread-safe: no shared state.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

/// The whole file. Errors: kNotFound, kIo (a folder, no permission), kTooLarge over max_bytes (checked before
/// allocation where the size is known, and while reading where it is not). Pipes are read; a device is refused.
/// Messages do not name the path.
Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// Writes a temporary file beside `path`, then renames it: a reader sees the old file or the whole new one.
/// Makes the parent folders, follows a symbolic link, keeps the old file's permissions; a pipe or device (/dev/null)
/// is written to as it is. On failure the old file is untouched. Errors: kIo, naming the path and the reason.
Status write_file_atomic(const std::filesystem::path& path, BytesView bytes);
Status write_file_atomic(const std::filesystem::path& path, std::string_view text);

/// Removes the temporary files of write_file_atomic() that killed processes of this host and user left in `folder`:
/// those whose lock nobody holds any more, whatever process has their number now. What cannot be removed stays.
void remove_abandoned(const std::filesystem::path& folder);

/// Tries a folder before any work, so that an hour of it is not lost: makes it, removes what killed processes left
/// there, writes a file of a name of its own into it and removes that. No file that was there is touched. Errors: kIo,
/// naming the folder and the reason.
Status prepare_folder(const std::filesystem::path& folder);

}  // namespace poise
