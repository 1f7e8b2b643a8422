#include "poise/serve/lambda/runtime_loop.h"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "poise/base/file.h"
#include "poise/serve/lambda/lambda_event.h"

namespace poise {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Answer = http::response<http::string_body>;

constexpr const char* kRoot = "/2018-06-01/runtime/";
constexpr std::uint64_t kMostBytes = 8U << 20U;  // of an event: Lambda's own limit is 6 MB

/// The address of a name in the machine's own list, where Lambda and what imitates it put theirs. No name server is
/// asked: that takes libraries which a static program has not.
std::string address_in_hosts(const std::string& name) {
  constexpr std::uint64_t kMost = 1U << 20U;
  const auto bytes = read_file("/etc/hosts", kMost);
  std::istringstream lines(bytes.ok() ? std::string(bytes->begin(), bytes->end()) : std::string());
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address;
    words >> address;
    for (std::string word; words >> word;) {
      if (word == name) return address;
    }
  }
  return name == "localhost" ? "127.0.0.1" : "";
}

Result<tcp::endpoint> endpoint_of(const std::string& api) {
  const auto wrong = [&](const std::string& what) {
    return invalid_argument("option \"api\" must be HOST:PORT, as 127.0.0.1:9001 is, it is \"" + api + "\"" + what);
  };
  const std::size_t colon = api.rfind(':');
  if (colon == std::string::npos) return wrong("");
  std::uint16_t port = 0;
  const char* const last = api.data() + api.size();
  const auto [end, failed] = std::from_chars(api.data() + colon + 1, last, port);
  if (failed != std::errc() || end != last) return wrong("");
  std::string host = api.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  beast::error_code error;
  auto address = asio::ip::make_address(host, error);
  if (error) address = asio::ip::make_address(address_in_hosts(host), error);
  if (error) return wrong(": /etc/hosts has no address of that name");
  return tcp::endpoint(address, port);
}

/// A connection to the runtime, made again where it was lost.
class Runtime {
 public:
  Runtime(const LambdaOptions& options, const tcp::endpoint& place)
      : api_(options.api), stop_(options.stop), place_(place) {}

  /// The next event; an error where it is asked to stop while none comes.
  Result<Answer> next() {
    const std::stop_callback wake(stop_, [this] {
      const std::lock_guard lock(mutex_);
      if (!waits_ || !socket_) return;
      char byte = 0;
      const bool has_come = ::recv(socket_->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
      if (!has_come) ::shutdown(socket_->native_handle(), SHUT_RDWR);  // an event that came is owed an answer
    });
    return ask(http::verb::get, "invocation/next");
  }

  Result<Answer> post(const std::string& path, const std::string& body, const std::string& error_type) {
    return ask(http::verb::post, path, body, error_type);
  }

  bool stopped() const { return stop_.stop_requested(); }

 private:
  Result<Answer> ask(http::verb verb, const std::string& path, const std::string& body = {},
                     const std::string& error_type = {}) {
    http::request<http::string_body> request{verb, kRoot + path, 11};
    request.set(http::field::host, api_);
    request.set(http::field::user_agent, "poise");
    if (verb == http::verb::post) request.set(http::field::content_type, "application/json");
    if (!error_type.empty()) request.set("Lambda-Runtime-Function-Error-Type", error_type);
    request.body() = body;
    request.prepare_payload();
    auto answer = exchange(request);
    if (answer.ok() || !kept_ || (verb == http::verb::get && stopped())) return answer;
    disconnect();  // it was kept since the request before, and may have been closed meanwhile
    return exchange(request);
  }

  Result<Answer> exchange(const http::request<http::string_body>& request) {
    const bool for_event = request.method() == http::verb::get;
    kept_ = socket_.has_value();
    beast::error_code error = kept_ ? beast::error_code() : connect();
    set_waits(for_event);
    if (!error && for_event && stopped()) error = asio::error::operation_aborted;
    if (!error) http::write(*socket_, request, error);
    if (!error) socket_->wait(tcp::socket::wait_read, error);
    set_waits(false);  // an event that comes is taken and answered
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMostBytes);
    if (!error) http::read(*socket_, buffer, parser, error);
    if (error) {
      disconnect();
      return io_error(api_ + ": the runtime does not answer (" + error.message() + ")");
    }
    if (!parser.get().keep_alive()) disconnect();
    return parser.release();
  }

  void set_waits(bool waits) {
    const std::lock_guard lock(mutex_);
    waits_ = waits;
  }

