#include "poise/gesture/websocket/websocket_messages.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace poise {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

/// Words that one thread writes down and another waits for.
class Told {
 public:
  void add(std::string text) {
    const std::scoped_lock lock(mutex_);
    texts_.push_back(std::move(text));
  }
  std::vector<std::string> wait(std::size_t count) const {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::scoped_lock lock(mutex_);
        if (texts_.size() >= count) return texts_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const std::scoped_lock lock(mutex_);
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

/// Takes connections one after the other, of each so many messages, and closes it.
class Server {
 public:
  Server(std::size_t connections, std::size_t messages)
      : acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}), port_(acceptor_.local_endpoint().port()) {
    thread_ = std::thread([this, connections, messages] {
      for (std::size_t i = 0; i < connections; ++i) serve(messages);
    });
  }
  ~Server() { thread_.join(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  std::string url(const std::string& path = "/") const { return "ws://127.0.0.1:" + std::to_string(port_) + path; }
  Told told;

 private:
  void serve(std::size_t messages) {
    beast::websocket::stream<tcp::socket> stream(acceptor_.accept());
    beast::flat_buffer head;
    beast::http::request<beast::http::string_body> request;
    beast::http::read(stream.next_layer(), head, request);
    told.add("opened " + std::string(request.target()));
    stream.accept(request);
    stream.write(asio::buffer(std::string("what a server says is passed over")));
    for (std::size_t i = 0; i < messages; ++i) {
      beast::flat_buffer buffer;
      stream.read(buffer);
      told.add((stream.got_text() ? "text " : "binary ") + beast::buffers_to_string(buffer.data()));
    }
    beast::error_code ignored;
    stream.close(beast::websocket::close_code::normal, ignored);
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::thread thread_;
};

TEST(WebSocketMessages, GoOverOneConnectionAndOverANewOneWhereItWasLost) {
  Server server(2, 2);
  Told failed;
  const auto messages = open_websocket_messages([&](const Error& error) { failed.add(error.message); });
  ASSERT_TRUE(messages->send(server.url("/a?b=c"), "one").ok());
  ASSERT_TRUE(messages->send(server.url("/a?b=c"), "zwei \xc3\xa4").ok());
  EXPECT_EQ(server.told.wait(3), (std::vector<std::string>{"opened /a?b=c", "text one", "text zwei \xc3\xa4"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // for the server's farewell to arrive
  ASSERT_TRUE(messages->send(server.url("/a?b=c"), "three").ok());
  ASSERT_TRUE(messages->send(server.url("/a?b=c"), "four").ok());
  EXPECT_EQ(server.told.wait(6).size(), 6U);
  EXPECT_EQ(server.told.wait(6).back(), "text four");
  EXPECT_TRUE(failed.wait(0).empty());
}

TEST(WebSocketMessages, WhatIsUnderWayArrivesBeforeTheEnd) {
  Server server(1, 1);
  open_websocket_messages([](const Error&) {})->send(server.url(), "last words").value();
  EXPECT_EQ(server.told.wait(2).back(), "text last words");
}

TEST(WebSocketMessages, WhatCannotGoIsTold) {
  Told failed;
  std::uint16_t closed = 0;
  {
    asio::io_context context;
    closed = tcp::acceptor(context, {asio::ip::make_address("127.0.0.1"), 0}).local_endpoint().port();
  }
  const auto messages = open_websocket_messages([&](const Error& error) { failed.add(error.message); });
  const std::string url = "ws://127.0.0.1:" + std::to_string(closed);
  ASSERT_TRUE(messages->send(url, "x").ok()) << "nobody waits for it";
  EXPECT_EQ(failed.wait(1), std::vector<std::string>{"a message to " + url + " is lost: Connection refused"});
  for (const char* wrong :
       {"http://localhost", "ws://", "ws://:80", "ws://host:port", "ws://host:123456", "ws://a b/"}) {
    EXPECT_EQ(messages->send(wrong, "x").error().code, ErrorCode::kInvalidArgument) << wrong;
  }
}

}  // namespace
}  // namespace poise
