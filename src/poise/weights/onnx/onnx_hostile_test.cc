// Bytes nobody should have written: each is refused with one line, none crashes or takes memory first.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "kit/temporary_folder.h"
#include "poise/weights/onnx/onnx_reader.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

// The protobuf wire format, by hand: onnx.proto has the field numbers.
std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80U; value >>= 7U) out += static_cast<char>((value & 0x7fU) | 0x80U);
  return out + static_cast<char>(value);
}
std::string number(int field, std::int64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3U) + varint(static_cast<std::uint64_t>(value));
}
std::string block(int field, const std::string& bytes) {
  return varint((static_cast<std::uint64_t>(field) << 3U) | 2U) + varint(bytes.size()) + bytes;
}

std::string entry(const std::string& key, const std::string& value) { return block(1, key) + block(2, value); }
std::string dims(const std::vector<std::int64_t>& extents) {
  std::string out;
  for (const std::int64_t extent : extents) out += number(1, extent);
  return out;
}
std::string float_tensor(const std::string& name, const std::vector<std::int64_t>& extents, std::size_t raw_bytes) {
  return dims(extents) + number(2, 1) + block(8, name) + block(9, std::string(raw_bytes, '\0'));
}
std::string external_tensor(const std::string& location, const std::string& offset, const std::string& length) {
  return dims({2}) + number(2, 1) + block(8, "w") + block(13, entry("location", location)) +
         block(13, entry("offset", offset)) + block(13, entry("length", length)) + number(14, 1);
}
std::string value_info(const std::string& name, const std::vector<std::int64_t>& extents, std::int64_t type = 1) {
  std::string shape;
  for (const std::int64_t extent : extents) shape += block(1, number(1, extent));
  return block(1, name) + block(2, block(1, number(1, type) + block(2, shape)));
}
std::string node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                 const std::string& attributes = "") {
  std::string out;
  for (const std::string& input : inputs) out += block(1, input);
  return out + block(2, output) + block(3, "n_" + output) + block(4, op) + attributes;
}
std::string opset(std::int64_t version) { return block(8, block(1, "") + number(2, version)); }
std::string model(const std::string& graph, std::int64_t version = 13) { return block(7, graph) + opset(version); }

const std::string kInput = block(11, value_info("x", {1, 4}));
const std::string kOutput = block(12, block(1, "y"));
const std::string kRelu = block(1, node("Relu", {"x"}, "y"));
const std::string kAdd = block(1, node("Add", {"x", "w"}, "y"));

Result<NetworkFile> parse(const std::string& bytes, const fs::path& folder = {}) {
  const NetworkLimits limits{.max_bytes = 1U << 20U, .max_nodes = 100, .max_tensors = 100};
  return parse_onnx({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, folder, limits);
}

void expect_error(const Result<NetworkFile>& result, ErrorCode code, const std::string& part) {
  ASSERT_FALSE(result.ok()) << "wanted: " << part;
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  EXPECT_EQ(result.error().message.find('\n'), std::string::npos) << result.error().message;
}

void expect_tensor_error(const std::string& tensor, ErrorCode code, const std::string& part) {
  expect_error(parse(model(kAdd + block(5, tensor) + kInput + kOutput)), code, part);
}

TEST(OnnxHostile, HandWrittenModelIsFine) {
  EXPECT_TRUE(parse(model(kRelu + kInput + kOutput)).ok());
  EXPECT_TRUE(parse(model(kAdd + block(5, float_tensor("w", {4}, 16)) + kInput + kOutput)).ok());
}

TEST(OnnxHostile, EveryTruncationIsAnErrorOrAModel) {
  const fs::path golden = POISE_SOURCE_DIR "/tests/golden/onnx";
  int refused = 0;
  for (const char* name : {"tiny.onnx", "types.onnx", "clip_input.onnx"}) {
    const Bytes whole = read_file(golden / name, 1U << 20U).value();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto result = parse_onnx(BytesView(whole).first(size));
      if (result.ok()) continue;
      ++refused;
      EXPECT_EQ(result.error().message.find('\n'), std::string::npos);
    }
  }
  EXPECT_GT(refused, 1500);
}

TEST(OnnxHostile, EveryFlippedByteIsAnErrorOrAModel) {
  Bytes bytes = read_file(POISE_SOURCE_DIR "/tests/golden/onnx/tiny.onnx", 1U << 20U).value();
  int refused = 0;
  for (std::uint8_t& byte : bytes) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      byte = static_cast<std::uint8_t>(byte ^ flip);
      if (!parse_onnx(bytes).ok()) ++refused;
      byte = static_cast<std::uint8_t>(byte ^ flip);
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_TRUE(parse_onnx(bytes).ok());
}

TEST(OnnxHostile, NoModelAtAll) {
  expect_error(parse(""), ErrorCode::kMalformed, "no graph");
  expect_error(parse("not a model"), ErrorCode::kMalformed, "truncated, or not ONNX");
  expect_error(parse(block(7, kRelu + kInput + kOutput)), ErrorCode::kMalformed, "no opset");
  expect_error(parse(block(7, "") + model(kRelu + kInput + kOutput)), ErrorCode::kMalformed, "two graphs");
  expect_error(parse(model(kRelu + kInput)), ErrorCode::kMalformed, "no outputs");
}

