#pragma once
// Events of AWS Lambda as requests, and answers as what the caller of the function reads. Pure functions of values:
// thread-safe. Events: API Gateway's REST API (payload format 1.0) and HTTP API (2.0), function URLs (2.0), and a
// direct call, {"image": base64, ...}, which is POST /v1/poses.

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/serve/http_message.h"

namespace poise {

struct LambdaRequest {
  HttpRequest request;
  bool is_direct = false;  // the answer is the body alone, without status and headers
};

/// Errors: kMalformed, naming the member.
Result<LambdaRequest> parse_lambda_event(const Json& event);

/// {"statusCode", "headers", "body", "isBase64Encoded"}; of a direct call the body, JSON, or a string where it is a
/// picture: base64. Errors: kInvalidArgument, a direct call that failed: the body's message; kTooLarge: more than
/// Lambda takes, 6 MB.
Result<Json> lambda_answer(const LambdaRequest& asked, const HttpResponse& response);

}  // namespace poise
