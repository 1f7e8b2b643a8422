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

/// A file that grows piece by piece: under a temporary name beside `path` until commit() gives it that name. Where
/// there is no commit(), nothing is left.
class GrowingFile {
 public:
  /// Makes the parent folders and follows a symbolic link. Errors: kIo, naming the path and the reason; a folder, a
  /// pipe or a device in its place is one.
  static Result<GrowingFile> create(const std::filesystem::path& path);
  GrowingFile(GrowingFile&& other) noexcept;
  GrowingFile& operator=(GrowingFile&&) = delete;
  ~GrowingFile();
  /// To read, write and seek; it stays this object's.
  int descriptor() const { return descriptor_; }
  /// Writes at the descriptor's place; at the file's end, all or nothing. Errors: kIo, naming the path and the reason.
  Status append(std::string_view text);
  /// All of it is on the disk, and has its name. Errors: kIo; the old file is then untouched. Once.
  Status commit();

 private:
  GrowingFile(std::filesystem::path target, std::filesystem::path temporary, int descriptor);
  std::filesystem::path target_, temporary_;
  int descriptor_ = -1;
};

/// Removes the temporary files of write_file_atomic() and GrowingFile that killed processes of this host and user left
/// in `folder`: those whose lock nobody holds any more, whatever process has their number now. What cannot be removed
/// stays.
void remove_abandoned(const std::filesystem::path& folder);

/// Tries a folder before any work, so that an hour of it is not lost: makes it, removes what killed processes left
/// there, writes a file of a name of its own into it and removes that. No file that was there is touched. Errors: kIo,
/// naming the folder and the reason.
Status prepare_folder(const std::filesystem::path& folder);
/// The same of the folder of a file that is to be written; a pipe or a device is taken as it is. Errors also: a folder
/// of the file's name is in the way.
Status prepare_file(const std::filesystem::path& file);

}  // namespace poise
