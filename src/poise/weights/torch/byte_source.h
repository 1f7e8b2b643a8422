#pragma once
// Where checkpoints are read from, file or memory alike.

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "poise/base/descriptor.h"
#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

/// Bytes that may be read anywhere: a file, or memory. Not thread-safe.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  virtual std::uint64_t size() const = 0;
  /// Fills all of `out` from `offset`. Errors: kMalformed past the end, kIo.
  virtual Status read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
  /// All bytes, where they lie in memory already; else empty.
  virtual BytesView view() const { return {}; }

  /// Little-endian. Errors: those of read().
  Result<std::uint64_t> read_u64(std::uint64_t offset);
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(BytesView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status read(std::uint64_t offset, std::span<std::uint8_t> out) override;
  BytesView view() const override { return bytes_; }

 private:
  BytesView bytes_;
};

class FileSource : public ByteSource {
 public:
  /// Errors: kNotFound, kIo (not a regular file, no permission). Messages do not name the path.
  static Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path);

  std::uint64_t size() const override { return static_cast<std::uint64_t>(info_.st_size); }
  Status read(std::uint64_t offset, std::span<std::uint8_t> out) override;
  /// SHA-256 of the whole file, hexadecimal. Errors: kIo, also where the file has changed since it was opened, so that
  /// the hash is of the bytes that were read before.
  Result<std::string> hash();

 private:
  explicit FileSource(int fd) : fd_(fd) {}
  Descriptor fd_;
  struct stat info_ {};
};

}  // namespace poise
