#pragma once
// A connection of HTTP/1.1: one request at a time, each within its limits. Internal to serve/http.

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "poise/serve/http/core.h"
#include "poise/serve/http/websocket_session.h"

namespace poise {

using TlsStream = beast::ssl_stream<beast::tcp_stream>;

template <typename Stream>
class HttpSession : public Connection, public std::enable_shared_from_this<HttpSession<Stream>> {
 public:
  HttpSession(Core& core, Stream&& stream) : core_(core), stream_(std::move(stream)) { core_.add(this); }
  ~HttpSession() override { core_.remove(this); }

  void run() {
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->begin(); });
  }

  void finish() override {
    const auto weak = this->weak_from_this();
    asio::post(stream_.get_executor(), [weak] {
      const auto self = weak.lock();
      if (!self || !self->idle_) return;
      beast::error_code ignored;
      auto& socket = beast::get_lowest_layer(self->stream_).socket();
      if (socket.available(ignored) == 0) socket.close(ignored);  // what has come is answered yet
    });
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;
  static constexpr std::size_t kHeaderBytes = 8192;

  void expires_after(std::chrono::milliseconds time) { beast::get_lowest_layer(stream_).expires_after(time); }

  void begin() {
    if constexpr (kTls) {
      expires_after(core_.options.header_time);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](beast::error_code error) {
                                if (!error) self->wait_for_request(self->core_.options.header_time);
                              });
    } else {
      wait_for_request(core_.options.header_time);
    }
  }

  /// Until the first byte of the next one.
  void wait_for_request(std::chrono::milliseconds most) {
    if (buffer_.size() > 0) return read_header();
    if (core_.closing) return hang_up();
    idle_ = true;
    expires_after(most);
    stream_.async_read_some(buffer_.prepare(kHeaderBytes),
                            [self = this->shared_from_this()](beast::error_code error, std::size_t size) {
                              self->idle_ = false;
                              if (error) return self->hang_up();
                              self->buffer_.commit(size);
                              self->read_header();
                            });
  }

  void read_header() {
    begun_ = Clock::now();
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    parser_->body_limit(core_.options.max_body);
    chunks_ = 0;
    on_chunk_ = [this](std::uint64_t, beast::string_view extensions, beast::error_code& error) {
      constexpr std::size_t kMostChunks = 65'536;
      constexpr std::size_t kMostExtensions = 256;
      if (++chunks_ > kMostChunks || extensions.size() > kMostExtensions) error = http::error::body_limit;
    };
    parser_->on_chunk_header(on_chunk_);
    expires_after(core_.options.header_time);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                              if (error) return self->refuse_bytes(error);
                              self->read_body();
                            });
  }

  void read_body() {
    if (auto refused = refuse_header(parser_->get(), core_)) {
      has_rest_ = !parser_->is_done();
      return answer_refused(std::move(*refused));
    }
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue") && !parser_->is_done()) return go_ahead();
    read_rest();
  }

  void go_ahead() {
    auto response = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
    expires_after(core_.options.write_time);
    http::async_write(stream_, *response,
                      [self = this->shared_from_this(), response](beast::error_code error, std::size_t) {
                        error ? self->hang_up() : self->read_rest();
                      });
  }

  void read_rest() {
    expires_after(core_.options.body_time);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                       if (error) return self->refuse_bytes(error);
                       self->take();
                     });
  }

  /// What is no request, or too much of one.
  void refuse_bytes(beast::error_code error) {
    has_rest_ = true;
    if (error == http::error::header_limit)
      return answer_refused(error_response(431, "too_large", "the header is longer than 8 KiB"));
    if (error == http::error::body_limit) {
      return answer_refused(error_response(
          413, "too_large", "the body is longer than " + std::to_string(core_.options.max_body) + " bytes"));
    }
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error.category() != make_error_code(http::error::bad_method).category())
      return hang_up();
    answer_refused(error_response(400, "malformed", "this is no HTTP request: " + error.message()));
  }

  void answer_refused(HttpResponse response) {
    HttpRequest request;
    request.id = request_id(parser_->get());
    request.method = std::string(parser_->get().method_string());
    request.path = std::string(parser_->get().target()).substr(0, parser_->get().target().find('?'));
    head_ = {std::move(request), 11, false, false, 0};
    send(std::move(response));
  }

  void take() {
    StringRequest request = parser_->release();
    const std::size_t size = request.body().size();
    const unsigned version = request.version();
    const bool keeps = request.keep_alive();
    const bool upgrades = websocket::is_upgrade(request);
    if (upgrades) return upgrade(std::move(request));
    auto taken = to_request(std::move(request));
    if (!taken.ok()) return answer_refused(error_response(taken.error()));
    head_ = {*taken, version, keeps, taken->method == "HEAD", size};
    head_.request.body.clear();
    if (auto here = answer_here(*taken, core_)) return send(std::move(*here));
    ask(std::move(*taken));
  }

  void upgrade(StringRequest request) {
    constexpr std::string_view kPath = "/v1/stream";
    const std::string target(request.target());
    auto refused = [&]() -> std::optional<HttpResponse> {
      if (target.substr(0, target.find('?')) != kPath)
        return error_response(404, "not_found", "streams are taken at /v1/stream");
      if (core_.streams >= core_.options.max_streams || core_.closing)
        return error_response(503, "busy", "as many streams are open as may");
      return std::nullopt;
    }();
    if (refused) return answer_refused(std::move(*refused));
    std::make_shared<WebSocketSession<Stream>>(core_, std::move(stream_))->run(std::move(request));
  }

  /// The service's. A client that goes meanwhile is not worked for.
  void ask(HttpRequest request) {
    beast::get_lowest_layer(stream_).expires_never();
    if (!core_.begin_request()) return hang_up();
    waiting_ = true;
    auto reply = [self = this->shared_from_this()](HttpResponse response) mutable {
      Core& core = self->core_;
      pass_on(std::move(self), std::move(response));
      core.end_request();  // from here on the server may be gone, and nothing of it is held
    };
    const CancelFlag cancelled = core_.service.answer(std::move(request), std::move(reply));
    watch(cancelled);
  }

  /// From a thread of the service to one of the connection's.
  static void pass_on(std::shared_ptr<HttpSession> self, HttpResponse response) {
    auto shared = std::make_shared<HttpResponse>(std::move(response));
    asio::post(self->stream_.get_executor(), [self, shared] {
      self->waiting_ = false;
      self->send(std::move(*shared));
    });
  }

  void watch(const CancelFlag& cancelled) {
    if (!waiting_) return;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    socket.async_wait(asio::ip::tcp::socket::wait_read,
                      [self = this->shared_from_this(), cancelled](beast::error_code error) {
                        if (!error && self->waiting_) self->look(cancelled);
                      });
  }

  /// Something can be read: the next request, the end of what the client sends, or nothing ever again.
  void look(const CancelFlag& cancelled) {
    beast::error_code failed;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    char byte = 0;
    socket.non_blocking(true, failed);
    socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, failed);
    if (failed == asio::error::eof) return ask_whether_gone(cancelled);
    if (failed && failed != asio::error::would_block) cancelled->store(true);
  }

  /// Who sends no more may still read, or have gone: the first bytes to arrive there tell, since a client that has gone
  /// answers them with a reset. Bytes that anyone who speaks HTTP/1.1 passes over; TLS ends both ways at once, and what
  /// cannot be told is taken for a client that waits.
  void ask_whether_gone(const CancelFlag& cancelled) {
    if constexpr (kTls) return cancelled->store(true);
    if (head_.version < 11) return;
    constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
    beast::error_code failed;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    // The answer before has been taken by the system whole, so that these few bytes are, too.
    if (socket.send(asio::buffer(kGoOn), 0, failed) != kGoOn.size()) return cancelled->store(true);
    socket.async_wait(asio::ip::tcp::socket::wait_error,
                      [self = this->shared_from_this(), cancelled](beast::error_code stopped) {
                        if (!stopped && self->waiting_) cancelled->store(true);
                      });
  }

  void send(HttpResponse response) {
    beast::error_code ignored;
    beast::get_lowest_layer(stream_).socket().cancel(ignored);  // watch()
    const bool keeps = head_.keep_alive && !core_.closing;
    const int status = response.status;
    const std::size_t size = response.body.size();
    response_.emplace(to_response(std::move(response), head_.request.id, head_.version, keeps, head_.without_body));
    log_request(core_, head_.request, status, std::chrono::duration<double>(Clock::now() - begun_).count(),
                head_.bytes_in, size);
    expires_after(core_.options.write_time);
    http::async_write(stream_, *response_,
                      [self = this->shared_from_this(), keeps](beast::error_code error, std::size_t) {
                        self->response_.reset();
                        if (error) return self->hang_up();
                        if (!keeps) return self->part();
                        self->wait_for_request(self->core_.options.idle_time);
                      });
  }

  /// After the last answer: what the client still sends is read for a moment, since closing at once would reset the
  /// connection before the answer arrives.
  void part() {
    beast::error_code ignored;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    if constexpr (!kTls) socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    if (!has_rest_) {
      if constexpr (kTls) {
        expires_after(std::chrono::seconds(2));
        stream_.async_shutdown([self = this->shared_from_this()](beast::error_code) { self->hang_up(); });
        return;
      }
    }
    until_ = Clock::now() + std::chrono::seconds(2);
    pass_over();
  }

  void pass_over() {
    if (Clock::now() >= until_) return hang_up();
    expires_after(std::chrono::seconds(2));
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kHeaderBytes * 8),
                            [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                              error ? self->hang_up() : self->pass_over();
                            });
  }

  void hang_up() {
    beast::error_code ignored;
    beast::get_lowest_layer(stream_).socket().close(ignored);
  }

  struct Head {
    HttpRequest request;  // without its body
    unsigned version = 11;
    bool keep_alive = false, without_body = false;
    std::size_t bytes_in = 0;
  };

  Core& core_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::function<void(std::uint64_t, beast::string_view, beast::error_code&)> on_chunk_;
  std::size_t chunks_ = 0;
  std::optional<http::response<http::string_body>> response_;
  Head head_;
  Clock::time_point begun_, until_;
  bool idle_ = false, waiting_ = false, has_rest_ = false;
};

}  // namespace poise
