#pragma once
// Files by their descriptors, closed whatever happens.

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace poise {

/// A file descriptor, closed on every way out; negative: none. One thread at a time.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  /// 0, or errno: some file systems report a failed write only here. After it, and of none, it does nothing.
  int close() {
    if (fd_ < 0) return 0;
    const int result = ::close(std::exchange(fd_, -1));
    return result == 0 || errno == EINTR ? 0 : errno;
  }

 private:
  int fd_;
};

}  // namespace poise