TEST(OnnxHostile, OpsetsOutsideAreNamed) {
  expect_error(parse(model(kRelu + kInput + kOutput, 7)), ErrorCode::kUnsupported, "opset 7");
  expect_error(parse(model(kRelu + kInput + kOutput, 25)), ErrorCode::kUnsupported, "opset 25");
  expect_error(parse(model(kRelu + kInput + kOutput, 12) + opset(13)), ErrorCode::kMalformed, "two opsets");
}

TEST(OnnxHostile, CyclesAreRefused) {
  const std::string nodes = block(1, node("Add", {"x", "b"}, "a")) + block(1, node("Relu", {"a"}, "b"));
  expect_error(parse(model(nodes + kInput + block(12, block(1, "b")))), ErrorCode::kMalformed, "cycle");
}

TEST(OnnxHostile, NamesMustMeetOnce) {
  expect_error(parse(model(kRelu + kRelu + kInput + kOutput)), ErrorCode::kMalformed, "two values have the name \"y\"");
  expect_error(parse(model(kRelu + kInput + kInput + kOutput)), ErrorCode::kMalformed, "two inputs");
  const std::string w = block(5, float_tensor("w", {4}, 16));
  expect_error(parse(model(kAdd + w + w + kInput + kOutput)), ErrorCode::kMalformed, "two values have the name \"w\"");
  expect_error(parse(model(kAdd + kInput + kOutput)), ErrorCode::kMalformed, "reads \"w\", which nothing produces");
  expect_error(parse(model(kInput + kOutput)), ErrorCode::kMalformed, "output \"y\" is produced by nothing");
  expect_error(parse(model(kRelu + kInput + block(1, node("Relu", {"x"}, "z\nz")) + kOutput)), ErrorCode::kMalformed,
               "control character");
}

TEST(OnnxHostile, TensorShapesAndDataMustAgree) {
  expect_tensor_error(float_tensor("w", {4}, 15), ErrorCode::kMalformed, "wants 16 bytes, the file has 15");
  expect_tensor_error(float_tensor("w", {4}, 17), ErrorCode::kMalformed, "the file has 17");
  expect_tensor_error(float_tensor("w", {4}, 0), ErrorCode::kMalformed, "wants 4 elements, the file has 0");
  expect_tensor_error(float_tensor("w", {-4}, 16), ErrorCode::kMalformed, "tensor \"w\"");
  expect_tensor_error(float_tensor("w", {1LL << 32U, 1LL << 32U, 4}, 16), ErrorCode::kTooLarge, "tensor \"w\"");
  expect_tensor_error(float_tensor("w", {1LL << 39U}, 16), ErrorCode::kMalformed, "wants 2199023255552 bytes");
  expect_tensor_error(float_tensor("w", std::vector<std::int64_t>(9, 1), 4), ErrorCode::kUnsupported, "9 axes");
  expect_tensor_error(dims({1}) + number(2, 14) + block(8, "w"), ErrorCode::kUnsupported, "type 14");
  expect_tensor_error(dims({1}) + number(2, 2) + block(8, "w") + number(5, 256), ErrorCode::kMalformed, "fit its type");
}

