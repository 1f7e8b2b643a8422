#pragma once
// How the server listens, and its limits. A plain value: distinct ones in any threads.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace poise {

struct ServerOptions {
  std::string address = "127.0.0.1";                      // of this machine; 0.0.0.0 and ::: all of its addresses
  std::uint16_t port = 8080;                              // 0: any that is free
  std::string certificate, key;                           // PEM files; both, or no TLS
  std::string token;                                      // what requests must bear; empty: nothing
  std::uint64_t max_body = 16U << 20U;                    // bytes of a request
  std::uint64_t max_frame = 4U << 20U;                    // bytes of a WebSocket message
  std::size_t max_connections = 1024;                     // those beyond are closed
  std::size_t max_streams = 64;                           // WebSockets at the same time
  std::chrono::milliseconds header_time{10'000};          // for a request's header to come
  std::chrono::milliseconds body_time{30'000};            // for its body
  std::chrono::milliseconds write_time{30'000};           // for an answer to be taken
  std::chrono::milliseconds idle_time{60'000};            // between the requests of a connection
  int threads = 1;                                        // that carry bytes; the work is the service's
  std::function<void(const std::string& json_line)> log;  // one line a request, from any thread; empty: none
};

}  // namespace poise
