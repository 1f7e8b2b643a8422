#pragma once
// Keeps a second training out of a run's folder.

#include <filesystem>

#include "poise/base/result.h"

namespace poise {

/// Held until it is destroyed or its process ends, however that ends: the system releases it, the file that it is tied
/// to (run.lock, with the process and its host in it, for people) may stay. Movable.
class RunLock {
 public:
  /// The folder must be there. On file systems without locks the run goes on without one. Errors: kInvalidArgument
  /// (another training holds it), kIo.
  static Result<RunLock> take(const std::filesystem::path& folder);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace poise
