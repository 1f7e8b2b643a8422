#pragma once
// OpenMP's threads spin for milliseconds while they wait for each other, which is the fastest way on a machine that
// does nothing else, and the slowest on any other: beside two busy processes, or with two user threads that each run a
// network, most of the time is spent waiting for a thread that another one's spinning keeps from running.

#include <memory>

namespace poise {

/// While one of these lives, waiting threads sleep at once. For programs, which make one at their start; a library
/// leaves the choice to its user: make one, or start the process with OMP_WAIT_POLICY=passive, which is the same. Small
/// networks lose up to a tenth of their speed on a quiet machine; a process started with GOMP_SPINCOUNT=2000, as
/// Poise's programs start themselves, loses nothing on either.
///
/// It costs threads that sleep, one more than there are processors: GNU's libgomp stops spinning where it manages more
/// threads than it has processors (config/linux/wait.h, do_spin) and has no function to say so. Nothing happens where
/// OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, or with another OpenMP. Thread-safe.
class PassiveThreads {
 public:
  PassiveThreads();
  ~PassiveThreads();
  PassiveThreads(const PassiveThreads&) = delete;
  PassiveThreads& operator=(const PassiveThreads&) = delete;
  /// Whether it is in force.
  bool active() const { return state_ != nullptr; }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace poise
