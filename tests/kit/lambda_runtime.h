#pragma once
// What AWS Lambda's runtime API says to a function and takes from it, for tests: at a port of this machine's own
// address. Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api, version 2018-06-01.

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace poise::kit {

struct LambdaEvent {
  std::string body;
  std::int64_t deadline = 4'000'000'000'000;  // milliseconds since 1970
};

/// What the function sent.
struct LambdaAnswer {
  std::string path;  // behind /2018-06-01/runtime/
  std::string type;  // Lambda-Runtime-Function-Error-Type
  std::string body;
};

/// Gives events in order under the ids id-0, id-1 ... After the last it hangs up, or leaves the function waiting.
class LambdaRuntime {
 public:
  enum class Then { kHangUp, kWait };
  explicit LambdaRuntime(std::vector<LambdaEvent> events, Then then = Then::kHangUp)
      : events_(std::move(events)), then_(then) {
    thread_ = std::thread([this] { serve(); });
  }
  ~LambdaRuntime() {
    ::shutdown(listener_, SHUT_RDWR);  // where nobody came
    thread_.join();
  }
  LambdaRuntime(const LambdaRuntime&) = delete;
  LambdaRuntime& operator=(const LambdaRuntime&) = delete;

  const std::string& api() const { return api_; }
  /// Events that were given, and one more once the function waits for one that does not come.
  int asked() const { return asked_; }
  std::vector<LambdaAnswer> taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  using tcp = boost::asio::ip::tcp;

  void serve() {
    boost::beast::error_code error;
    tcp::socket socket(context_);
    acceptor_.accept(socket, error);
    boost::beast::flat_buffer buffer;
    while (!error) {
      namespace http = boost::beast::http;
      constexpr std::uint64_t kMost = 1U << 25U;
      http::request_parser<http::string_body> parser;
      parser.body_limit(kMost);
      http::read(socket, buffer, parser, error);
      if (error) break;
      const auto request = parser.release();
      const bool wants_event = request.target() == kRoot + std::string("invocation/next");
      const auto number = static_cast<std::size_t>(asked_);
      http::response<http::string_body> response{wants_event ? http::status::ok : http::status::accepted, 11};
      if (wants_event && number == events_.size()) {
        ++asked_;
        if (then_ == Then::kHangUp) break;
        socket.wait(tcp::socket::wait_read, error);  // until the function goes
        break;
      }
      if (wants_event) {
        response.set("Lambda-Runtime-Aws-Request-Id", "id-" + std::to_string(number));
        response.set("Lambda-Runtime-Deadline-Ms", std::to_string(events_[number].deadline));
        response.body() = events_[number].body;
      } else {
        const std::lock_guard lock(mutex_);
        taken_.push_back({std::string(request.target()).substr(std::string(kRoot).size()),
                          std::string(request["Lambda-Runtime-Function-Error-Type"]), request.body()});
      }
      response.prepare_payload();
      http::write(socket, response, error);
      if (wants_event) ++asked_;
    }
    ::shutdown(listener_, SHUT_RDWR);  // who comes again finds nobody
  }

  static constexpr const char* kRoot = "/2018-06-01/runtime/";
  std::vector<LambdaEvent> events_;
  Then then_;
  std::atomic<int> asked_ = 0;
  mutable std::mutex mutex_;
  std::vector<LambdaAnswer> taken_;
  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::make_address("127.0.0.1"), 0}};
  const int listener_ = acceptor_.native_handle();
  std::string api_ = "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  std::thread thread_;
};

}  // namespace poise::kit
