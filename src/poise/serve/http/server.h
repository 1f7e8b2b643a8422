#pragma once
// The service behind an address: HTTP/1.1 and WebSocket, with TLS where certificates are given. What it answers is the
// PoseService's; here connections, limits and their ends are looked after. Thread-safe.
//
//   GET /            the page, and its files         WS /v1/stream   frames in, poses out
//   GET /metrics     for Prometheus                   the rest        PoseService

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "poise/base/result.h"
#include "poise/serve/http/server_options.h"
#include "poise/serve/pose_service.h"

namespace poise {

/// Counts what the service and the server do; GET /metrics prints it.
class ServerMetrics;
/// To be given to the PoseServiceOptions and to the server.
std::shared_ptr<ServerMetrics> make_server_metrics();
std::shared_ptr<ServiceMetrics> service_metrics(const std::shared_ptr<ServerMetrics>& metrics);

class Server {
 public:
  /// Listens. The service must outlive it. Errors: kInvalidArgument (an address that is none, one of certificate and
  /// key alone, what they hold), kIo (the port is taken).
  static Result<std::unique_ptr<Server>> open(PoseService& service, std::shared_ptr<ServerMetrics> metrics,
                                              const ServerOptions& options);
  ~Server();  // closes all connections; requests under way are waited for, their answers are not sent
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::size_t connections() const;

  /// Not ready at once, listens for `linger` longer, then closes what idles, answers what has come, and returns when
  /// nothing is left or `most` has passed; true where nothing is left.
  bool drain(std::chrono::milliseconds linger, std::chrono::milliseconds most);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace poise
