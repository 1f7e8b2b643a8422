#include "poise/weights/onnx/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "poise/base/counted.h"
#include "poise/base/descriptor.h"
#include "poise/base/printable.h"

namespace poise {
namespace {

bool is_plain_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

Error refused(const std::string& file, const char* why) {
  return unsupported("external data " + file + " " + why + ": copy it beside the model as a plain file");
}

Status read_all(int fd, std::uint64_t offset, std::string& out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(std::generic_category().message(errno));
    if (got == 0) return malformed("it became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

Result<std::string> ExternalData::read(const std::string& location, std::uint64_t offset,
                                       std::optional<std::uint64_t> length, std::uint64_t need) {
  const std::string file = printable(location);
  if (folder_.empty()) return unsupported("external data " + file + " is not followed: the model has no folder here");
  if (!is_plain_name(location)) return refused(file, "is not a plain file name");
  if (length && *length != need)
    return malformed("external data " + file + " states " + counted(*length, "byte") + ", the shape wants " +
                     std::to_string(need));

  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const Descriptor fd(::open((folder_ / location).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ELOOP) return refused(file, "is a symbolic link");
    if (errno == ENOENT) return not_found("external data " + file + " is not in the model's folder");
    return io_error("external data " + file + ": " + std::generic_category().message(errno));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return io_error("external data " + file + " cannot be examined");
  if (!S_ISREG(info.st_mode)) return refused(file, "is not a regular file");
  if (info.st_nlink != 1) return refused(file, "has other hard links");

  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > max_bytes_)
    return too_large("external data " + file + " has " + counted(size, "byte") + ", the limit is " +
                     std::to_string(max_bytes_));
  if (offset > size || need > size - offset)
    return malformed("external data " + file + " has " + counted(size, "byte") + ", " + std::to_string(need) +
                     " are wanted from offset " + std::to_string(offset));
  std::uint64_t& taken = taken_[location];
  if (need > size - std::min(taken, size))
    return malformed("external data " + file + " is asked for more bytes than it holds: tensors overlap");
  taken += need;

  std::string bytes(static_cast<std::size_t>(need), '\0');
  if (Status status = read_all(fd.get(), offset, bytes); !status.ok())
    return status.error().prefixed("external data " + file);
  return bytes;
}

}  // namespace poise
