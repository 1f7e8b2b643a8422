#include <gtest/gtest.h>

#include <chrono>

#include "poise/weights/state_dict.h"
#include "poise/weights/torch/test_checkpoints.h"

namespace poise {
namespace {

using namespace testing_checkpoints;

std::string file(const std::string& header, std::size_t data = 0) {
  return le(header.size(), 8) + header + std::string(data, '\x01');
}
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, std::uint64_t begin,
                  std::uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(Safetensors, OrderSpacesAndEmptyTensorsAreFine) {
  const auto state = parse(file("{" + entry("b", "U8", "[4]", 4, 8) + "," + entry("none", "F32", "[0,9]", 4, 4) + "," +
                                    entry("a", "F32", "[]", 0, 4) + "}      ",
                                8));
  ASSERT_TRUE(state.ok()) << state.error().message;
  EXPECT_EQ(state->layout, "safetensors");
  EXPECT_EQ(state->tensors.size(), 3U);
  EXPECT_EQ(state->tensors.at("b")->as<std::uint8_t>()[3], 1);
  EXPECT_EQ(state->tensors.at("none")->shape(), (Shape{0, 9}));
  EXPECT_EQ(state->tensors.at("a")->rank(), 0U);
  EXPECT_TRUE(parse(file("{}")).ok());
}

TEST(Safetensors, HeadersOfAnyLengthAreToldFromPickles) {
  for (std::size_t length = 60; length < 900; ++length) {  // 128: a pickle's first byte; 640: protocol 2 behind it
    std::string header = "{" + entry("a", "F32", "[]", 0, 4) + "}";
    header.resize(length, ' ');
    const auto state = parse(file(header, 4));
    ASSERT_TRUE(state.ok()) << length << ": " << state.error().message;
  }
}

// The nine abuse cases.

TEST(Safetensors, HeaderLengthPastTheEndOfTheFile) {
  expect_error(parse(le(3, 8) + "{}"), ErrorCode::kMalformed, "states 3 bytes, the file has 10");
  expect_error(parse(le(99'999'999, 8) + "{}"), ErrorCode::kMalformed, "states 99999999 bytes");
}

TEST(Safetensors, HeaderOverAHundredMegabytes) {
  expect_error(parse(le(100'000'001, 8) + "{}"), ErrorCode::kTooLarge, "the format allows 100 MB");
  expect_error(parse(std::string(8, '\xff') + "{}"), ErrorCode::kTooLarge, "18446744073709551615 bytes");
}

TEST(Safetensors, BadUtf8) {
  expect_error(parse(file("{" + entry("a\xff", "U8", "[1]", 0, 1) + "}", 1)), ErrorCode::kMalformed, "UTF-8");
  expect_error(parse(file("{\"__metadata__\":{\"k\":\"\xc3\"}}")), ErrorCode::kMalformed, "UTF-8");
}

TEST(Safetensors, DuplicateKey) {
  const std::string one = entry("a", "U8", "[1]", 0, 1);
  expect_error(parse(file("{" + one + "," + one + "}", 1)), ErrorCode::kMalformed, "\"a\" is given twice");
  expect_error(parse(file("{" + one + "," + entry("\\u0061", "U8", "[1]", 1, 2) + "}", 2)), ErrorCode::kMalformed,
               "\"a\" is given twice");
  expect_error(parse(file(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1)),
               ErrorCode::kMalformed, "once each");
  expect_error(parse(file(R"({"a":{"dtype":"U8","dtype":"U8","data_offsets":[0,1]}})", 1)), ErrorCode::kMalformed,
               "once each");
  expect_error(parse(file(R"({"__metadata__":{"a":"1","a":"2"}})")), ErrorCode::kMalformed, "twice");
}

TEST(Safetensors, OverlappingRanges) {
  expect_error(parse(file("{" + entry("a", "U8", "[4]", 0, 4) + "," + entry("b", "U8", "[4]", 3, 7) + "}", 7)),
               ErrorCode::kMalformed, "tensor \"b\" overlaps another");
  expect_error(parse(file("{" + entry("a", "U8", "[4]", 0, 4) + "," + entry("b", "U8", "[4]", 0, 4) + "}", 4)),
               ErrorCode::kMalformed, "overlaps another");
}

TEST(Safetensors, HoleBetweenRanges) {
  expect_error(parse(file("{" + entry("a", "U8", "[4]", 0, 4) + "," + entry("b", "U8", "[1]", 5, 6) + "}", 6)),
               ErrorCode::kMalformed, "tensor \"b\" leaves a hole");
  expect_error(parse(file("{" + entry("a", "U8", "[4]", 1, 5) + "}", 5)), ErrorCode::kMalformed, "hole");
  expect_error(parse(file("{" + entry("a", "U8", "[4]", 0, 4) + "}", 5)), ErrorCode::kMalformed, "cover 4 bytes of 5");
}

TEST(Safetensors, OffsetOutOfRange) {
  expect_error(parse(file("{" + entry("a", "U8", "[4]", 0, 4) + "}", 3)), ErrorCode::kMalformed, "beyond the file");
  expect_error(parse(file("{" + entry("a", "U8", "[4]", 18446744073709551611U, 18446744073709551615U) + "}", 4)),
               ErrorCode::kMalformed, "beyond the file");
  expect_error(parse(file("{" + entry("a", "U8", "[1]", 2, 1) + "}", 3)), ErrorCode::kMalformed, "no two offsets");
  for (const char* offsets : {"[-1,0]", "[0]", "[0,1,2]", "[0,1.0]", "[0,18446744073709551616]", "[\"0\",1]", "7"})
    expect_error(parse(file(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":)" + std::string(offsets) + "}}", 1)),
                 ErrorCode::kMalformed, "");
}

TEST(Safetensors, SizeUnequalToShapeTimesType) {
  expect_error(parse(file("{" + entry("a", "F32", "[2,2]", 0, 15) + "}", 15)), ErrorCode::kMalformed,
               "shape 2x2 of float32 wants 16 bytes, its offsets give 15");
  expect_error(parse(file("{" + entry("a", "F16", "[2]", 0, 8) + "}", 8)), ErrorCode::kMalformed, "wants 4 bytes");
}

TEST(Safetensors, ShapeProductOverflows) {
  expect_error(parse(file("{" + entry("a", "U8", "[4294967296,4294967296]", 0, 0) + "}")), ErrorCode::kTooLarge,
               "is too large");
  expect_error(parse(file("{" + entry("a", "F64", "[2305843009213693952]", 0, 0) + "}")), ErrorCode::kTooLarge,
               "is too large");
  expect_error(parse(file("{" + entry("a", "U8", "[-1]", 0, 1) + "}", 1)), ErrorCode::kMalformed, "negative");
  expect_error(parse(file("{" + entry("a", "U8", "[9223372036854775808]", 0, 1) + "}", 1)), ErrorCode::kMalformed,
               "no extent");
}

TEST(Safetensors, AHundredThousandTensorsAreRefusedSoon) {
  std::string header = "{";
  for (int i = 0; i < 100'000; ++i)
    header += (i == 0 ? "" : ",") + entry("tensor." + std::to_string(i), "U8", "[1]", static_cast<std::uint64_t>(i),
                                          static_cast<std::uint64_t>(i) + 1);
  const std::string bytes = file(header + "}", 100'000);
  const auto start = std::chrono::steady_clock::now();
  expect_error(parse(bytes), ErrorCode::kTooLarge, "more than 65536 tensors");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_TRUE(parse(bytes, {.max_tensors = 100'000}).ok());
}

TEST(Safetensors, HeadersThatAreNoHeadersAreRefused) {
  expect_error(parse(file("{\"a\":1}")), ErrorCode::kMalformed, "dtype, shape and data_offsets");
  expect_error(parse(file("{\"a\"")), ErrorCode::kMalformed, "not valid JSON");
  expect_error(parse(file("{" + std::string(1000, '[') + "}")), ErrorCode::kMalformed, "not valid JSON");
  expect_error(parse(file("{} {}")), ErrorCode::kMalformed, "not valid JSON");
  expect_error(parse(file(R"({"__metadata__":{"a":1}})")), ErrorCode::kMalformed, "no text");
  expect_error(parse(file(R"({"__metadata__":[]})")), ErrorCode::kMalformed, "no object");
  expect_error(parse(file("{" + entry("a\\n", "U8", "[1]", 0, 1) + "}", 1)), ErrorCode::kMalformed,
               "control character");
  expect_error(parse(file("{" + entry("a", "F8_E4M3", "[1]", 0, 1) + "}", 1)), ErrorCode::kUnsupported, "\"F8_E4M3\"");
  expect_error(parse(file("{" + entry("a", "U8", "[1,1,1,1,1,1,1,1,1]", 0, 1) + "}", 1)), ErrorCode::kUnsupported,
               "9 axes");
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const Bytes whole = read_file(POISE_SOURCE_DIR "/tests/golden/checkpoints/plain.safetensors", 1U << 20U).value();
  ASSERT_TRUE(parse_state_dict(whole).ok());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_state_dict(BytesView(whole).first(size)).ok()) << size;
}

}  // namespace
}  // namespace poise
