#pragma once
// What a service tells of its work, to whoever counts it. Implementations are thread-safe: called from any thread.

#include <string>

namespace poise {

class ServiceMetrics {
 public:
  enum class Stage { kQueue, kDecode, kFind, kWrite, kAll };
  enum class Refusal { kQueueFull, kDeadline, kClosed };
  virtual ~ServiceMetrics() = default;
  virtual void took(Stage stage, double seconds) = 0;
  virtual void refused(Refusal why) = 0;
  virtual void people(std::size_t count) = 0;
  virtual void waiting(std::size_t requests) = 0;  // that no worker has begun
};

}  // namespace poise
