#pragma once
// A file as read-only memory for any threads; pages come in as they are touched, and cost nothing once others need it.

#include <cstdint>
#include <filesystem>

#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

class MappedFile {
 public:
  /// Errors: kNotFound, kIo (no plain file, no permission), kTooLarge over max_bytes. Messages do not name the path.
  /// The file must not be cut short while it is mapped: the system ends a process that touches what is gone.
  static Result<MappedFile> open(const std::filesystem::path& path, std::uint64_t max_bytes);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  BytesView bytes() const { return bytes_; }

 private:
  explicit MappedFile(BytesView bytes) : bytes_(bytes) {}
  BytesView bytes_;
};

}  // namespace poise
