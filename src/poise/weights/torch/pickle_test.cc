#include "poise/weights/torch/pickle.h"

#include <gtest/gtest.h>

#include "poise/weights/torch/test_checkpoints.h"

namespace poise {
namespace {

using namespace testing_checkpoints;
using Ref = Pickle::Ref;

constexpr std::array<PickleGlobal, 3> kKnown{{
    {"collections", "OrderedDict", PickleGlobal::Use::kDict},
    {"torch", "Size", PickleGlobal::Use::kCall},
    {"torch", "FloatStorage", PickleGlobal::Use::kName},
}};

Result<Pickle> read(const std::string& bytes) {
  MemorySource source(bytes_of(bytes));
  return read_pickle(source, 0, kKnown);
}

// As Python would print it.
std::string shown(const Pickle& pickle, Ref ref) {
  std::string all;
  for (std::size_t i = 0; i < pickle.count(ref); ++i) all += (i == 0 ? "" : " ") + shown(pickle, pickle.child(ref, i));
  switch (pickle.kind(ref)) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return pickle.boolean(ref) ? "True" : "False";
    case PickleKind::kInt:
      return std::to_string(pickle.integer(ref));
    case PickleKind::kBigInt:
      return "big" + std::to_string(pickle.bytes(ref).size());
    case PickleKind::kFloat:
      return std::to_string(pickle.number(ref));
    case PickleKind::kText:
      return "'" + std::string(pickle.text(ref)) + "'";
    case PickleKind::kBytes:
      return "b'" + std::string(pickle.text(ref)) + "'";
    case PickleKind::kTuple:
      return "(" + all + ")";
    case PickleKind::kList:
      return "[" + all + "]";
    case PickleKind::kDict:
      return "{" + all + "}";
    case PickleKind::kSet:
      return "set{" + all + "}";
    case PickleKind::kGlobal:
      return std::string(kKnown[pickle.index(ref)].name);
    case PickleKind::kCall:
      return std::string(kKnown[pickle.index(ref)].name) + all;
    case PickleKind::kPersistent:
      break;
  }
  return "persistent" + all;
}

std::string shown(const std::string& body) {
  const std::string bytes = pickled(body);  // texts are views of it
  const Result<Pickle> pickle = read(bytes);
  return pickle ? shown(*pickle, pickle->root()) : "error: " + pickle.error().message;
}

std::string b(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out += static_cast<char>(byte);
  return out;
}

TEST(Pickle, Numbers) {
  EXPECT_EQ(shown(b({'(', 'N', 0x88, 0x89, 'K', 255, 'M', 1, 2, 't'})), "(None True False 255 513)");
  EXPECT_EQ(shown("J" + le(0xffffffffU, 4)), "-1");
  EXPECT_EQ(shown("J" + le(0x7fffffffU, 4)), "2147483647");
  EXPECT_EQ(shown(b({'(', 0x8a, 0, 0x8a, 1, 0xff, 0x8a, 2, 0xff, 0, 0x8a, 3, 0, 0, 0x80, 't'})), "(0 -1 255 -8388608)");
  EXPECT_EQ(shown(integer(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(shown(b({0x8b, 1, 0, 0, 0, 7})), "7");
  EXPECT_EQ(shown(b({0x8a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9})), "big9");
  EXPECT_EQ(shown("G" + b({0x3f, 0xf8, 0, 0, 0, 0, 0, 0})), "1.500000");
}

TEST(Pickle, TextsAndBytes) {
  EXPECT_EQ(shown("(" + text("long") + b({0x8c, 1, 's'}) + b({'U', 2, 'p', '2'}) + "T" + le(1, 4) + "q" +
                  b({0x8d, 1, 0, 0, 0, 0, 0, 0, 0, '8'}) + "t"),
            "('long' 's' 'p2' 'q' '8')");
  EXPECT_EQ(shown("(" + b({'C', 1, 'c'}) + "B" + le(2, 4) + "bb" + b({0x8e, 0, 0, 0, 0, 0, 0, 0, 0}) + "t"),
            "(b'c' b'bb' b'')");
}

TEST(Pickle, Containers) {
  EXPECT_EQ(shown("()]}" + b({0x8f}) + "t"), "(() [] {} set{})");
  EXPECT_EQ(shown("NN" + b({0x86}) + b({0x85})), "((None None))");
  EXPECT_EQ(shown("NNN" + b({0x87})), "(None None None)");
  EXPECT_EQ(shown("]Na(NNe"), "[None None None]");
  EXPECT_EQ(shown("(NNl"), "[None None]");
  EXPECT_EQ(shown("}" + text("a") + "Ns(" + text("b") + "Nu"), "{'a' None 'b' None}");
  EXPECT_EQ(shown("(" + text("a") + "Nd"), "{'a' None}");
  EXPECT_EQ(shown(b({0x8f, '(', 'N', 0x90})), "set{None}");
}

TEST(Pickle, StackAndMemo) {
  EXPECT_EQ(shown("]q\x05"
                  "0(h\x05j" +
                  le(5, 4) + "t"),
            "([] [])");
  EXPECT_EQ(shown("N" + b({0x94}) + "r" + le(300, 4) + "0(h" + b({0}) + "j" + le(300, 4) + "t"), "(None None)");
  EXPECT_EQ(shown("N2" + b({0x86})), "(None None)");
  EXPECT_EQ(shown("N(NN1"), "None");
  EXPECT_EQ(shown(b({0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0}) + "N"), "None");
}

TEST(Pickle, ListedCallsAreNotedAndNothingElse) {
  EXPECT_EQ(shown(global("torch", "Size") + tuple({1, 2}) + b({0x85}) + "R"), "Size((1 2))");
  EXPECT_EQ(shown(text("torch") + text("Size") + b({0x93}) + ")R"), "Size()");
  EXPECT_EQ(shown(global("torch", "FloatStorage")), "FloatStorage");
  EXPECT_EQ(shown(global("collections", "OrderedDict") + ")R" + text("k") + "Ns}b"), "{'k' None}");
  EXPECT_EQ(shown(text("id") + "Q"), "persistent'id'");
}

TEST(Pickle, EndIsTheOffsetBehindIt) {
  const std::string two = pickled("N") + pickled("K\x07");
  MemorySource source(bytes_of(two));
  const Pickle first = read_pickle(source, 0, kKnown).value();
  EXPECT_EQ(first.end(), pickled("N").size());
  const Pickle second = read_pickle(source, first.end(), kKnown).value();
  EXPECT_EQ(second.integer(second.root()), 7);
  EXPECT_EQ(second.end(), two.size());
  EXPECT_EQ(read_pickle(source, two.size(), kKnown).error().code, ErrorCode::kMalformed);
}

struct Wrong {
  std::string body;
  ErrorCode code;
  const char* part;
};

TEST(Pickle, MistakesAreErrors) {
  const ErrorCode bad = ErrorCode::kMalformed;
  const std::vector<Wrong> cases{
      {"", bad, "takes a value where there is none"},
      {"NN", bad, "leaves values on its stack"},
      {b({0x85}), bad, "takes a value"},
      {"N" + b({0x86}), bad, "takes a value"},
      {"N(" + b({0x85}), bad, "takes a value"},  // not below the mark
      {"t", bad, "a mark where there is none"},
      {"1", bad, "a mark where there is none"},
      {"0", bad, "a mark where there is none"},
      {"Na", bad, "takes a value"},
      {"NNa", bad, "no container of that kind"},
      {"]NNs", bad, "no container of that kind"},
      {"}(Ne", bad, "no container of that kind"},
      {"}(Nu", bad, "a key without a value"},
      {"(Nd", bad, "a key without a value"},
      {"h\x01", bad, "recalls a value that it never kept"},
      {"q\x01", bad, "takes a value"},
      {"X\xff\xff", bad, "cut short"},
      {global("torch", "Size") + "NR", bad, "no tuple"},
      {global("collections", "OrderedDict") + "N" + b({0x85}) + "R", bad, "of no list"},
      {global("collections", "OrderedDict") + "]Na" + b({0x85}) + "R", bad, "no pairs"},
      {"NN" + b({0x93}), bad, "no text"},
      {b({0x80, 99}), ErrorCode::kUnsupported, "protocol 99"},
      {"I1\n", ErrorCode::kUnsupported, "opcode 73"},
      {"N)R", ErrorCode::kUnsupported, "call a value that is no function"},
      {global("torch", "FloatStorage") + ")R", ErrorCode::kUnsupported, "call torch.FloatStorage: refused"},
      {"]}b", ErrorCode::kUnsupported, "change a value's attributes"},
      {"c" + std::string(300, 'm') + "\nn\n", bad, "over 256 bytes"},
      {b({0x82, 1}), ErrorCode::kUnsupported, "extension"},
  };
  for (const Wrong& wrong : cases) {
    SCOPED_TRACE(wrong.body);
    const Result<Pickle> pickle = read(pickled(wrong.body));
    ASSERT_FALSE(pickle.ok());
    EXPECT_EQ(pickle.error().code, wrong.code) << pickle.error().message;
    EXPECT_NE(pickle.error().message.find(wrong.part), std::string::npos) << pickle.error().message;
  }
}

TEST(Pickle, EveryTruncationIsAnError) {
  const std::string whole = pickled("}(" + text("a") + tuple({1, 2, 3}) + text("b") + "G" + le(0, 8) + "u");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto pickle = read(whole.substr(0, size));
    ASSERT_FALSE(pickle.ok()) << size;
    EXPECT_EQ(pickle.error().code, ErrorCode::kMalformed) << pickle.error().message;
  }
}

TEST(Pickle, DepthIsBoundedAtAHundredLevels) {
  const auto nested = [](int depth) {
    std::string body = "N";
    for (int i = 1; i < depth; ++i) body += '\x85';
    return read(pickled(body));
  };
  EXPECT_TRUE(nested(100).ok());
  EXPECT_EQ(nested(101).error().message, "the pickle is nested deeper than 100 levels");
  EXPECT_FALSE(nested(100'000).ok());
}

TEST(Pickle, DepthCountsThroughSharedValues) {
  // A chain of 60 below a value that is met first near the root, then again 60 levels down.
  std::string body = "N";
  for (int i = 0; i < 60; ++i) body += '\x85';
  body += "q\x01";  // first mention
  std::string deep = "h\x01";
  for (int i = 0; i < 60; ++i) deep += '\x85';
  EXPECT_FALSE(read(pickled("(" + body + deep + "t")).ok());
  EXPECT_FALSE(read(pickled("(" + body + "0" + deep + "h\x01t")).ok());
}

}  // namespace
}  // namespace poise
