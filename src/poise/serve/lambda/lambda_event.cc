#include "poise/serve/lambda/lambda_event.h"

#include "poise/base/ascii.h"

namespace poise {
namespace {

constexpr std::size_t kMostBytes = 6U * 1024 * 1024;  // of an answer (Lambda quotas, synchronous invocation)

const std::string* text_of(const Json* json) {
  return json != nullptr && json->is_string() ? &json->as_string() : nullptr;
}

const Json* member(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* name : path) {
    if (at != nullptr) at = at->find(name);
  }
  return at;
}

Status take_body(const Json& event, HttpRequest& request) {
  const std::string* body = text_of(event.find("body"));
  if (body == nullptr) return {};
  const Json* encoded = event.find("isBase64Encoded");
  if (encoded == nullptr || !encoded->is_bool() || !encoded->as_bool()) {
    request.body = *body;
    return {};
  }
  auto bytes = decode_base64(*body);
  if (!bytes.ok()) return bytes.error().prefixed("member \"body\"");
  request.body = std::move(*bytes);
  return {};
}

void take_headers(const Json& event, HttpRequest& request) {
  const Json* headers = event.find("headers");
  if (headers == nullptr || !headers->is_object()) return;
  for (const auto& [name, value] : headers->as_object()) {
    if (value.is_string()) request.headers.insert_or_assign(lower_case(name), value.as_string());
  }
}

/// Payload format 2.0.
Status parse_second(const Json& event, const std::string& method, HttpRequest& request) {
  request.method = method;
  const std::string* path = text_of(event.find("rawPath"));
  const std::string* query = text_of(event.find("rawQueryString"));
  const std::string target = (path == nullptr ? "/" : *path) + (query == nullptr || query->empty() ? "" : "?" + *query);
  POISE_RETURN_IF_ERROR(parse_target(target, request));
  // The stage's name comes first, but for the default one.
  const std::string* stage = text_of(member(event, {"requestContext", "stage"}));
  if (stage != nullptr && *stage != "$default" && request.path.starts_with("/" + *stage + "/"))
    request.path.erase(0, stage->size() + 1);
  return {};
}

/// Payload format 1.0.
Status parse_first(const Json& event, const std::string& method, HttpRequest& request) {
  request.method = method;
  const std::string* path = text_of(event.find("path"));
  if (path == nullptr || path->empty() || path->front() != '/') return malformed("member \"path\" must be a path");
  request.path = *path;
  const Json* query = event.find("queryStringParameters");
  if (query == nullptr || !query->is_object()) return {};
  for (const auto& [name, value] : query->as_object()) {
    if (value.is_string()) request.query.insert_or_assign(name, value.as_string());
  }
  return {};
}

}  // namespace

Result<LambdaRequest> parse_lambda_event(const Json& event) {
  if (!event.is_object()) return malformed("the event must be an object, it is " + std::string(event.kind()));
  LambdaRequest asked;
  take_headers(event, asked.request);
  if (const std::string* method = text_of(member(event, {"requestContext", "http", "method"})); method != nullptr) {
    POISE_RETURN_IF_ERROR(parse_second(event, *method, asked.request));
  } else if (const std::string* first = text_of(event.find("httpMethod")); first != nullptr) {
    POISE_RETURN_IF_ERROR(parse_first(event, *first, asked.request));
  } else if (event.find("image") != nullptr) {
    asked.is_direct = true;
    asked.request.method = "POST";
    asked.request.path = "/v1/poses";
    asked.request.headers["content-type"] = "application/json";
    for (const char* name : {"format", "draw", "min_score"}) {
      if (const Json* value = event.find(name); value != nullptr)
        asked.request.query[name] = value->is_string() ? value->as_string() : value->dump();
    }
    asked.request.body = event.dump();
    return asked;
  } else {
    return malformed("the event is none of API Gateway's or a function URL's, nor {\"image\": base64}");
  }
  POISE_RETURN_IF_ERROR(take_body(event, asked.request));
  return asked;
}

Result<Json> lambda_answer(const LambdaRequest& asked, const HttpResponse& response) {
  const bool is_text =
      response.content_type.starts_with("text/") || response.content_type.starts_with("application/json");
  if (asked.is_direct) {
    if (!is_text) return Json(encode_base64(response.body));
    auto json = parse_json(std::string_view(response.body));
    if (response.status != 200) {
      const Json* error = json.ok() ? json->find("error") : nullptr;
      const std::string* message = error == nullptr ? nullptr : text_of(error->find("message"));
      return invalid_argument(message == nullptr ? response.body : *message);
    }
    return json.ok() ? std::move(*json) : Json(response.body);
  }
  Json headers = Json::object();
  headers.set("Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) headers.set(name, value);
  const std::string body = is_text ? response.body : encode_base64(response.body);
  if (body.size() > kMostBytes) return too_large("the answer is longer than the 6 MB that Lambda takes");
  return Json(Json::Object{
      {"statusCode", response.status}, {"headers", std::move(headers)}, {"body", body}, {"isBase64Encoded", !is_text}});
}

}  // namespace poise
