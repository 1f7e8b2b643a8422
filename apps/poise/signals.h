#pragma once
// SIGINT and SIGTERM, waited for by the main thread.

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <chrono>

namespace poise::app {

class Signals {
 public:
  /// From now on they do nothing but wake who waits. Threads that are there already, and do not wait, must not get
  /// them: the main thread comes first while it waits, no other does.
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) == EINTR) {
    }
  }
  /// Whether one came within the time.
  bool wait_for(std::chrono::milliseconds time) const {
    const timespec span{time.count() / 1000, time.count() % 1000 * 1'000'000};
    return sigtimedwait(&set_, nullptr, &span) > 0;
  }
  /// Ends the thread's wait().
  static void wake(pthread_t thread) { pthread_kill(thread, SIGTERM); }

 private:
  sigset_t set_{};
};

}  // namespace poise::app
