#include "poise/formats/json_elements.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "poise/base/json.h"

namespace poise {
namespace {

/// A source that gives `step` bytes at a time, so that every boundary is met.
JsonElements::Source drip(const std::string& text, std::size_t step) {
  return [&text, step, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({step, into.size(), text.size() - at});
    std::copy_n(text.data() + at, count, into.data());
    at += count;
    return count;
  };
}

/// All elements, as "array:text"; or the error.
Result<std::vector<std::string>> all(const std::string& text, std::vector<std::string> arrays = {},
                                     std::size_t step = 1) {
  JsonElements elements(drip(text, step), std::move(arrays));
  std::vector<std::string> found;
  JsonBatch batch;
  for (;;) {
    POISE_TRY(const bool more, elements.next(batch));
    if (!more) return found;
    POISE_TRY(const Json list, parse_json(batch.text));
    EXPECT_EQ(list.as_array().size() + 1, batch.at.size());
    for (const Json& one : list.as_array()) found.push_back(batch.array + ":" + one.dump());
  }
}

TEST(JsonElements, TopArrayInAnyPieces) {
  const std::string text = "\xEF\xBB\xBF [ {\"a\": [1, {\"b\": \"]}\\\"\\\\\"}]} , 2.5,\"x,]\" ,null, [ ], true\n] ";
  const std::vector<std::string> wanted = {
      ":{\"a\":[1,{\"b\":\"]}\\\"\\\\\"}]}", ":2.5", ":\"x,]\"", ":null", ":[]", ":true"};
  for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) EXPECT_EQ(all(text, {}, step).value(), wanted) << step;
  EXPECT_TRUE(all("[]").value().empty());
  EXPECT_TRUE(all(" [ ] ").value().empty());
}

TEST(JsonElements, NamedArraysOfAnObject) {
  const std::string text = R"({"info": {"images": [7]}, "images": [1, 2], "x": "}", "n": -3, "anno\u0074ations": [3],
                              "images": [], "last": [[4]]})";
  const std::vector<std::string> wanted = {"images:1", "images:2", "annotations:3"};
  for (const std::size_t step : {1U, 5U, 1000U}) EXPECT_EQ(all(text, {"images", "annotations"}, step).value(), wanted);
  EXPECT_TRUE(all("{}", {"images"}).value().empty());
  EXPECT_NE(all(R"({"images": 3})", {"images"}).error().message.find("\"images\" must be an array"), std::string::npos);
}

TEST(JsonElements, LongElementsCrossTheBuffers) {
  std::string text = "[";
  std::string numbers;
  for (int i = 0; i < 200'000; ++i) numbers += std::to_string(i) + ",";
  numbers.back() = ' ';
  for (int i = 0; i < 3; ++i) text += (i > 0 ? ",[" : "[") + numbers + "]";
  text += "]";
  EXPECT_EQ(all(text, {}, 100'000).value().size(), 3U);
}

TEST(JsonElements, BatchesKnowWhereTheyAre) {
  std::string text = "[";
  for (int i = 0; i < 100'000; ++i) text += "\"" + std::to_string(1'000'000 + i) + "\",";
  text.back() = ']';
  JsonElements elements(drip(text, 4096), {});
  JsonBatch batch;
  std::uint64_t count = 0;
  while (elements.next(batch).value()) {
    EXPECT_EQ(batch.first, count);
    for (std::size_t i = 0; i + 1 < batch.at.size(); ++i, ++count) {
      const std::string wanted = "\"" + std::to_string(1'000'000 + count) + "\"";
      EXPECT_EQ(batch.text.substr(batch.at[i], wanted.size()), wanted);
    }
    EXPECT_EQ(text.substr(batch.offset, 9), batch.text.substr(1, 9));
    EXPECT_LT(batch.text.size(), 1U << 20U);
  }
  EXPECT_EQ(count, 100'000U);
}

TEST(JsonElements, EveryTruncationIsAnError) {
  const std::string text = R"({"images": [{"id": "a\"b"}, 12], "x": {"y": [1]}, "z": 4})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(all(text.substr(0, length), {"images"}, 3).ok()) << text.substr(0, length);
  }
  EXPECT_TRUE(all(text, {"images"}).ok());
}

TEST(JsonElements, WhatIsNoJsonIsAnError) {
  for (const char* text : {"", " ", "3", "\"a\"", "[1,]", "[1 2]", "[,1]", "[1", "[1]]", "[1] x", "{\"a\" 1}", "{a: 1}",
                           "{\"a\": 1,}", "{\"a\": }", "{,}", "[}", "{\"a\": 1 \"b\": 2}", "{\"\\x\": 1}"}) {
    EXPECT_FALSE(all(text, {"images"}).ok()) << text;
  }
}

TEST(JsonElements, DepthIsBounded) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_NE(all(deep, {}, 4096).error().message.find("nested deeper than 256"), std::string::npos);
  EXPECT_FALSE(all("{\"skipped\": " + deep + "}", {}, 4096).ok());
  EXPECT_TRUE(all(std::string(200, '[') + std::string(200, ']'), {}, 64).ok());
}

TEST(JsonElements, FilesThatAreNotThere) {
  EXPECT_EQ(JsonElements::open("/nonexistent/x.json", {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(JsonElements::open("/", {}).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace poise
