#include "poise/serve/http/lambda.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "poise/serve/lambda_event.h"

namespace poise {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Answer = http::response<http::string_body>;

constexpr const char* kRoot = "/2018-06-01/runtime/";
constexpr std::uint64_t kMostBytes = 8U << 20U;  // of an event: Lambda's own limit is 6 MB

/// A connection to the runtime, made again where it was lost.
class Runtime {
 public:
  explicit Runtime(std::string api) : api_(std::move(api)) {}

  Result<Answer> ask(http::verb verb, const std::string& path, const std::string& body = {},
                     const std::string& error_type = {}) {
    http::request<http::string_body> request{verb, kRoot + path, 11};
    request.set(http::field::host, api_);
    request.set(http::field::user_agent, "poise");
    if (verb == http::verb::post) request.set(http::field::content_type, "application/json");
    if (!error_type.empty()) request.set("Lambda-Runtime-Function-Error-Type", error_type);
    request.body() = body;
    request.prepare_payload();
    for (const bool again : {false, true}) {
      auto answer = exchange(request);
      if (answer.ok() || again) return answer;
      socket_.reset();  // one that was kept may have been closed meanwhile
    }
    return io_error("unreachable");
  }

 private:
  Result<Answer> exchange(const http::request<http::string_body>& request) {
    beast::error_code error;
    if (!socket_) {
      const std::size_t colon = api_.rfind(':');
      if (colon == std::string::npos)
        return invalid_argument("option \"api\" must be HOST:PORT, it is \"" + api_ + "\"");
      asio::ip::tcp::resolver resolver(context_);
      const auto places = resolver.resolve(api_.substr(0, colon), api_.substr(colon + 1), error);
      socket_.emplace(context_);
      if (!error) asio::connect(*socket_, places, error);
    }
    if (!error) http::write(*socket_, request, error);
    if (error) return io_error(api_ + ": the runtime does not answer (" + error.message() + ")");
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMostBytes);
    http::read(*socket_, buffer, parser, error);
    if (error) return io_error(api_ + ": the runtime does not answer (" + error.message() + ")");
    if (!parser.get().keep_alive()) socket_.reset();
    return parser.release();
  }

  std::string api_;
  asio::io_context context_;
  std::optional<asio::ip::tcp::socket> socket_;
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

/// Events one after the other, until the runtime goes or `broken` says that it is.
Status loop(PoseService& service, const LambdaOptions& options) {
  Runtime runtime(options.api);
  for (;;) {
    POISE_TRY(const Answer event, runtime.ask(http::verb::get, "invocation/next"));
    if (event.result_int() != 200)
      return io_error(options.api + ": no event is given: status " + std::to_string(event.result_int()));
    const std::string id(event["Lambda-Runtime-Aws-Request-Id"]);
    const auto begin = std::chrono::steady_clock::now();
    const Sent sent = answer_event(service, event);
    const std::string path = "invocation/" + id + (sent.is_error ? "/error" : "/response");
    POISE_TRY(const Answer taken, runtime.ask(http::verb::post, path, sent.text, sent.type));
    if (options.log) {
      const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
      options.log(
          Json(Json::Object{{"request", id}, {"status", sent.status}, {"error", sent.type}, {"ms", ms}}).dump());
    }
    constexpr unsigned kContainerBroken = 500;
    if (taken.result_int() == kContainerBroken) return io_error(options.api + ": the runtime says that it is broken");
  }
}

}  // namespace

Status run_lambda(const PoseServiceOptions& service_options, const LambdaOptions& options) {
  PoseServiceOptions wanted = service_options;
  if (wanted.workers == 0) wanted.workers = options.loops;
  const auto service = PoseService::open(wanted);
  if (!service.ok()) {
    Runtime runtime(options.api);
    (void)runtime.ask(http::verb::post, "init/error", error_text("Poise.Init", service.error().message), "Poise.Init");
    return service.error();
  }
  std::vector<Status> ended(static_cast<std::size_t>(std::max(1, options.loops)));
  std::vector<std::thread> threads;
  for (Status& end : ended) threads.emplace_back([&] { end = loop(**service, options); });
  for (std::thread& thread : threads) thread.join();
  for (Status& end : ended) {
    if (!end.ok()) return end;
  }
  return {};
}

}  // namespace poise
