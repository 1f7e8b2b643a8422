#include "poise/data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace poise {
namespace {

Error refused(const char* what) {
  return io_error(std::string(what) + " (" + std::generic_category().message(errno) + ")");
}

Result<BytesView> map(int file, std::uint64_t max_bytes) {
  struct stat about {};
  if (fstat(file, &about) != 0) return refused("cannot be looked at");
  if (!S_ISREG(about.st_mode)) return io_error("is no plain file");
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size > max_bytes) {
    return too_large("has " + std::to_string(size) + " bytes, the limit is " + std::to_string(max_bytes));
  }
  if (size == 0) return BytesView();
  void* memory = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) return refused("cannot be mapped into memory");
  return BytesView(static_cast<const std::uint8_t*>(memory), static_cast<std::size_t>(size));
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return errno == ENOENT ? not_found("no such file") : refused("cannot be opened");
  const auto bytes = map(file, max_bytes);
  ::close(file);
  if (!bytes.ok()) return bytes.error();
  return MappedFile(*bytes);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace poise
