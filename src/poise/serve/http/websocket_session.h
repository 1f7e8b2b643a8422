#pragma once
// A stream of frames over a WebSocket: each binary message is a picture, each answer JSON. Internal to serve/http.

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "poise/serve/http/core.h"

namespace poise {

namespace websocket = beast::websocket;

template <typename Stream>
class WebSocketSession : public Connection, public std::enable_shared_from_this<WebSocketSession<Stream>> {
 public:
  WebSocketSession(Core& core, Stream&& stream) : core_(core), socket_(std::move(stream)) {
    core_.add(this);
    core_.metrics->streams(++core_.streams);
  }
  ~WebSocketSession() override {
    if (frames_) core_.remove(frames_);
    core_.metrics->streams(--core_.streams);
    core_.remove(this);
  }

  void run(StringRequest request) {
    beast::get_lowest_layer(socket_).expires_never();
    websocket::stream_base::timeout timeouts = websocket::stream_base::timeout::suggested(beast::role_type::server);
    timeouts.handshake_timeout = core_.options.header_time;
    timeouts.idle_timeout = core_.options.idle_time;
    timeouts.keep_alive_pings = true;
    socket_.set_option(timeouts);
    socket_.read_message_max(core_.options.max_frame);
    auto self = this->shared_from_this();
    auto kept = std::make_shared<StringRequest>(std::move(request));
    socket_.async_accept(*kept, [self, kept](beast::error_code error) {
      if (error) return;
      self->open_ = true;
      if (self->closing_) return self->write_close();  // finish() came first
      // The stream outlives this connection where a frame of it is being looked at: it may find it gone.
      std::weak_ptr<WebSocketSession> weak = self;
      self->frames_ = self->core_.service.open_stream([weak](std::string json) {
        const auto session = weak.lock();
        if (!session) return;
        asio::post(session->socket_.get_executor(),
                   [session, json = std::move(json)]() mutable { session->send(std::move(json)); });
      });
      if (self->core_.add(self->frames_)) self->read();
    });
  }

  void finish() override {
    const auto weak = this->weak_from_this();
    asio::post(socket_.get_executor(), [weak] {
      if (const auto session = weak.lock()) session->close();
    });
  }

 private:
  void read() {
    socket_.async_read(buffer_, [self = this->shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      std::string bytes = beast::buffers_to_string(self->buffer_.data());
      self->buffer_.consume(self->buffer_.size());
      if (self->socket_.got_binary()) {
        self->frames_->frame(std::move(bytes));
      } else {
        self->send(R"({"error":"send each frame as a binary message: the bytes of a JPEG, PNG or WebP picture"})");
      }
      self->read();
    });
  }

  /// Where the client takes answers slower than they come, the newest counts.
  void send(std::string text) {
    constexpr std::size_t kMostWaiting = 2;
    if (closing_) return;
    if (answers_.size() == kMostWaiting) answers_.pop_back();
    answers_.push_back(std::move(text));
    if (answers_.size() == 1) write();
  }

  void write() {
    socket_.text(true);
    socket_.async_write(asio::buffer(answers_.front()),
                        [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                          if (error) return;
                          self->answers_.pop_front();
                          if (!self->answers_.empty()) self->write();
                        });
  }

  void close() {
    if (std::exchange(closing_, true) || !open_) return;
    write_close();
  }

  void write_close() {
    socket_.async_close(websocket::close_code::going_away, [self = this->shared_from_this()](beast::error_code) {});
  }

  Core& core_;
  websocket::stream<Stream> socket_;
  beast::flat_buffer buffer_;
  std::shared_ptr<PoseStream> frames_;
  std::deque<std::string> answers_;  // the first is being written
  bool open_ = false, closing_ = false;
};

}  // namespace poise
