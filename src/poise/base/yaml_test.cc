#include "poise/base/yaml.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace poise {
namespace {

std::string parsed(std::string_view text) {
  const Result<Json> json = parse_yaml(text);
  return json ? json->dump() : "error: " + json.error().message;
}

void expect_error(std::string_view text, ErrorCode code, std::string_view part) {
  const Result<Json> json = parse_yaml(text);
  ASSERT_FALSE(json.ok()) << "wanted: " << part << ", parsed: " << json->dump().substr(0, 100);
  EXPECT_EQ(json.error().code, code) << json.error().message;
  EXPECT_NE(json.error().message.find(part), std::string::npos) << json.error().message;
  EXPECT_EQ(json.error().message.find('\n'), std::string::npos) << json.error().message;
}

TEST(Yaml, ReadsWhatTheAuthorsWrite) {
  // The kinds of lines that their experiment files hold.
  EXPECT_EQ(parsed("GPUS: '0,1,2,3'\n"
                   "CUDNN:\n"
                   "  BENCHMARK: true\n"
                   "MODEL:\n"
                   "  NAME: 'pose_resnet'\n"
                   "  IMAGE_SIZE:\n"
                   "  - 192\n"
                   "  - 256\n"
                   "  EXTRA:\n"
                   "    NUM_DECONV_FILTERS: [256, 256]  # a comment\n"
                   "    STAGE2: {FUSE_METHOD: SUM, BLOCK: BASIC}\n"
                   "TRAIN:\n"
                   "  LR: 0.001\n"
                   "  WD: 1e-3\n"
                   "  CHECKPOINT: ''\n"),
            R"({"GPUS":"0,1,2,3","CUDNN":{"BENCHMARK":true},"MODEL":{"NAME":"pose_resnet","IMAGE_SIZE":[192,256],)"
            R"("EXTRA":{"NUM_DECONV_FILTERS":[256,256],"STAGE2":{"FUSE_METHOD":"SUM","BLOCK":"BASIC"}}},)"
            R"("TRAIN":{"LR":0.001,"WD":0.001,"CHECKPOINT":""}})");
}

/// "3(4 5)": the line of a value, and those of what is in it.
std::string lines_of(const YamlPlace& place) {
  std::string text = std::to_string(place.line);
  for (std::size_t i = 0; i < place.inner.size(); ++i) text += (i == 0 ? "(" : " ") + lines_of(place.inner[i]);
  return place.inner.empty() ? text : text + ")";
}

TEST(Yaml, SaysWhereValuesStand) {
  const PlacedYaml placed = parse_placed_yaml(
                                "# a comment\n"
                                "a: 1\n"
                                "list:\n"
                                "  - x\n"
                                "  - {b: 1,\n"
                                "     c: [1, 2]}\n"
                                "deep:\n"
                                "  er: |\n"
                                "    text\n")
                                .value();
  EXPECT_EQ(lines_of(placed.place), "2(2 3(4 5(5 6(6 6))) 7(8))");
  EXPECT_EQ(placed.value.dump(), R"({"a":1,"list":["x",{"b":1,"c":[1,2]}],"deep":{"er":"text\n"}})");
  EXPECT_FALSE(parse_placed_yaml("a: [1").ok());
}

TEST(Yaml, PlainScalarsAreYaml11) {
  EXPECT_EQ(parsed("[~, null, Null, NULL, , true, Yes, ON, FALSE, no, Off]"),
            "[null,null,null,null,null,true,true,true,false,false,false]");
  EXPECT_EQ(parsed("[0, -7, +7, 010, 0x1F, 0b101, 1_000, 9223372036854775807, -9223372036854775807]"),
            "[0,-7,7,8,31,5,1000,9223372036854775807,-9223372036854775807]");
  EXPECT_EQ(parsed("[1.5, -.5, 2., 1e-3, 1.0e+2, 9223372036854775808]"),
            "[1.5,-0.5,2,0.001,100,9.223372036854776e+18]");
  EXPECT_EQ(parsed("[08, 1:30, 0x, 0xg, '', '7', \"true\", y, n, nulL, 1.2.3, 1e, ., -, '-', 256x192, yesterday]"),
            R"(["08","1:30","0x","0xg","","7","true","y","n","nulL","1.2.3","1e",".","-","-","256x192","yesterday"])");
  const Json special = parse_yaml("[.inf, -.INF, .nan]").value();
  EXPECT_TRUE(std::isinf(special.as_array()[0].as_number()));
  EXPECT_LT(special.as_array()[1].as_number(), 0);
  EXPECT_TRUE(std::isnan(special.as_array()[2].as_number()));
}

TEST(Yaml, KeysAreTexts) { EXPECT_EQ(parsed("{1: a, true: b, '': c}"), R"({"1":"a","true":"b","":"c"})"); }

TEST(Yaml, BlockTextsAndEscapes) {
  EXPECT_EQ(parsed("a: |\n  one\n  two\nb: \"\\u00e9\\n\"\nc: >\n  x\n  y\n"),
            "{\"a\":\"one\\ntwo\\n\",\"b\":\"\xC3\xA9\\n\",\"c\":\"x y\\n\"}");
}

TEST(Yaml, NothingIsNull) {
  EXPECT_EQ(parsed(""), "null");
  EXPECT_EQ(parsed("# only a comment\n"), "null");
  EXPECT_EQ(parsed("---\na: 1\n...\n"), R"({"a":1})");
}

TEST(Yaml, MistakesAreNamedWithTheirPlace) {
  expect_error("a: [1, 2", ErrorCode::kMalformed, "line 2, column 1: end of sequence flow not found");
  expect_error("a: 1\nb: 'x\n", ErrorCode::kMalformed, "line 3");
  expect_error("a: 1\nb: \"x", ErrorCode::kMalformed, "line 3");
  expect_error("a: 1\n a: 2\n", ErrorCode::kMalformed, "line 2");
  expect_error("x:\n  a: 1\n  b: 2\n  a: 3\n", ErrorCode::kMalformed, "line 4, column 3: the key \"a\" is given twice");
  expect_error("a: \"\\q\"\n", ErrorCode::kMalformed, "line 1");
  expect_error("a: \"\\\r x\"", ErrorCode::kMalformed, "column 7: unknown escape character: ?");
  expect_error(std::string("a: \0", 4), ErrorCode::kMalformed, "control characters");
  expect_error(std::string("\xff\xfe"
                           "a\0",
                           4),
               ErrorCode::kMalformed, "control characters");  // UTF-16
}

TEST(Yaml, AnchorsTagsMergesAndMoreDocumentsAreRefused) {
  expect_error("a: &x 1\nb: *x\n", ErrorCode::kUnsupported, "line 1, column 4: anchors");
  expect_error("a: &x [1]\n", ErrorCode::kUnsupported, "anchors");
  expect_error("a: &x\n", ErrorCode::kUnsupported, "anchors");
  expect_error("a: *x\n", ErrorCode::kMalformed, "line 1");
  expect_error("a: !!python/object/apply:os.system ['true']\n", ErrorCode::kUnsupported, "tags");
  expect_error("a: !!str 1\n", ErrorCode::kUnsupported, "tags");
  expect_error("a: !local {}\n", ErrorCode::kUnsupported, "tags");
  expect_error("<<: {a: 1}\n", ErrorCode::kUnsupported, "merge keys");
  expect_error("a: 1\n---\nb: 2\n", ErrorCode::kUnsupported, "second document");
  expect_error("? [1]\n: 2\n", ErrorCode::kUnsupported, "a key is a list");
}

TEST(Yaml, DepthAndSizeAreBounded) {
  EXPECT_TRUE(parse_yaml(std::string(64, '[') + std::string(64, ']')).ok());
  expect_error(std::string(65, '[') + std::string(65, ']'), ErrorCode::kTooLarge, "deeper than 64");
  expect_error(std::string(1'000'001, ' '), ErrorCode::kTooLarge, "over 1 MB");
}

TEST(Yaml, AMegabyteOfNestingIsRefusedSoon) {
  for (const char* unit : {"[", "{", "- ", "? ", "a: {", "[[{", "- ? - "}) {
    std::string text;
    while (text.size() + std::string_view(unit).size() <= 1'000'000) text += unit;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(parse_yaml(text).ok()) << unit;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << unit;
  }
}

TEST(Yaml, ManyKeysTakeNoQuadraticTime) {
  std::string text;
  for (int i = 0; text.size() < 990'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(parse_yaml(text).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace poise
