#include "poise/train/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "poise/base/printable.h"

namespace poise {
namespace {

/// " (process 12 on host)": what its holder wrote; empty where that cannot be read.
std::string holder(int fd) {
  std::array<char, 256> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  if (size <= 0) return {};
  std::string line(text.data(), static_cast<std::size_t>(size));
  line.resize(std::min(line.size(), line.find('\n')));
  for (char& c : line) c = is_control(c) ? '?' : c;
  return " (" + line + ")";
}

void write_holder(int fd) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string line = "process " + std::to_string(::getpid()) + " on " + host.data() + "\n";
  // For people alone: a run does not fail for want of it.
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, line.data(), line.size(), 0) < 0) return;
}

}  // namespace

Result<RunLock> RunLock::take(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "run.lock";
  RunLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (lock.fd_ < 0) return io_error("cannot write " + path.string() + ": " + std::generic_category().message(errno));
  int locked = 0;
  do {
    locked = ::flock(lock.fd_, LOCK_EX | LOCK_NB);
  } while (locked != 0 && errno == EINTR);
  if (locked != 0 && errno == EWOULDBLOCK) {
    return invalid_argument(folder.string() + ": another training writes there" + holder(lock.fd_) +
                            ": wait for it, or give another option \"out\"");
  }
  if (locked == 0) write_holder(lock.fd_);
  return lock;
}

RunLock::RunLock(RunLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

RunLock& RunLock::operator=(RunLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

RunLock::~RunLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace poise