TEST(OnnxHostile, TensorHeadersStaySmall) {
  std::string entries;
  for (int i = 0; i < 40'000; ++i) entries += block(13, "");
  expect_tensor_error(entries + float_tensor("w", {4}, 16), ErrorCode::kTooLarge, "64 KiB");
}

TEST(OnnxHostile, InputsMustHaveAShape) {
  const auto with_input = [](const std::string& info) { return parse(model(kRelu + block(11, info) + kOutput)); };
  expect_error(with_input(value_info("x", {1, -7})), ErrorCode::kMalformed, "extent -7");
  expect_error(with_input(value_info("x", {1LL << 40U, 1LL << 40U})), ErrorCode::kTooLarge, "too large");
  expect_error(with_input(value_info("x", {1}, 8)), ErrorCode::kUnsupported, "type 8");
  expect_error(with_input(block(1, "x") + block(2, block(1, number(1, 1)))), ErrorCode::kUnsupported, "no shape");
}

TEST(OnnxHostile, CountsAreBounded) {
  std::string many;
  for (int i = 0; i < 101; ++i) many += block(1, node("Relu", {"x"}, "v" + std::to_string(i)));
  expect_error(parse(model(many + kInput + kOutput)), ErrorCode::kTooLarge, "more than 100 nodes");
  expect_error(parse(std::string((1U << 20U) + 1, '\0')), ErrorCode::kTooLarge, "1048577 bytes");
}

TEST(OnnxHostile, SubgraphsAreRefusedAtAnyDepth) {
  std::string nested = kRelu;
  for (int depth = 0; depth < 101; ++depth)
    nested = block(1, node("Relu", {"x"}, "y", block(5, block(1, "body") + block(6, nested) + number(20, 5))));
  expect_error(parse(model(nested + kInput + kOutput)), ErrorCode::kUnsupported, "\"body\": it holds a subgraph");
}

TEST(OnnxHostile, NestedGroupsAreRefused) {
  // Field 99 as a group, 1000 deep: recursion in an unknown field.
  std::string groups;
  for (int depth = 0; depth < 1000; ++depth) groups = varint(99U << 3U | 3U) + groups + varint(99U << 3U | 4U);
  for (const std::string& bytes : {groups + model(kRelu + kInput + kOutput), model(groups + kRelu + kInput + kOutput),
                                   model(block(1, groups + node("Relu", {"x"}, "y")) + kInput + kOutput),
                                   model(kAdd + block(5, groups + float_tensor("w", {4}, 16)) + kInput + kOutput)})
    expect_error(parse(bytes), ErrorCode::kMalformed, "truncated, or not ONNX");
}

class OnnxExternal : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = root_ / "model";
    fs::create_directory(folder_);
    for (const fs::path& file : {root_ / "outside.bin", folder_ / "inside.bin"})
      std::ofstream(file, std::ios::binary) << std::string(8, '\0');
  }

  Result<NetworkFile> load(const std::string& location, const std::string& offset = "0",
                           const std::string& length = "8") const {
    const std::string input = block(11, value_info("x", {1, 2}));
    return parse(model(kAdd + block(5, external_tensor(location, offset, length)) + input + kOutput), folder_);
  }

  const kit::TemporaryFolder temporary_;
  const fs::path root_ = temporary_.path();
  fs::path folder_;
};

TEST_F(OnnxExternal, PlainFilesAreRead) { EXPECT_TRUE(load("inside.bin").ok()) << load("inside.bin").error().message; }

TEST_F(OnnxExternal, OtherFoldersAreRefused) {
  const std::string nul("inside.bin\0.txt", 15);
  for (const std::string& location :
       {std::string("../outside.bin"), (root_ / "outside.bin").string(), std::string(".."), std::string("./inside.bin"),
        std::string("..\\outside.bin"), nul, std::string()})
    expect_error(load(location), ErrorCode::kUnsupported, "is not a plain file name");
}

TEST_F(OnnxExternal, LinksAndSpecialFilesAreRefused) {
  fs::create_symlink(root_ / "outside.bin", folder_ / "symbolic.bin");
  fs::create_hard_link(root_ / "outside.bin", folder_ / "hard.bin");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.bin").c_str(), 0600), 0);
  fs::create_directory(folder_ / "folder.bin");
  expect_error(load("symbolic.bin"), ErrorCode::kUnsupported, "symbolic link");
  expect_error(load("hard.bin"), ErrorCode::kUnsupported, "hard links");
  expect_error(load("pipe.bin"), ErrorCode::kUnsupported, "regular file");
  expect_error(load("folder.bin"), ErrorCode::kUnsupported, "regular file");
  expect_error(load("absent.bin"), ErrorCode::kNotFound, "not in the model's folder");
}

TEST_F(OnnxExternal, OffsetsAndLengthsAreExact) {
  expect_error(load("inside.bin", "0", "7"), ErrorCode::kMalformed, "states 7 bytes");
  expect_error(load("inside.bin", "1"), ErrorCode::kMalformed, "8 are wanted from offset 1");
  expect_error(load("inside.bin", "18446744073709551615"), ErrorCode::kMalformed, "from offset 18446744073709551615");
  expect_error(load("inside.bin", "18446744073709551616"), ErrorCode::kMalformed, "no offset or length");
  for (const char* wrong : {"-1", "", "0x1", "1 "})
    expect_error(load("inside.bin", wrong), ErrorCode::kMalformed, "no offset or length");
}

TEST_F(OnnxExternal, AFileIsNotReadManyTimesOver) {
  std::string tensors;
  for (const char* name : {"w", "v"})
    tensors += block(
        5, dims({2}) + number(2, 1) + block(8, name) + block(13, entry("location", "inside.bin")) + number(14, 1));
  expect_error(parse(model(kAdd + tensors + kInput + kOutput), folder_), ErrorCode::kMalformed, "tensors overlap");
}

TEST_F(OnnxExternal, FilesOverTheLimitAreRefused) {
  fs::resize_file(folder_ / "inside.bin", (1U << 20U) + 1);
  expect_error(load("inside.bin"), ErrorCode::kTooLarge, "the limit is 1048576");
}

TEST(OnnxHostile, ManySmallPartsAreRefusedBeforeTheyAreParsed) {
  std::string attributes;
  for (int i = 0; i < 250'000; ++i) attributes += block(5, "");
  const auto many = parse(model(block(1, node("Relu", {"x"}, "y", attributes)) + kInput + kOutput));
  expect_error(many, ErrorCode::kTooLarge, "so many small parts");
}

}  // namespace
}  // namespace poise
