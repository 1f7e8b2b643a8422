#pragma once
// What all connections of a server share. Internal to serve/http.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/http/string_body.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "poise/serve/http/server.h"
#include "poise/serve/http/server_metrics.h"

namespace poise {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using StringRequest = http::request<http::string_body>;

/// A connection, as the server sees it.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Ends once what has come is answered; at once where nothing has. From any thread.
  virtual void finish() = 0;
};

struct Core {
  Core(PoseService& served, std::shared_ptr<ServerMetrics> counts, ServerOptions given)
      : service(served), metrics(std::move(counts)), options(std::move(given)) {}

  PoseService& service;
  std::shared_ptr<ServerMetrics> metrics;
  const ServerOptions options;
  std::atomic<bool> closing = false;
  std::atomic<std::size_t> streams = 0;

  mutable std::mutex mutex;  // of the next five
  bool ending = false;
  std::set<Connection*> connections;
  std::size_t under_way = 0;  // requests that the service has not answered
  std::condition_variable changed;
  std::set<std::shared_ptr<PoseStream>> frames;  // of the open streams

  std::optional<asio::ssl::context> tls;
  asio::io_context context;  // last: connections end with it, and use what stands above

  void add(Connection* connection);
  void remove(Connection* connection);
  std::size_t count() const;
  bool begin_request();  // false: the server ends, nobody would take the answer
  void end_request();
  bool add(const std::shared_ptr<PoseStream>& stream);  // false: the server ends
  void remove(const std::shared_ptr<PoseStream>& stream);
  /// No more is begun, and what the service has begun is waited for: after it nothing of the server is held there.
  void end();
};

/// Who asks and what for, checked: which requests may not be answered at all. Nothing: go on.
std::optional<HttpResponse> refuse_header(const http::request_header<>& header, const Core& core);
/// As the service takes it. Errors: kMalformed.
Result<HttpRequest> to_request(StringRequest&& request);
http::response<http::string_body> to_response(HttpResponse&& response, const std::string& id, unsigned version,
                                              bool keep_alive, bool without_body);
/// The id that the client gave where it is one, else a new one.
std::string request_id(const http::request_header<>& header);
/// Of the page and /metrics; nothing: it is the service's.
std::optional<HttpResponse> answer_here(const HttpRequest& request, const Core& core);

void log_request(const Core& core, const HttpRequest& request, int status, double seconds, std::size_t bytes_in,
                 std::size_t bytes_out);

}  // namespace poise
