#pragma once
// Files that are read piece by piece. Thread-safe: no shared state.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "poise/base/result.h"

namespace poise {

/// A file to read through, once. Devices and sockets are refused, and so is what would be waited for without end: a
/// pipe without a writer, a file like /proc/kmsg. Messages do not name the path.
class InputFile {
 public:
  /// Errors: kNotFound, kIo (a folder, no permission, no file).
  static Result<InputFile> open(const std::filesystem::path& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();
  /// Bytes now read into `into`, which is not empty; 0 at the end. Errors: kIo.
  Result<std::size_t> read(std::span<std::uint8_t> into);
  std::uint64_t size() const { return size_; }  // as far as it is known: 0 of a pipe, and of files in /proc

 private:
  explicit InputFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  bool is_pipe_ = false, has_given_ = false;
};

}  // namespace poise
