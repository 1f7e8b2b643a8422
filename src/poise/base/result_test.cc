#include "poise/base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "poise/base/check.h"

namespace poise {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return invalid_argument(std::to_string(n) + " is odd");
  return n / 2;
}

Result<int> quarter(int n) {
  POISE_TRY(const int once, half(n));
  return half(once);
}

Status check_even(int n) {
  POISE_RETURN_IF_ERROR(half(n));
  return {};
}

TEST(Result, ErrorsTravelUpThroughTry) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
  EXPECT_EQ(quarter(7).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(check_even(2).ok());
  EXPECT_FALSE(check_even(3).ok());
}

TEST(Result, ValueThrowsTheError) {
  try {
    (void)half(3).value();
    FAIL() << "no exception";
  } catch (const Exception& exception) {
    EXPECT_STREQ(exception.what(), "3 is odd");
    EXPECT_EQ(exception.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_THROW(check_even(1).value(), Exception);
  EXPECT_NO_THROW(check_even(2).value());
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> owned = std::move(result).value();
  EXPECT_EQ(*owned, 5);
}

TEST(Result, PrefixNamesTheFile) {
  const Error error = malformed("it is cut short").prefixed("team.jpg");
  EXPECT_EQ(error.message, "team.jpg: it is cut short");
  EXPECT_EQ(error.code, ErrorCode::kMalformed);
}

TEST(Check, ThrowsLogicErrorNamingTheCondition) {
  try {
    POISE_CHECK(1 + 1 == 3);
    FAIL() << "no exception";
  } catch (const std::logic_error& error) {
    EXPECT_NE(std::string(error.what()).find("1 + 1 == 3"), std::string::npos);
  }
}

}  // namespace
}  // namespace poise
