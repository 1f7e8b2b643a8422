#include "poise/serve/http/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "poise/serve/http/core.h"
#include "poise/serve/http/http_session.h"

namespace poise {

using asio::ip::tcp;

struct Server::State {
  State(PoseService& service, std::shared_ptr<ServerMetrics> metrics, const ServerOptions& options)
      : core(service, std::move(metrics), options), acceptor(core.context), pause(core.context) {}

  Core core;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::vector<std::thread> threads;
  std::uint16_t port = 0;  // that is listened at

  Status open();
  Status open_tls();
  void accept();
  void take(tcp::socket socket);
  void finish_all();
};

Status Server::State::open_tls() {
  const ServerOptions& options = core.options;
  if (options.certificate.empty() && options.key.empty()) return {};
  if (options.certificate.empty() || options.key.empty())
    return invalid_argument("option \"certificate\" and option \"key\" belong together");
  core.tls.emplace(asio::ssl::context::tls_server);
  beast::error_code error;
  core.tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  core.tls->use_certificate_chain_file(options.certificate, error);
  if (error) return invalid_argument(options.certificate + ": holds no certificate (" + error.message() + ")");
  core.tls->use_private_key_file(options.key, asio::ssl::context::pem, error);
  if (error) return invalid_argument(options.key + ": holds no key of that certificate (" + error.message() + ")");
  return {};
}

Status Server::State::open() {
  const ServerOptions& options = core.options;
  beast::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error)
    return invalid_argument("option \"address\" must be an address, as 127.0.0.1 is: \"" + options.address +
                            "\" is none");
  POISE_RETURN_IF_ERROR(open_tls());
  const tcp::endpoint endpoint(address, options.port);
  const auto failed = [&](const char* what) {
    return io_error(options.address + ":" + std::to_string(options.port) + ": " + what + " (" + error.message() + ")");
  };
  acceptor.open(endpoint.protocol(), error);
  if (error) return failed("cannot be opened");
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  acceptor.bind(endpoint, error);
  if (error) return failed("is not free");
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed("cannot be listened at");
  port = acceptor.local_endpoint(error).port();
  return {};
}

void Server::State::accept() {
  acceptor.async_accept(asio::make_strand(core.context), [this](beast::error_code error, tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) {
      take(std::move(socket));
      return accept();
    }
    // No descriptors left, for one: others will end.
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([this](beast::error_code stopped) {
      if (!stopped && acceptor.is_open()) accept();
    });
  });
}

void Server::State::take(tcp::socket socket) {
  if (core.count() >= core.options.max_connections) return;  // closed with `socket`
  beast::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  beast::tcp_stream stream(std::move(socket));
  if (core.tls) {
    std::make_shared<HttpSession<TlsStream>>(core, TlsStream(std::move(stream), *core.tls))->run();
  } else {
    std::make_shared<HttpSession<beast::tcp_stream>>(core, std::move(stream))->run();
  }
}

void Server::State::finish_all() {
  const std::lock_guard lock(core.mutex);
  for (Connection* connection : core.connections) connection->finish();
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::open(PoseService& service, std::shared_ptr<ServerMetrics> metrics,
                                             const ServerOptions& options) {
  auto state = std::make_unique<State>(service, std::move(metrics), options);
  POISE_RETURN_IF_ERROR(state->open());
  State& open = *state;
  open.accept();
  for (int i = 0; i < std::max(1, options.threads); ++i)
    open.threads.emplace_back([&open] { open.core.context.run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  Core& core = state_->core;
  core.closing = true;
  asio::post(core.context, [this] {
    beast::error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
  });
  core.end();
  core.context.stop();
  for (std::thread& thread : state_->threads) thread.join();
}

std::uint16_t Server::port() const { return state_->port; }

std::size_t Server::connections() const { return state_->core.count(); }

bool Server::drain(std::chrono::milliseconds linger, std::chrono::milliseconds most) {
  Core& core = state_->core;
  const auto until = std::chrono::steady_clock::now() + most;
  core.service.drain();
  std::this_thread::sleep_for(linger);
  asio::post(core.context, [this] {
    beast::error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
  });
  core.closing = true;
  // Some become idle only now: asked again until none is left.
  std::unique_lock lock(core.mutex);
  while (!core.connections.empty() || core.under_way > 0) {
    if (std::chrono::steady_clock::now() >= until) return false;
    lock.unlock();
    state_->finish_all();
    lock.lock();
    core.changed.wait_for(lock, std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace poise