  beast::error_code connect() {
    beast::error_code error;
    tcp::socket socket(context_);
    socket.connect(place_, error);
    const std::lock_guard lock(mutex_);
    if (!error) socket_.emplace(std::move(socket));
    return error;
  }

  void disconnect() {
    const std::lock_guard lock(mutex_);
    socket_.reset();
  }

  std::string api_;
  std::stop_token stop_;
  tcp::endpoint place_;
  asio::io_context context_;
  bool kept_ = false;   // the connection is older than the request
  std::mutex mutex_;    // of what follows, where it changes or another thread looks at it
  bool waits_ = false;  // for an event that has not come: nobody is owed an answer
  std::optional<tcp::socket> socket_;
};

std::string error_text(const std::string& type, const std::string& message) {
  return Json(Json::Object{{"errorMessage", message}, {"errorType", type}, {"stackTrace", Json::array()}}).dump();
}

/// Until the time of the header, milliseconds since 1970.
std::chrono::milliseconds time_left(const Answer& event) {
  const auto given = event["Lambda-Runtime-Deadline-Ms"];
  std::int64_t deadline = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), deadline);
  if (error != std::errc() || end == given.data()) return std::chrono::hours(1);
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return std::chrono::milliseconds(deadline) - now;
}

/// What the runtime is to be sent: an answer, or an error.
struct Sent {
  bool is_error = false;
  std::string type, text;
  int status = 0;
};

Sent failed(const std::string& type, const std::string& message) { return {true, type, error_text(type, message), 0}; }

Sent answer_event(PoseService& service, const Answer& event) {
  const auto json = parse_json(std::string_view(event.body()));
  if (!json.ok()) return failed("Poise.MalformedEvent", json.error().message);
  auto asked = parse_lambda_event(*json);
  if (!asked.ok()) return failed("Poise.MalformedEvent", asked.error().message);
  if (time_left(event).count() <= 0) return failed("Poise.Deadline", "the event's time was over before it was begun");
  const HttpResponse response = service.answer(asked->request);
  const auto answer = lambda_answer(*asked, response);
  if (!answer.ok()) {
    if (asked->is_direct) return failed("Poise.BadRequest", answer.error().message);
    const auto refused = lambda_answer(*asked, error_response(answer.error()));
    return {false, {}, refused.value().dump(), 413};
  }
  return {false, {}, answer->dump(), response.status};
}

/// Events one after the other, until it is asked to stop or the runtime goes.
Status loop(PoseService& service, const LambdaOptions& options, const tcp::endpoint& place) {
  Runtime runtime(options, place);
  for (;;) {
    const auto given = runtime.next();
    if (!given.ok() && runtime.stopped()) return {};
    if (!given.ok()) return given.error();
    const Answer& event = *given;
    if (event.result_int() != 200)
      return io_error(options.api + ": no event is given: status " + std::to_string(event.result_int()));
    const std::string id(event["Lambda-Runtime-Aws-Request-Id"]);
    const auto begin = std::chrono::steady_clock::now();
    const Sent sent = answer_event(service, event);
    const std::string path = "invocation/" + id + (sent.is_error ? "/error" : "/response");
    POISE_TRY(const Answer taken, runtime.post(path, sent.text, sent.type));
    if (options.log) {
      const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
      options.log(
          Json(Json::Object{{"request", id}, {"status", sent.status}, {"error", sent.type}, {"ms", ms}}).dump());
    }
    constexpr unsigned kContainerBroken = 500;
    if (taken.result_int() == kContainerBroken) return io_error(options.api + ": the runtime says that it is broken");
    if (runtime.stopped()) return {};
  }
}

}  // namespace

Status run_lambda(const PoseServiceOptions& service_options, const LambdaOptions& options) {
  POISE_TRY(const tcp::endpoint place, endpoint_of(options.api));
  PoseServiceOptions wanted = service_options;
  if (wanted.workers == 0) wanted.workers = options.loops;
  const auto service = PoseService::open(wanted);
  if (!service.ok()) {
    const std::string type = "Poise.Init";
    (void)Runtime(options, place).post("init/error", error_text(type, service.error().message), type);
    return service.error();
  }
  std::vector<Status> ended(static_cast<std::size_t>(std::max(1, options.loops)));
  std::vector<std::thread> threads;
  for (Status& end : ended) threads.emplace_back([&] { end = loop(**service, options, place); });
  for (std::thread& thread : threads) thread.join();
  for (Status& end : ended) {
    if (!end.ok()) return end;
  }
  return {};
}

}  // namespace poise
