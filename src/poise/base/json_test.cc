#include "poise/base/json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "poise/base/json_reader.h"
#include "poise/base/random.h"

namespace poise {
namespace {

std::string round_trip(std::string_view text) { return parse_json(text).value().dump(); }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, RoundTripKeepsOrderAndKinds) {
  const std::string text =
      R"({"z":1,"a":[true,false,null,-7,2.5,"x"],"empty":{},"none":[],"big":9223372036854775807,"low":-9223372036854775808})";
  EXPECT_EQ(round_trip(text), text);
  const Json json = parse_json(" [1, 1.5, \"s\", {}] \n").value();
  EXPECT_TRUE(json.as_array()[0].is_integer());
  EXPECT_TRUE(json.as_array()[1].is_number());
  EXPECT_FALSE(json.as_array()[1].is_integer());
  EXPECT_STREQ(json.as_array()[3].kind(), "an object");
}

TEST(Json, NumbersAreWrittenWithTheFewestDigitsThatReadBack) {
  EXPECT_EQ(Json(0.1).dump(), "0.1");
  EXPECT_EQ(Json(0.1F).dump(), "0.1");
  EXPECT_EQ(Json(static_cast<double>(0.1F)).dump(), "0.10000000149011612");
  EXPECT_EQ(Json(3.0).dump(), "3");
  for (const double value : {1e22, -0.0, 5e-324, 1.7976931348623157e308, 123456.789}) {
    EXPECT_EQ(parse_json(Json(value).dump()).value().as_number(), value);
  }
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
  EXPECT_EQ(Json(-std::numeric_limits<float>::infinity()).dump(), "null");
}

TEST(Json, LargeNumbersAreReadBack) {
  for (const double value : {1e18, 0x1p63, -0x1p64, 1e22, 123456789012345678901234.0, 1.7976931348623157e308}) {
    EXPECT_EQ(parse_json(Json(value).dump()).value().as_number(), value) << value;
  }
}

TEST(Json, IntegersBeyondInt64BecomeDoubles) {
  EXPECT_TRUE(parse_json("9223372036854775807").value().is_integer());
  const Json beyond = parse_json("18446744073709551615").value();
  EXPECT_FALSE(beyond.is_integer());
  EXPECT_EQ(beyond.as_number(), 18446744073709551616.0);
  EXPECT_EQ(Json(std::uint64_t{1} << 63U).as_number(), 0x1p63);
  EXPECT_EQ(Json(std::uint64_t{7}).as_integer(), 7);
}

TEST(Json, LastOfEqualNamesWinsInSmallAndLargeObjects) {
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  std::string large = "{";
  for (int i = 0; i < 40; ++i) large += "\"k" + std::to_string(i % 20) + "\":" + std::to_string(i) + ",";
  large.back() = '}';
  const Json json = parse_json(large).value();
  EXPECT_EQ(json.as_object().size(), 20U);
  EXPECT_EQ(json.integer("k0").value(), 20);
  EXPECT_EQ(json.integer("k19").value(), 39);
}

TEST(Json, DepthIsBoundedByAnErrorAndNotByTheStack) {
  EXPECT_TRUE(parse_json(nested(256)).ok());
  for (const std::size_t depth : {std::size_t{257}, std::size_t{100'000}}) {
    const auto json = parse_json(nested(depth));
    ASSERT_FALSE(json.ok()) << depth;
    EXPECT_EQ(json.error().code, ErrorCode::kMalformed);
    EXPECT_EQ(json.error().message, "the JSON is nested deeper than 256 levels");
  }
  EXPECT_FALSE(parse_json(std::string(100'000, '[')).ok());
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(parse_json(objects).ok());
}

TEST(Json, MalformedIsRefused) {
  for (const std::string_view text :
       {"",         " ",          "1e400",        "-1e400",   "NaN",         "Infinity",
        "[1,]",     "{\"a\":1,}", "{a:1}",        "'a'",      "01",          "1.",
        ".5",       "+1",         "[1] 2",        "// no\n1", "\"\\ud800\"", "\"\\udc00\\ud800\"",
        "\"a\nb\"", "\"\xff\"",   "\"\xc0\xaf\"", "\"\\x\"",  "nul",         "[",
        "\"",       "{\"a\"}",    "\xfe\xff"}) {
    const auto json = parse_json(text);
    ASSERT_FALSE(json.ok()) << text;
    EXPECT_EQ(json.error().code, ErrorCode::kMalformed) << text;
    EXPECT_EQ(json.error().message.find('\n'), std::string::npos);
  }
  EXPECT_FALSE(parse_json(std::string_view("1\0", 2)).ok());
}

TEST(Json, TextNeedsNoRoomBehindIt) {
  const std::string text = "[1,2]garbage";
  EXPECT_EQ(round_trip(std::string_view(text).substr(0, 5)), "[1,2]");
  EXPECT_EQ(round_trip("\xEF\xBB\xBF{}"), "{}");  // a byte order mark
}

TEST(Json, NumbersNoDoubleCanHold) {
  for (const char* text : {"1e-400", "0.1e-400", "1e-99999999999999999999", "0e99999999999999999999"}) {
    EXPECT_EQ(parse_json(text).value().as_number(), 0) << text;
  }
  const std::string zeros(400, '0');
  EXPECT_EQ(parse_json("0." + zeros + "1").value().as_number(), 0);
  EXPECT_EQ(parse_json("0." + zeros + "1e401").value().as_number(), 1);
  EXPECT_EQ(parse_json("-1" + zeros + "e-400").value().as_number(), -1);
  EXPECT_FALSE(parse_json("1" + zeros + "e-1").ok());
  EXPECT_FALSE(parse_json("-1" + zeros).ok());
  EXPECT_FALSE(parse_json("1e99999999999999999999").ok());
  EXPECT_TRUE(std::signbit(parse_json("-1e-400").value().as_number()));
}

TEST(Json, MalformedTextsSayWhere) {
  const auto message = [](std::string_view text) { return parse_json(text).error().message; };
  EXPECT_EQ(message(""), "not valid JSON: the text is empty");
  EXPECT_EQ(message("[1,"), "not valid JSON: the text ends where a value was expected: is it truncated?");
  EXPECT_EQ(message("{\"a\":1 \"b\"}"), "not valid JSON at byte 7: ',' or '}' was expected");
  EXPECT_EQ(message("[\"a\nb\"]"), "not valid JSON at byte 3: a control character in a text must be escaped");
}

TEST(Json, ReaderGivesTokenAfterToken) {
  using Token = JsonReader::Token;
  JsonReader reader(R"({"k\u0041":[18446744073709551615,true,"x"]})", 2);
  std::vector<Token> tokens;
  while (tokens.empty() || tokens.back() != Token::kEnd) {
    tokens.push_back(reader.next().value());
    if (tokens.back() == Token::kKey) {
      EXPECT_EQ(reader.string(), "kA");
    }
    if (tokens.back() == Token::kNumber) {
      EXPECT_FALSE(reader.integer());
      EXPECT_EQ(reader.beyond_int64(), 18446744073709551615U);
      EXPECT_FALSE(reader.real());
    }
    if (tokens.back() == Token::kBool) {
      EXPECT_TRUE(reader.boolean());
    }
  }
  EXPECT_EQ(tokens,
            (std::vector<Token>{Token::kBeginObject, Token::kKey, Token::kBeginArray, Token::kNumber, Token::kBool,
                                Token::kString, Token::kEndArray, Token::kEndObject, Token::kEnd}));
}

/// simdjson, an independent reader: what it takes, as Json; nothing where it refuses.
std::optional<std::string> by_simdjson(const std::string& text) {
  const std::function<Json(simdjson::dom::element)> convert = [&](simdjson::dom::element node) -> Json {
    if (simdjson::dom::array items; !node.get_array().get(items)) {
      Json array = Json::array();
      for (const auto item : items) array.push(convert(item));
      return array;
    }
    if (simdjson::dom::object members; !node.get_object().get(members)) {
      Json object = Json::object();
      for (const auto& [name, value] : members) object.set(name, convert(value));
      return object;
    }
    if (std::int64_t whole = 0; !node.get_int64().get(whole)) return whole;
    if (double real = 0; !node.get_double().get(real)) return real;
    if (std::string_view word; !node.get_string().get(word)) return word;
    if (bool flag = false; !node.get_bool().get(flag)) return flag;
    return {};
  };
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(simdjson::padded_string(text)).get(root)) return std::nullopt;
  return convert(root).dump();
}

TEST(Json, TakesAndRefusesWhatSimdjsonDoes) {
  const std::string whole = R"( {"id":-7, "key\u00e9\ud83d\ude00":[1.5e3,0,-0.25,1E-2,true,false,null,"a\\b\"\n\/"],)"
                            "\t\"\xC3\xA9\xE2\x82\xAC\":{\"deep\":[[],{},[{\"id\":12345678901}]]}}\r\n";
  ASSERT_EQ(by_simdjson(whole), round_trip(whole));
  const std::string letters = "{}[]:,\"\\0123456789eE+-.tfn u\xC3\xA9\xED\xA0\x80\n";
  Random random(7, 0, 0);
  int taken = 0;
  for (int n = 0; n < 20'000; ++n) {
    std::string text = whole;
    for (std::uint64_t change = random.below(3) + 1; change > 0; --change) {
      const std::size_t at = random.below(text.size());
      const char letter = letters[random.below(letters.size())];
      if (random.below(3) == 0) {
        text.erase(at, 1);
      } else if (random.below(2) == 0) {
        text.insert(at, 1, letter);
      } else {
        text[at] = letter;
      }
    }
    const auto ours = parse_json(text);
    const auto theirs = by_simdjson(text);
    ASSERT_EQ(ours.ok(), theirs.has_value()) << text << (ours.ok() ? "" : "\n" + ours.error().message);
    if (!theirs) continue;
    ASSERT_EQ(ours->dump(), *theirs) << text;
    ++taken;
  }
  EXPECT_GT(taken, 2000);  // else the changes tell nothing about what is taken
  EXPECT_LT(taken, 18'000);
}

TEST(Json, StringsAreEscapedAndInvalidUtf8Replaced) {
  const std::string all = "q\" b\\ s/ \b\t\n\f\r \x01 \x1f \x7f \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80";
  EXPECT_EQ(parse_json(Json(all).dump()).value().as_string(), all);
  EXPECT_EQ(Json("\x01\n\"").dump(), R"("\u0001\n\"")");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Json("a\xFFz").dump(), "\"a" + bad + "z\"");
  EXPECT_EQ(Json("\xC0\xAF").dump(), "\"" + bad + bad + "\"");                      // overlong
  EXPECT_EQ(Json("\xED\xA0\x80").dump(), "\"" + bad + bad + bad + "\"");            // a surrogate
  EXPECT_EQ(Json("\xF4\x90\x80\x80").dump(), "\"" + bad + bad + bad + bad + "\"");  // beyond U+10FFFF
  EXPECT_EQ(Json("\xE2\x82").dump(), "\"" + bad + bad + "\"");                      // cut short
  EXPECT_EQ(parse_json(R"("\ud83d\ude00")").value().as_string(), "\xF0\x9F\x98\x80");
}

TEST(Json, IndentKeepsShortArraysOfScalarsOnOneLine) {
  Json json = Json::object();
  json.set("box", Json::Array{1, 2.5, 3, "x"});
  json.set("empty", Json::object());
  Json limbs = Json::array();
  limbs.push(Json::Array{0, 1});
  json.set("limbs", limbs);
  EXPECT_EQ(json.dump(2), "{\n  \"box\": [1, 2.5, 3, \"x\"],\n  \"empty\": {},\n  \"limbs\": [\n    [0, 1]\n  ]\n}");
  Json numbers = Json::array();
  for (int i = 0; i < 100; ++i) numbers.push(i);
  EXPECT_NE(numbers.dump(1).find("[\n 0,\n 1,"), std::string::npos);
  EXPECT_EQ(parse_json(numbers.dump(1)).value().dump(), numbers.dump());
}

TEST(Json, TypedMembersSayWhatWasWanted) {
  const Json json = parse_json(R"({"score":"high","n":2.5,"whole":17.0,"list":[1,2.5],"mixed":[1,"a"]})").value();
  EXPECT_EQ(json.number("score").error().message, "member \"score\" must be a number, it is a string");
  EXPECT_EQ(json.number("gone").error().message, "member \"gone\" is missing, it must be a number");
  EXPECT_EQ(json.integer("n").error().message, "member \"n\" must be an integer, it is 2.5");
  EXPECT_EQ(json.integer("whole").value(), 17);
  EXPECT_EQ(json.string("n").error().message, "member \"n\" must be a string, it is a number");
  EXPECT_EQ(json.numbers("list").value(), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(json.numbers("mixed").error().message,
            "member \"mixed\" must be an array of numbers, element 1 is a string");
  EXPECT_FALSE(parse_json("[1]").value().number("score").ok());
  EXPECT_FALSE(parse_json(R"({"n":1e300})").value().integer("n").ok());
}

TEST(Json, NumbersMustBeFinite) {
  Json json = Json::object();
  json.set("one", std::numeric_limits<double>::infinity());
  json.set("many", Json::Array{1.0, std::nan("")});
  EXPECT_FALSE(json.number("one").ok());
  EXPECT_FALSE(json.integer("one").ok());
  EXPECT_FALSE(json.numbers("many").ok());
}

TEST(Json, SetReplacesAndPushAppends) {
  Json json;
  json.set("a", 1);
  json.set("b", 2);
  json.set("a", "new");
  EXPECT_EQ(json.dump(), R"({"a":"new","b":2})");
  EXPECT_THROW(json.push(1), std::logic_error);
  Json list;
  list.push(true);
  EXPECT_EQ(list.dump(), "[true]");
}

std::string repeated(std::string_view part, std::size_t count) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + std::string(part);
  return out + "]";
}

TEST(Json, AValueIsSmallAndCopiesAreDeep) {
  EXPECT_EQ(sizeof(Json), 16U);
  Json first = parse_json(R"({"a":["x",[]]})").value();
  Json second = first;
  first.set("a", 1);
  EXPECT_EQ(first.dump(), R"({"a":1})");
  EXPECT_EQ(second.dump(), R"({"a":["x",[]]})");
  second = Json(Json::Array{});
  EXPECT_TRUE(second.as_array().empty());
  second.push("y");
  EXPECT_EQ(second.dump(), R"(["y"])");
  EXPECT_EQ(Json("").as_string(), "");
}

TEST(Json, TakesAtMostSixTimesTheTextAndAFixedSum) {
  constexpr std::size_t kMany = 1'500'000;
  for (const char* part : {"[0]", R"({"":0})", R"("a")"}) {
    const auto json = parse_json(repeated(part, kMany));
    ASSERT_FALSE(json.ok()) << part;
    EXPECT_EQ(json.error().code, ErrorCode::kTooLarge);
    EXPECT_NE(json.error().message.find("small parts"), std::string::npos) << json.error().message;
  }
  EXPECT_TRUE(parse_json(repeated("[620.5,394.25]", kMany / 10)).ok());
  EXPECT_TRUE(parse_json(repeated("17", kMany / 4)).ok());
}

TEST(Json, OtherEncodingsAreNamedWithAMarkAndWithout) {
  const auto message = [](std::string_view text) { return parse_json(text).error().message; };
  const std::string utf16 = "not valid JSON: the text is UTF-16: save it as UTF-8";
  const std::string utf32 = "not valid JSON: the text is UTF-32: save it as UTF-8";
  EXPECT_EQ(message({"\xFF\xFE[\0]\0", 6}), utf16);
  EXPECT_EQ(message({"[\0]\0", 4}), utf16);
  EXPECT_EQ(message({"\0[\0]", 4}), utf16);
  EXPECT_EQ(message({"\xFF\xFE\0\0[\0\0\0", 8}), utf32);
  EXPECT_EQ(message({"[\0\0\0]\0\0\0", 8}), utf32);
  EXPECT_EQ(message({"\0\0\0[\0\0\0]", 8}), utf32);
  EXPECT_EQ(message({"\0\0\0\0\0", 5}).find("UTF"), std::string::npos) << "zeros are no text at all";
}

}  // namespace
}  // namespace poise
