#include <cstdlib>
#include <future>

#include "http.h"
#include "poise/serve/http/server.h"
#include "signals.h"

namespace poise::app {

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

}  // namespace poise::app
