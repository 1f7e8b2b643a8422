#include "poise/weights/torch/byte_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "poise/base/counted.h"
#include "poise/base/sha256.h"

namespace poise {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian, and are copied as they are");

std::string reason(int error) { return std::generic_category().message(error); }

Status check_range(std::uint64_t offset, std::uint64_t count, std::uint64_t size) {
  if (offset > size || count > size - offset)
    return malformed("it has " + counted(size, "byte") + ", " + std::to_string(count) + " are wanted from offset " +
                     std::to_string(offset) + ": is it truncated?");
  return {};
}

}  // namespace

Result<std::uint64_t> ByteSource::read_u64(std::uint64_t offset) {
  std::uint64_t value = 0;
  POISE_RETURN_IF_ERROR(read(offset, {reinterpret_cast<std::uint8_t*>(&value), sizeof value}));
  return value;
}

Status MemorySource::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  POISE_RETURN_IF_ERROR(check_range(offset, out.size(), bytes_.size()));
  if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
  return {};
}

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path) {
  if (path.native().find('\0') != std::string::npos) return not_found("no such file: the name holds a NUL byte");
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  std::unique_ptr<FileSource> file(new FileSource(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)));
  if (file->fd_.get() < 0) {
    const int failure = errno;
    if (failure == ENOENT || failure == ENOTDIR) return not_found("there is no such file");
    return io_error("it cannot be read: " + reason(failure));
  }
  if (::fstat(file->fd_.get(), &file->info_) != 0 || !S_ISREG(file->info_.st_mode))
    return io_error("it is not a regular file");
  return file;
}

Status FileSource::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  POISE_RETURN_IF_ERROR(check_range(offset, out.size(), size()));
  while (!out.empty()) {
    const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("it cannot be read: " + reason(errno));
    if (got == 0) return io_error("it became shorter while it was read: read it again");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Result<std::string> FileSource::hash() {
  constexpr std::size_t kBlock = std::size_t{1} << 18U;
  Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, size())));
  Sha256 hash;
  for (std::uint64_t at = 0; at < size(); at += block.size()) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), size() - at));
    POISE_RETURN_IF_ERROR(read(at, std::span(block).first(want)));
    hash.update(BytesView(block).first(want));
  }
  struct stat now {};
  if (::fstat(fd_.get(), &now) != 0 || now.st_size != info_.st_size || now.st_mtim.tv_sec != info_.st_mtim.tv_sec ||
      now.st_mtim.tv_nsec != info_.st_mtim.tv_nsec)
    return io_error("it changed while it was read: read it again");
  return hash.hex();
}

}  // namespace poise
