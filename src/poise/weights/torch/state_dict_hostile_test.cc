// Checkpoints nobody should have written: each is refused with one line, runs nothing and takes little memory.
#include <gtest/gtest.h>

#include <chrono>

#include "poise/weights/state_dict.h"
#include "poise/weights/torch/test_checkpoints.h"

namespace poise {
namespace {

using namespace testing_checkpoints;
namespace fs = std::filesystem;

const ErrorCode kBad = ErrorCode::kMalformed;
const ErrorCode kNot = ErrorCode::kUnsupported;
const ErrorCode kBig = ErrorCode::kTooLarge;

/// The pickle in both layouts, from memory and from a file.
void expect_refused(const std::string& pickle, ErrorCode code, const std::string& part) {
  const TemporaryFolder folder;
  for (const bool zipped : {true, false}) {
    SCOPED_TRACE(zipped ? "zip" : "legacy");
    const std::string file = zipped ? zip_layout(pickle) : legacy_layout(pickle);
    const auto start = std::chrono::steady_clock::now();
    expect_error(parse(file), code, part);
    ASSERT_TRUE(write_file_atomic(folder / "x.pth", file).ok());
    expect_refused_in_little_memory(folder / "x.pth", code, part);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  }
}

/// Arguments that would leave a file behind, were the call made.
class HostilePickle : public testing::Test {
 protected:
  void TearDown() override { EXPECT_FALSE(fs::exists(folder_ / "ran")); }
  std::string command() const { return text("touch " + (folder_ / "ran").string()); }
  TemporaryFolder folder_;
};

TEST_F(HostilePickle, OsSystemByReduce) {
  for (const char* module : {"os", "posix", "nt"})
    expect_refused(pickled(global(module, "system") + command() + "\x85R"), kNot,
                   "the pickle wants to call " + std::string(module) + ".system: refused, nothing was run");
  expect_refused(pickled("}" + text("state_dict") + global("subprocess", "Popen") + command() + "\x85Rs"), kNot,
                 "call subprocess.Popen: refused");
}

TEST_F(HostilePickle, GlobalOfBuiltins) {
  for (const char* name : {"eval", "exec", "getattr", "__import__", "open", "set"}) {
    expect_refused(pickled(global("builtins", name) + command() + "\x85R"), kNot, "builtins." + std::string(name));
    expect_refused(pickled(global("__builtin__", name)), kNot, "__builtin__." + std::string(name));  // never called
  }
}

TEST_F(HostilePickle, StackGlobal) {
  expect_refused(pickled(text("os") + text("system") + "\x93" + command() + "\x85R"), kNot, "call os.system: refused");
  expect_refused(pickled("\x8c\x02os\x94\x8c\x06system\x94\x93\x94"), kNot, "call os.system: refused");
}

TEST_F(HostilePickle, Inst) {
  expect_refused(pickled("(" + command() + "ios\nsystem\n"), kNot, "call os.system: refused");
  expect_refused(pickled("(icollections\nOrderedDict\n"), kNot, "call collections.OrderedDict: refused");
}

TEST_F(HostilePickle, ObjectsAreNotBuilt) {
  const std::string ordered = global("collections", "OrderedDict");
  expect_refused(pickled("(" + ordered + "o"), kNot, "build an object of collections.OrderedDict");
  expect_refused(pickled(ordered + ")\x81"), kNot, "build an object of collections.OrderedDict");
  expect_refused(pickled(ordered + ")}\x92"), kNot, "build an object of collections.OrderedDict");
  expect_refused(pickled("\x81"), kNot, "build an object");
  expect_refused(pickled("(o"), kNot, "build an object");
  expect_refused(pickled("]}b"), kNot, "change a value's attributes");
  expect_refused(pickled("\x82\x01"), kNot, "extension");
}

TEST_F(HostilePickle, NamesThatOnlyLookListed) {
  expect_refused(pickled(global("torch", "load") + command() + "\x85R"), kNot, "call torch.load");
  expect_refused(pickled(global("torch._utils", "_import_dotted_name")), kNot, "torch._utils._import_dotted_name");
  expect_refused(pickled(global("torch", "FloatStorage") + ")R"), kNot, "call torch.FloatStorage");
  expect_refused(pickled(global("torch", "FloatStorage.from_file")), kNot, "call torch.FloatStorage.from_file");
  expect_refused(pickled(global("collections", "OrderedDict\x1b[2J")), kNot, "collections.OrderedDict?[2J");
  expect_refused(pickled(global("collections.OrderedDict", "__reduce__")), kNot, "refused");
}

TEST_F(HostilePickle, CallsInTheOtherPicklesOfTheLegacyLayout) {
  const std::string call = pickled(global("os", "system") + command() + "\x85R");
  const std::string good = legacy_layout(one_tensor(tensor(16, 0, tuple({1}), tuple({1}))));
  ASSERT_TRUE(parse(good).ok());
  expect_error(parse(call + good), kNot, "os.system");
  const std::size_t first = pickled(std::string(12, ' ')).size();
  expect_error(parse(good.substr(0, first) + call + good.substr(first)), kNot, "os.system");
  const std::size_t keys = good.size() - 64 - 8 - pickled("]" + text("0") + "a").size();
  expect_error(parse(good.substr(0, keys) + call), kNot, "os.system");
}

TEST(PickleBombs, Memo) {
  expect_refused(pickled("Nr" + le(0xffffffffU, 4)), kBig, "number 4294967295");
  expect_refused(pickled("Nr" + le(1U << 18U, 4)), kBig, "number 262144");
  // A list of ten references to a list of ten references ...: 10^50 values if it were ever written out.
  std::string laughs = "]";
  for (int level = 0; level < 50; ++level) {
    laughs +=
        "q\x01"
        "0](";
    for (int i = 0; i < 10; ++i) laughs += "h\x01";
    laughs += "e";
  }
  expect_refused(pickled(laughs), kBad, "holds no dictionary");
  expect_refused(pickled("}" + text("state_dict") + laughs + "s"), kBad, "no tensors");
}

TEST(PickleBombs, Lengths) {
  for (const std::string& body :
       {"X" + le(0xffffffffU, 4), "\x8d" + le(1ULL << 60U, 8), "\x8d" + le(~0ULL, 8), "\x8e" + le(~0ULL - 8, 8),
        "B" + le(0xffffffffU, 4), "T" + le(0x7fffffffU, 4), "\x8b" + le(0x7fffffffU, 4), std::string("\x8a\xff"),
        std::string("\x8c\xff"), "\x95" + le(~0ULL, 8), "\x95" + le(1ULL << 40U, 8)})
    expect_refused("\x80\x04" + body, kBad, "cut short");
  expect_refused(pickled("\x8b" + le(0x80000000U, 4)), kBad, "negative length");
}

TEST(PickleBombs, ManyValues) {
  constexpr std::size_t kMany = 7U << 20U;
  expect_refused(pickled(std::string(kMany, ']')), kBig, "stack is too deep");
  expect_refused(pickled(std::string(kMany, '(')), kBig, "stack is too deep");
  expect_refused(pickled("N" + std::string(kMany, '2')), kBig, "stack is too deep");
  std::string pops;
  while (pops.size() < kMany) pops += "]0";
  expect_refused(pickled(pops), kBig, "take more than 16 MiB");
  std::string lists = "]";
  while (lists.size() < kMany) lists += "]Na0";
  expect_refused(pickled(lists), kBig, "take more than 16 MiB");
  std::string pairs = "]q\x01(";  // one list of many pairs, made a dictionary again and again
  for (int i = 0; i < 250'000; ++i) pairs += i == 0 ? "NN\x86q\x02" : "h\x02";
  pairs += "e" + global("collections", "OrderedDict") +
           "q\x03"
           "0";
  for (int i = 0; i < 100; ++i) pairs += "h\x03h\x01\x85R0";
  expect_refused(pickled(pairs), kBig, "take more than 16 MiB");
}

TEST(PickleBombs, APickleOverEightMebibytes) {
  std::string body;
  while (body.size() <= 8U << 20U)
    body +=
        "h\x01"
        "0";
  expect_refused(pickled("Nq\x01" + body), kBig, "over 8 MiB");
}

TEST(PickleBombs, ValuesThatContainThemselves) {
  const std::string itself = "contains itself";
  expect_refused(pickled("]q\x01h\x01"
                         "a"),
                 kBad, itself);
  expect_refused(pickled("}q\x01" + text("state_dict") + "h\x01s"), kBad, itself);
  expect_refused(pickled("](]q\x01(h\x01tah\x01"
                         "e"),
                 kBad, itself);
  const std::string good = text("w") + tensor(16, 0, tuple({1}), tuple({1}));
  expect_refused(pickled("}q\x01(" + good + text("loop") + "h\x01u"), kBad, itself);
  expect_refused(pickled("]q\x01" + global("torch", "Size") + "h\x01\x85Ra"), kBad, itself);
  expect_refused(pickled("]q\x01h\x01Qa"), kBad, itself);
}

TEST(PickleBombs, Depth) {
  std::string nested = "N";
  for (int i = 0; i < 500'000; ++i) nested += '\x85';
  expect_refused(pickled(nested), kBad, "deeper than 100 levels");
}

void expect_tensor_refused(const std::string& value, ErrorCode code, const std::string& part) {
  expect_error(parse(zip_layout(one_tensor(value))), code, part);
  expect_error(parse(legacy_layout(one_tensor(value))), code, part);
}

TEST(HostileTensors, SizesStridesAndOffsets) {
  constexpr std::int64_t kMost = INT64_MAX;
  const auto one = tuple({1});
  expect_tensor_refused(tensor(16, 0, tuple({17}), one), kBad, "tensor \"w\": it reaches from element 0 over 17");
  expect_tensor_refused(tensor(16, 16, one, one), kBad, "from element 16 over 1 elements, its storage has 16");
  expect_tensor_refused(tensor(16, 17, tuple({0}), one), kBad, "from element 17 over 0");
  expect_tensor_refused(tensor(16, 0, tuple({4, 4}), tuple({5, 1})), kBad, "over 19 elements");
  expect_tensor_refused(tensor(16, -1, one, one), kBad, "its offset is -1");
  expect_tensor_refused(tensor(16, kMost, one, one), kBad, "its offset is 9223372036854775807");
  expect_tensor_refused(tensor(16, 0, tuple({-1}), one), kBad, "negative");
  expect_tensor_refused(tensor(16, 0, tuple({2}), tuple({-1})), kBad, "stride -1");
  expect_tensor_refused(tensor(16, 0, tuple({1}), tuple({INT64_MIN})), kBad, "stride -9223372036854775808");
  expect_tensor_refused(tensor(16, 0, tuple({2}), tuple({kMost})), kBig, "beyond any file");
  expect_tensor_refused(tensor(16, 0, tuple({kMost, 2}), tuple({0, 0})), kBig, "too large");
  expect_tensor_refused(tensor(16, 0, tuple({1LL << 32U, 1LL << 32U}), tuple({0, 0})), kBig, "too large");
  expect_tensor_refused(tensor(16, 0, tuple({2, 2}), one), kBad, "not as many strides");
  expect_tensor_refused(tensor(16, 0, tuple({1, 1, 1, 1, 1, 1, 1, 1, 1}), tuple({1, 1, 1, 1, 1, 1, 1, 1, 1})), kNot,
                        "9 axes");
  expect_tensor_refused(tensor(16, 0, tuple(std::vector<std::int64_t>(65, 1)), one), kBad, "size is too long");
}

TEST(HostileTensors, WhatIsNoTensor) {
  const std::string rebuild = global("torch._utils", "_rebuild_tensor_v2");
  expect_tensor_refused(rebuild + ")R", kBad, "lacks an argument");
  expect_tensor_refused(rebuild + "(NNNNNNtR", kBad, "it has no storage");
  expect_tensor_refused(rebuild + "(NQNNNNNtR", kBad, "lacks an argument");
  expect_tensor_refused(rebuild + "(" + "(NNNNNtQ" + integer(0) + tuple({1}) + tuple({1}) + "NNtR", kBad,
                        "not described as PyTorch does");
  expect_tensor_refused(tensor(16, 0, text("1"), tuple({1})), kBad, "its size is no tuple");
  expect_tensor_refused(tensor(16, 0, "(" + text("1") + "t", tuple({1})), kBad, "its size holds no number");
  expect_tensor_refused(global("torch._utils", "_rebuild_parameter") + "(NNNtR", kBad, "it is no tensor");
  expect_tensor_refused(tensor(-1, 0, tuple({0}), tuple({1})), kBad, "storage's size is -1");
  expect_tensor_refused(tensor(16, 0, tuple({1}), tuple({1}), "_UntypedStorage"), kNot, "");
  expect_error(parse(zip_layout(pickled("}K\x01" + tensor(16, 0, tuple({1}), tuple({1})) + "s"))), kBad, "is no text");
  expect_error(parse(zip_layout(pickled("}" + text("a\nb") + tensor(16, 0, tuple({1}), tuple({1})) + "s"))), kBad,
               "control character");
}

TEST(HostileTensors, StoragesThatAreNotThere) {
  const std::string pickle = one_tensor(tensor(16, 0, tuple({1}), tuple({1}), "FloatStorage", "1"));
  expect_error(parse(zip_layout(pickle)), kBad, "its storage \"1\" is not in the archive");
  expect_error(parse(legacy_layout(pickle)), kBad, "\"0\" is listed, but no tensor has it");
  expect_error(parse(zip_layout(one_tensor(tensor(17, 0, tuple({1}), tuple({1}))))), kBad, "wants 68 bytes");
  expect_error(parse(legacy_layout(one_tensor(tensor(17, 0, tuple({1}), tuple({1}))))), kBad, "has 16 elements");
  const std::string up = one_tensor(tensor(16, 0, tuple({1}), tuple({1}), "FloatStorage", "../0"));
  expect_error(parse(zip_layout(up)), kBad, "is not in the archive");
}

TEST(HostileTensors, OneStorageIsNotWrittenOutManyTimesOver) {
  // Small files that ask for gigabytes: a stride of 0, and many views of one storage.
  expect_tensor_refused(tensor(16, 0, tuple({1LL << 29U}), tuple({0})), kBig, "over the limit");
  std::string body = "}(" + text("w0") + tensor(250'000, 0, tuple({250'000}), tuple({1})) + "q\x01";
  for (int i = 1; i < 1000; ++i) body += text("w" + std::to_string(i)) + "h\x01";
  const TemporaryFolder folder;
  const std::string storage(1'000'000, '\0');
  for (const std::string& file :
       {zip_layout(pickled(body + "u"), storage), legacy_layout(pickled(body + "u"), storage)}) {
    ASSERT_TRUE(write_file_atomic(folder / "x", file).ok());
    expect_refused_in_little_memory(folder / "x", kBig, "over the limit");
  }
}

TEST(HostileTensors, CountsAreBounded) {
  std::string body = "}(";
  for (int i = 0; i < 101; ++i) body += text(std::to_string(i)) + tensor(16, 0, tuple({1}), tuple({1}));
  const StateDictLimits limits{.max_tensors = 100};
  expect_error(parse(zip_layout(pickled(body + "u")), limits), kBig, "more than 100 tensors");
  expect_error(parse(legacy_layout(pickled(body + "u")), limits), kBig, "more than 100 tensors");
}

}  // namespace
}  // namespace poise
