#pragma once
// A request and its answer, whatever carried them: HTTP, a function's event, a test. Plain values and pure functions:
// thread-safe.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"

namespace poise {

struct HttpRequest {
  std::string method = "GET";
  std::string path = "/";                      // decoded, without the query
  std::map<std::string, std::string> query;    // decoded; of equal names the last
  std::map<std::string, std::string> headers;  // names in lower case; of equal names the last
  std::string body;
  std::string id;  // of the request, for logs; letters, digits, . _ -

  /// The header, or "".
  std::string_view header(const std::string& lower_case_name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

/// {"error": {"code": "too_large", "message": ...}}.
HttpResponse error_response(int status, std::string_view code, const std::string& message);
/// 400, 404, 413, 415 or 500, after the error's code.
HttpResponse error_response(const Error& error);
HttpResponse json_response(const Json& json, int status = 200);

/// Path and query of a request's target, "/v1/poses?format=coco". Errors: kMalformed (no path, a control character or
/// a bad %-escape, more than 64 members).
Status parse_target(std::string_view target, HttpRequest& request);

/// Bytes of base64, with or without padding, white space passed over. Errors: kMalformed.
Result<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace poise
