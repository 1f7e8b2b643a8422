#include "poise/serve/http_message.h"

#include <gtest/gtest.h>

#include "poise/base/random.h"

namespace poise {
namespace {

TEST(ParseTarget, PathAndQueryAreDecoded) {
  HttpRequest request;
  ASSERT_TRUE(parse_target("/v1/poses?format=coco&min_score=0.5&a=%5B1%2C2%5D&b=x+y&empty&format=csv", request).ok());
  EXPECT_EQ(request.path, "/v1/poses");
  EXPECT_EQ(request.query.at("format"), "csv");
  EXPECT_EQ(request.query.at("a"), "[1,2]");
  EXPECT_EQ(request.query.at("b"), "x y");
  EXPECT_EQ(request.query.at("empty"), "");
  ASSERT_TRUE(parse_target("/a%20b+c", request).ok());
  EXPECT_EQ(request.path, "/a b+c");
  EXPECT_TRUE(request.query.empty());
}

TEST(ParseTarget, WhatIsNoAddressIsRefused) {
  HttpRequest request;
  for (const char* target : {"", "v1", "*", "/a%", "/a%2", "/a%zz", "/a%00", "/a%0a", "/?x=%1f", "/?%7f"})
    EXPECT_FALSE(parse_target(target, request).ok()) << target;
  std::string many = "/?";
  for (int i = 0; i < 65; ++i) many += "a" + std::to_string(i) + "&";
  EXPECT_FALSE(parse_target(many, request).ok());
}

TEST(Base64, ThereAndBack) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  Random random(1);
  for (std::size_t length = 0; length < 200; ++length) {
    std::string bytes;
    for (std::size_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(random.below(256)));
    EXPECT_EQ(decode_base64(encode_base64(bytes)).value(), bytes);
  }
  EXPECT_EQ(decode_base64("Zm 9v\r\nZg").value(), "foof");
  EXPECT_EQ(decode_base64("-_-_").value(), decode_base64("+/+/").value());
  for (const char* text : {"Z", "Zm9vZ", "Zm9v!", "Zg==Zg==", "Zg===", "Zm\x80"})
    EXPECT_FALSE(decode_base64(text).ok()) << text;
}

TEST(ErrorResponse, CodesBecomeStatuses) {
  EXPECT_EQ(error_response(invalid_argument("a")).status, 400);
  EXPECT_EQ(error_response(malformed("a")).status, 400);
  EXPECT_EQ(error_response(not_found("a")).status, 404);
  EXPECT_EQ(error_response(too_large("a")).status, 413);
  EXPECT_EQ(error_response(unsupported("a")).status, 415);
  EXPECT_EQ(error_response(io_error("a")).status, 500);
  const Json json = parse_json(error_response(too_large("no \"room\"")).body).value();
  EXPECT_EQ(json.find("error")->string("message").value(), "no \"room\"");
  EXPECT_EQ(json.find("error")->string("code").value(), "too_large");
}

}  // namespace
}  // namespace poise
