#include "poise/serve/http/core.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <random>

#include "poise/base/ascii.h"
#include "poise/base/version.h"
#include "poise/serve/page.h"

namespace poise {
namespace {

std::string_view as_view(beast::string_view text) { return {text.data(), text.size()}; }

/// Takes as long whatever the guess is.
bool equal_secrets(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  return difference == 0;
}

bool is_open_to_all(const HttpRequest& request) {
  return request.path == "/healthz" || request.path == "/readyz" || find_page_file(request.path) != nullptr;
}

bool bears_token(const http::request_header<>& header, const HttpRequest& request, const std::string& token) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view given = as_view(header[http::field::authorization]);
  if (given.starts_with(kBearer)) return equal_secrets(given.substr(kBearer.size()), token);
  // Browsers cannot give a WebSocket headers.
  const auto in_query = request.query.find("token");
  return request.path == "/v1/stream" && in_query != request.query.end() && equal_secrets(in_query->second, token);
}

/// A page of another host must not use what a visitor can reach: where a browser says which page asks, it is ours.
bool comes_from_elsewhere(const http::request_header<>& header) {
  const std::string origin = lower_case(as_view(header[http::field::origin]));
  if (origin.empty()) return false;
  const std::size_t host = origin.find("://");
  return host == std::string::npos || origin.substr(host + 3) != lower_case(as_view(header[http::field::host]));
}

}  // namespace

void Core::add(Connection* connection) {
  const std::lock_guard lock(mutex);
  connections.insert(connection);
  metrics->connections(connections.size());
}

void Core::remove(Connection* connection) {
  const std::lock_guard lock(mutex);
  connections.erase(connection);
  metrics->connections(connections.size());
  changed.notify_all();
}

std::size_t Core::count() const {
  const std::lock_guard lock(mutex);
  return connections.size();
}

bool Core::begin_request() {
  const std::lock_guard lock(mutex);
  if (ending) return false;
  ++under_way;
  return true;
}

void Core::end_request() {
  const std::lock_guard lock(mutex);
  --under_way;
  changed.notify_all();
}

bool Core::add(const std::shared_ptr<PoseStream>& stream) {
  const std::lock_guard lock(mutex);
  if (ending) return false;
  frames.insert(stream);
  return true;
}

void Core::remove(const std::shared_ptr<PoseStream>& stream) {
  const std::lock_guard lock(mutex);
  frames.erase(stream);
}

void Core::end() {
  std::unique_lock lock(mutex);
  ending = true;
  changed.wait(lock, [this] { return under_way == 0; });
  for (const auto& stream : frames) stream->end();
}

std::optional<HttpResponse> refuse_header(const http::request_header<>& header, const Core& core) {
  HttpRequest request;
  if (const Status status = parse_target(as_view(header.target()), request); !status.ok())
    return error_response(status.error());
  constexpr std::size_t kMostFields = 100;
  if (static_cast<std::size_t>(std::distance(header.begin(), header.end())) > kMostFields)
    return error_response(431, "too_large", "the header has more than 100 lines");
  if (!core.options.token.empty() && !is_open_to_all(request) && !bears_token(header, request, core.options.token)) {
    HttpResponse response = error_response(401, "unauthorized", "this needs the header Authorization: Bearer TOKEN");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  if (comes_from_elsewhere(header))
    return error_response(403, "forbidden", "a page of another host asks: its Origin is not the Host");
  if (const auto encoding = header[http::field::content_encoding];
      !encoding.empty() && lower_case(as_view(encoding)) != "identity")
    return error_response(415, "unsupported", "the body must not be compressed: Content-Encoding is not taken");
  return std::nullopt;
}

Result<HttpRequest> to_request(StringRequest&& request) {
  HttpRequest taken;
  taken.method = std::string(request.method_string());
  POISE_RETURN_IF_ERROR(parse_target(as_view(request.target()), taken));
  for (const auto& field : request)
    taken.headers.insert_or_assign(lower_case(as_view(field.name_string())), std::string(field.value()));
  taken.id = request_id(request);
  taken.body = std::move(request.body());
  return taken;
}

std::string request_id(const http::request_header<>& header) {
  constexpr std::size_t kLongest = 64;
  const auto given = header["X-Request-Id"];
  const bool fits = !given.empty() && given.size() <= kLongest && std::ranges::all_of(given, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
  if (fits) return std::string(given);
  static const std::uint64_t kStart = std::random_device{}();
  static std::atomic<std::uint64_t> count = 0;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint64_t number = (kStart << 32U) ^ ++count;
  std::string id(16, '0');
  for (auto digit = id.rbegin(); digit != id.rend(); ++digit, number >>= 4U) *digit = kDigits[number & 15U];
  return id;
}

http::response<http::string_body> to_response(HttpResponse&& given, const std::string& id, unsigned version,
                                              bool keep_alive, bool without_body) {
  http::response<http::string_body> response{static_cast<http::status>(given.status), version};
  response.set(http::field::server, std::string("poise/") + kVersion);
  response.set(http::field::content_type, given.content_type);
  response.set("X-Request-Id", id);
  response.set("X-Content-Type-Options", "nosniff");
  if (given.content_type == "application/json") response.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : given.headers) response.set(name, value);
  response.keep_alive(keep_alive);
  const std::size_t size = given.body.size();
  if (!without_body) response.body() = std::move(given.body);
  response.content_length(size);
  return response;
}

std::optional<HttpResponse> answer_here(const HttpRequest& request, const Core& core) {
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (is_get && request.path == "/metrics")
    return HttpResponse{200, "text/plain; version=0.0.4", {}, core.metrics->text()};
  const PageFile* file = is_get ? find_page_file(request.path) : nullptr;
  if (file == nullptr) return std::nullopt;
  HttpResponse response{200, file->content_type, {}, std::string(file->bytes)};
  // Threads in the browser need the first two; the page speaks to nobody else.
  response.headers = {
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Embedder-Policy", "require-corp"},
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri "
       "'none'; form-action 'none'; frame-ancestors 'none'"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-cache"}};
  return response;
}

void log_request(const Core& core, const HttpRequest& request, int status, double seconds, std::size_t bytes_in,
                 std::size_t bytes_out) {
  core.metrics->answered(status);
  if (!core.options.log) return;
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  core.options.log(Json(Json::Object{{"time", std::round(now * 1e3) / 1e3},
                                     {"request", request.id},
                                     {"method", request.method},
                                     {"path", request.path},
                                     {"status", status},
                                     {"ms", std::round(seconds * 1e4) / 10},
                                     {"bytes_in", static_cast<std::int64_t>(bytes_in)},
                                     {"bytes_out", static_cast<std::int64_t>(bytes_out)}})
                       .dump());
}

}  // namespace poise
