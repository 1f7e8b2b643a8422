#include <signal.h>

#include <cerrno>
#include <cstdlib>
#include <future>

#include "http.h"
#include "poise/serve/http/lambda.h"
#include "poise/serve/http/server.h"

namespace poise::app {
namespace {

/// SIGINT and SIGTERM, waited for by one thread; to be made before any other thread.
class Signals {
 public:
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

 private:
  sigset_t set_{};
};

}  // namespace

Status serve_http(ServeJob job) {
  const Signals signals;
  const auto metrics = make_server_metrics();
  job.service.metrics = service_metrics(metrics);
  POISE_TRY(const auto service, PoseService::open(job.service));
  POISE_TRY(const auto server, Server::open(*service, metrics, job.server));
  const bool is_v6 = job.server.address.find(':') != std::string::npos;
  job.listens((job.server.certificate.empty() ? "http://" : "https://") + (is_v6 ? "[" : std::string()) +
                  job.server.address + (is_v6 ? "]:" : ":") + std::to_string(server->port()),
              service->workers());
  signals.wait();
  job.note("ends: answers what has come; a second signal ends at once");
  auto drained = std::async(std::launch::async, [&] { return server->drain(job.linger, job.most); });
  while (drained.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    constexpr int kAtOnce = 1;
    if (signals.wait_for(std::chrono::milliseconds(20))) std::_Exit(kAtOnce);
  }
  if (!drained.get()) return io_error("not all requests were answered in time");
  return {};
}

Status serve_lambda(const LambdaJob& job) {
  return run_lambda(job.service, {.api = job.api, .loops = job.loops, .log = job.log});
}

}  // namespace poise::app
