#include "poise/serve/multipart.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

const std::string kType = "multipart/form-data; boundary=XyZ";

TEST(Multipart, PartsHaveNamesTypesAndBytes) {
  const std::string body =
      "--XyZ\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a \\\"b\\\".jpg\"\r\nContent-Type: "
      "image/jpeg\r\n\r\n"
      "\xff\xd8\r\n--Xy\r\n\r\n--XyZ\r\ncontent-disposition: form-data; name=boxes\r\n\r\n[[1,2,3,4]]\r\n--XyZ--\r\n";
  const auto parts = parse_multipart(kType, body).value();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].name, "image");
  EXPECT_EQ(parts[0].file_name, "a \"b\".jpg");
  EXPECT_EQ(parts[0].content_type, "image/jpeg");
  EXPECT_EQ(parts[0].body, "\xff\xd8\r\n--Xy\r\n");
  EXPECT_EQ(parts[1].name, "boxes");
  EXPECT_EQ(parts[1].body, "[[1,2,3,4]]");
  EXPECT_EQ(parse_multipart("multipart/form-data; charset=\"a;b\"; Boundary=\"XyZ\"", body)->size(), 2U);
}

TEST(Multipart, PreambleAndEmptyPartsAreFine) {
  const std::string body = "hello\r\n--XyZ  \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--XyZ--";
  const auto parts = parse_multipart(kType, body).value();
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].body, "");
}

TEST(Multipart, WhatIsNoFormIsRefused) {
  const std::string head = "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
  for (const std::string& body :
       {std::string(), std::string("--XyZ"), std::string("--XyZ\r\n"), head, head + "x", head + "x\r\n--XyZ",
        head + "x\r\n--XyZ\r\n", std::string("x--XyZ\r\n\r\n"), std::string("--XyZ\r\nno colon\r\n\r\nx\r\n--XyZ--"),
        std::string("--XyZ\r\nContent-Type: a\r\n\r\nx\r\n--XyZ--"),
        std::string("--XyZ\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--XyZ--"),
        "--XyZ\r\nA: " + std::string(9000, 'a') + "\r\n\r\nx\r\n--XyZ--"}) {
    EXPECT_FALSE(parse_multipart(kType, body).ok()) << body.substr(0, 100);
  }
  EXPECT_FALSE(parse_multipart("multipart/form-data", head + "x\r\n--XyZ--").ok());
  EXPECT_FALSE(parse_multipart("multipart/form-data; boundary=", head + "x\r\n--XyZ--").ok());
  EXPECT_FALSE(parse_multipart("multipart/form-data; boundary=" + std::string(71, 'a'), head).ok());
  std::string many;
  for (int i = 0; i < 65; ++i) many += head + "x\r\n";
  const auto refused = parse_multipart(kType, many + "--XyZ--");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace poise
