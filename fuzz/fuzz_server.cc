// What a client may send over its connection, byte by byte: requests one behind the other, bodies in chunks, the frames
// of a WebSocket. The server answers or hangs up, and then answers the next one.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "poise/serve/http/server.h"

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

/// One for all inputs; it lives as long as the program.
struct Running {
  std::unique_ptr<poise::PoseService> service;
  std::unique_ptr<poise::Server> server;

  Running() {
    const auto metrics = poise::make_server_metrics();
    service = poise::PoseService::open({.finder = {.whole_picture = true},
                                        .workers = 1,
                                        .max_pixels = 4096,
                                        .metrics = poise::service_metrics(metrics)})
                  .value();
    poise::ServerOptions options;
    options.port = 0;
    options.max_body = options.max_frame = 1U << 16U;
    server = poise::Server::open(*service, metrics, options).value();
  }
};

/// Sends all of it, then says that nothing more comes; what is answered until the server hangs up is read. The first
/// bytes of it.
std::string_view talk(std::uint16_t port, std::string_view text, char (&start)[16]) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  expect(fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // it has hung up on too much
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(fd, SHUT_WR);
  ssize_t got = ::recv(fd, start, sizeof(start), MSG_WAITALL);
  const std::string_view begin(start, got > 0 ? static_cast<std::size_t>(got) : 0);
  char rest[4096];
  while (got > 0) got = ::recv(fd, rest, sizeof(rest), 0);
  ::close(fd);
  return begin;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Running running;
  const std::uint16_t port = running.server->port();
  char start[16];
  const std::string_view answer = talk(port, {reinterpret_cast<const char*>(data), size}, start);
  expect(answer.empty() || answer.starts_with("HTTP/1."));
  expect(talk(port, "GET /healthz HTTP/1.0\r\n\r\n", start).starts_with("HTTP/1.0 200"));
  return 0;
}
