#include "poise/serve/lambda/lambda_event.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

Result<LambdaRequest> parse(const std::string& text) {
  return parse_lambda_event(parse_json(std::string_view(text)).value());
}

TEST(LambdaEvent, RestApi) {
  const auto asked = parse(R"({"resource": "/{proxy+}", "path": "/v1/poses", "httpMethod": "POST",
      "headers": {"Content-Type": "image/jpeg"}, "queryStringParameters": {"format": "coco"},
      "requestContext": {"stage": "prod", "httpMethod": "POST"}, "body": "AAEC", "isBase64Encoded": true})")
                         .value();
  EXPECT_EQ(asked.request.method, "POST");
  EXPECT_EQ(asked.request.path, "/v1/poses");
  EXPECT_EQ(asked.request.query.at("format"), "coco");
  EXPECT_EQ(asked.request.header("content-type"), "image/jpeg");
  EXPECT_EQ(asked.request.body, std::string("\0\1\2", 3));
  EXPECT_FALSE(asked.is_direct);
}

TEST(LambdaEvent, HttpApiAndFunctionUrl) {
  const auto asked =
      parse(R"({"version": "2.0", "rawPath": "/prod/v1/poses", "rawQueryString": "boxes=%5B%5B1,2,3,4%5D%5D&draw=1",
      "headers": {"accept": "image/png"}, "requestContext": {"stage": "prod", "http": {"method": "POST", "path": "/v1/poses"}},
      "body": "{}", "isBase64Encoded": false})")
          .value();
  EXPECT_EQ(asked.request.path, "/v1/poses");
  EXPECT_EQ(asked.request.query.at("boxes"), "[[1,2,3,4]]");
  EXPECT_EQ(asked.request.query.at("draw"), "1");
  EXPECT_EQ(asked.request.body, "{}");
  const auto url = parse(R"({"version": "2.0", "rawPath": "/healthz", "rawQueryString": "",
      "requestContext": {"stage": "$default", "http": {"method": "GET"}}})")
                       .value();
  EXPECT_EQ(url.request.method, "GET");
  EXPECT_EQ(url.request.path, "/healthz");
}

TEST(LambdaEvent, DirectCallsAndWhatIsNone) {
  const auto asked = parse(R"({"image": "AAEC", "format": "openpose", "min_score": 0.5})").value();
  EXPECT_TRUE(asked.is_direct);
  EXPECT_EQ(asked.request.query.at("min_score"), "0.5");
  for (const char* text : {"[]", "3", "{}", R"({"httpMethod": "GET"})", R"({"httpMethod": "GET", "path": "x"})",
                           R"({"httpMethod": "POST", "path": "/v1/poses", "body": "!", "isBase64Encoded": true})",
                           R"({"requestContext": {"http": {"method": "GET"}}, "rawPath": "no"})"}) {
    EXPECT_FALSE(parse(text).ok()) << text;
  }
}

TEST(LambdaAnswer, TextPicturesAndErrors) {
  LambdaRequest asked;
  const Json json = lambda_answer(asked, json_response(Json::Object{{"a", 1}})).value();
  EXPECT_EQ(json.integer("statusCode").value(), 200);
  EXPECT_FALSE(json.find("isBase64Encoded")->as_bool());
  EXPECT_EQ(json.find("headers")->string("Content-Type").value(), "application/json");
  const Json picture = lambda_answer(asked, {200, "image/jpeg", {{"X-Poise-Persons", "1"}}, "\xff\xd8"}).value();
  EXPECT_TRUE(picture.find("isBase64Encoded")->as_bool());
  EXPECT_EQ(picture.string("body").value(), "/9g=");
  EXPECT_EQ(picture.find("headers")->string("X-Poise-Persons").value(), "1");
  const auto large = lambda_answer(asked, {200, "image/jpeg", {}, std::string(5U << 20U, 'a')});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);

  asked.is_direct = true;
  EXPECT_EQ(lambda_answer(asked, json_response(Json::Object{{"a", 1}}))->integer("a").value(), 1);
  EXPECT_EQ(lambda_answer(asked, {200, "image/jpeg", {}, "\xff\xd8"})->as_string(), "/9g=");
  const auto failed = lambda_answer(asked, error_response(malformed("no picture")));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "no picture");
}

}  // namespace
}  // namespace poise
