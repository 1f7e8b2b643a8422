#pragma once
// The HTTP server, where this build has it: two files of this name's kind.

#include <chrono>
#include <functional>
#include <string>

#include "poise/serve/http/server_options.h"
#include "poise/serve/pose_service.h"

namespace poise::app {

struct ServeJob {
  PoseServiceOptions service = {};
  ServerOptions server = {};
  std::chrono::milliseconds linger{0}, most{25'000};  // of the end: Server::drain
  /// Called once it listens: "http://127.0.0.1:8080", and how many workers there are.
  std::function<void(const std::string& address, int workers)> listens = {};
  std::function<void(const std::string& what)> note = {};
};

/// Until SIGTERM or Ctrl-C; then what has come is answered. A second one ends the process at once. Errors:
/// kUnsupported (a build without it), those of PoseService::open and Server::open; kIo where not all was answered in
/// time.
Status serve_http(ServeJob job);

}  // namespace poise::app
