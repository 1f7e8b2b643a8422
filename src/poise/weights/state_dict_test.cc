#include "poise/weights/state_dict.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>

#include "poise/base/json.h"
#include "poise/base/sha256.h"
#include "poise/weights/torch/test_checkpoints.h"

namespace poise {
namespace {

using namespace testing_checkpoints;
namespace fs = std::filesystem;

const fs::path kGolden = POISE_SOURCE_DIR "/tests/golden/checkpoints";  // make_checkpoints.py wrote them

// Integers as they are; floats as their bits.
std::vector<std::int64_t> values_of(const Tensor& tensor) {
  std::vector<std::int64_t> values;
  const auto take = [&](const auto& all) {
    for (const auto value : all) values.push_back(static_cast<std::int64_t>(value));
  };
  switch (tensor.type()) {
    case DType::kFloat32:
      take(tensor.as<std::uint32_t>());
      break;
    case DType::kInt64:
      take(tensor.as<std::int64_t>());
      break;
    case DType::kInt32:
      take(tensor.as<std::int32_t>());
      break;
    case DType::kInt8:
      take(tensor.as<std::int8_t>());
      break;
    case DType::kUint8:
    case DType::kBool:
      take(tensor.as<std::uint8_t>());
      break;
    case DType::kFloat64:
      ADD_FAILURE() << "float64 must have become float32";
  }
  return values;
}

void expect_tensor(const Tensor& tensor, const Json& want) {
  EXPECT_EQ(name_of(tensor.type()), want.as_array()[0].as_string());
  Shape shape;
  for (const Json& extent : want.as_array()[1].as_array()) shape.push_back(extent.as_integer());
  EXPECT_EQ(tensor.shape(), shape);
  std::vector<std::int64_t> values;
  for (const Json& value : want.as_array()[2].as_array()) values.push_back(value.as_integer());
  EXPECT_EQ(values_of(tensor), values);
}

void expect_state(const StateDict& state, const Json& want) {
  EXPECT_EQ(state.layout, want.find("layout")->as_string());
  EXPECT_EQ(state.tensors.size(), want.find("tensors")->as_object().size());
  for (const auto& [name, values] : want.find("tensors")->as_object()) {
    SCOPED_TRACE(name);
    const auto found = state.tensors.find(name);
    ASSERT_NE(found, state.tensors.end());
    expect_tensor(*found->second, values);
  }
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : want.find("metadata")->as_object()) metadata[key] = value.as_string();
  EXPECT_EQ(state.metadata, metadata);
}

TEST(StateDict, GoldenFilesAreReadBitForBit) {
  const Json expected = parse_json(read_file(kGolden / "expected.json", 1U << 20U).value()).value();
  EXPECT_EQ(expected.as_object().size(), 13U);
  for (const auto& [file, want] : expected.as_object()) {
    SCOPED_TRACE(file);
    const auto from_file = read_state_dict(kGolden / file);
    ASSERT_TRUE(from_file.ok()) << from_file.error().message;
    expect_state(*from_file, want);
    const Bytes bytes = read_file(kGolden / file, 1U << 20U).value();
    EXPECT_EQ(from_file->hash, sha256_hex(bytes));
    const auto from_memory = parse_state_dict(bytes);
    ASSERT_TRUE(from_memory.ok()) << from_memory.error().message;
    expect_state(*from_memory, want);
    EXPECT_EQ(from_memory->hash, from_file->hash);
  }
}

TEST(StateDict, HandWrittenLayoutsAreFine) {
  const std::string pickle = one_tensor(tensor(16, 2, tuple({2, 3}), tuple({3, 1})));
  std::string storage;
  for (int i = 0; i < 16; ++i) storage += le(std::bit_cast<std::uint32_t>(static_cast<float>(i)), 4);
  for (const std::string& file : {zip_layout(pickle, storage), legacy_layout(pickle, storage)}) {
    const auto state = parse(file);
    ASSERT_TRUE(state.ok()) << state.error().message;
    const Tensor& tensor = *state->tensors.at("w");
    EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
    EXPECT_EQ(std::vector<float>(tensor.floats().begin(), tensor.floats().end()),
              (std::vector<float>{2, 3, 4, 5, 6, 7}));
  }
}

TEST(StateDict, LegacyViewsOfStoragesAreFollowed) {
  // PyTorch 0.4 to 1.5: the persistent identity's last member is (view key, first element, elements).
  const auto file = [](std::int64_t first, std::int64_t count) {
    const std::string value = global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") +
                              global("torch.cuda", "FloatStorage") + text("0") + text("cuda:0") + integer(16) + "(" +
                              text("view") + integer(first) + integer(count) + "ttQ" + integer(1) + tuple({2}) +
                              tuple({1}) + "\x89NtR";
    std::string storage;
    for (int i = 0; i < 16; ++i) storage += le(std::bit_cast<std::uint32_t>(static_cast<float>(i)), 4);
    return legacy_layout(one_tensor(value), storage);
  };
  const auto state = parse(file(5, 3));
  ASSERT_TRUE(state.ok()) << state.error().message;
  EXPECT_EQ(state->tensors.at("w")->floats()[0], 6.0F);
  EXPECT_EQ(state->tensors.at("w")->floats()[1], 7.0F);
  expect_error(parse(file(5, 2)), ErrorCode::kMalformed, "its storage has 2");
  expect_error(parse(file(14, 3)), ErrorCode::kMalformed, "its view lies outside its storage");
}

TEST(StateDict, Python2TextsAndPairsAreRead) {
  // Python 2 wrote texts as SHORT_BINSTRING and an OrderedDict as a call with a list of pairs.
  std::string value = tensor(16, 0, tuple({1}), tuple({1}));
  const std::string pickle = pickled(global("collections", "OrderedDict") + "](]U\x01w" + "a" + value + "ae\x85R");
  const auto state = parse(zip_layout(pickle));
  ASSERT_TRUE(state.ok()) << state.error().message;
  EXPECT_EQ(state->tensors.count("w"), 1U);
}

TEST(StateDict, OnlyAPrefixThatAllShareIsDropped) {
  const std::string one = tensor(16, 0, tuple({1}), tuple({1}));
  const auto names = [&](const std::string& a, const std::string& b) {
    const auto state = parse(zip_layout(pickled("}(" + text(a) + one + text(b) + one + "u"))).value();
    std::string all;
    for (const auto& [name, tensor] : state.tensors) all += name + " ";
    return all;
  };
  EXPECT_EQ(names("module.a", "module.b"), "a b ");
  EXPECT_EQ(names("module.a", "b"), "b module.a ");
  EXPECT_EQ(names("module.module.a", "module.b"), "b module.a ");
  EXPECT_EQ(names("module.", "module.b"), "module. module.b ");
}

TEST(StateDict, TheMemberWithTensorsIsChosen) {
  const std::string one = tensor(16, 0, tuple({1}), tuple({1}));
  const auto chosen = [&](const std::string& members) {
    const auto state = parse(zip_layout(pickled("}(" + members + "u")));
    return state ? state->tensors.begin()->first : state.error().message;
  };
  const auto member = [&](const std::string& name, const std::string& key) {
    return text(name) + "}" + text(key) + one + "s";
  };
  EXPECT_EQ(chosen(member("model", "m") + member("state_dict", "s")), "s");
  EXPECT_EQ(chosen(member("ema", "e") + member("net", "n")), "n");
  EXPECT_EQ(chosen(member("ema", "e") + member("optimizer", "o")), "e");
  EXPECT_EQ(chosen(text("model") + text("pose_resnet") + text("w") + one), "w");
  EXPECT_NE(chosen(member("optimizer", "o") + text("epoch") + integer(1)).find("it holds \"optimizer\", \"epoch\""),
            std::string::npos);
  EXPECT_EQ(chosen(member("state_dict", "old") + member("state_dict", "new")), "new");  // as in Python
}

TEST(StateDict, OtherFilesAreNamed) {
  expect_error(read_state_dict(kGolden / "torchscript.pt"), ErrorCode::kUnsupported, "TorchScript");
  expect_error(read_state_dict(kGolden / "whole_model.pth"), ErrorCode::kUnsupported,
               "call torch.nn.modules.container.Sequential: refused");
  expect_error(read_state_dict(POISE_SOURCE_DIR "/tests/golden/onnx/tiny.onnx"), ErrorCode::kUnsupported, "ONNX");
  expect_error(read_state_dict(POISE_SOURCE_DIR "/README.md"), ErrorCode::kMalformed, "neither");
  expect_error(parse(""), ErrorCode::kMalformed, "empty");
  expect_error(parse(pickled("}")), ErrorCode::kUnsupported, "none that torch.save() has written");
  expect_error(parse(zip_of({{"a/b", "c"}})), ErrorCode::kUnsupported, "no data.pkl");
}

TEST(StateDict, FilesThatCannotBeReadAreNamed) {
  const TemporaryFolder folder;
  expect_error(read_state_dict(folder / "absent.pth"), ErrorCode::kNotFound,
               (folder / "absent.pth").string() + ": there is no such file");
  expect_error(read_state_dict(folder / ""), ErrorCode::kIo, "not a regular file");
  ASSERT_TRUE(write_file_atomic(folder / "x", std::string(100, 'x')).ok());
  expect_error(read_state_dict(folder / "x", {.max_bytes = 99}), ErrorCode::kTooLarge,
               (folder / "x").string() + ": it has 100 bytes, the limit is 99");
}

TEST(StateDict, ALargePickleInAFileIsReadInPieces) {
  // The legacy layout does not say how long its pickle is.
  std::string body = "}(";
  for (int i = 0; i < 4000; ++i)
    body += text("layer" + std::to_string(i) + ".weight") + tensor(16, i % 16, tuple({1}), tuple({1}));
  const TemporaryFolder folder;
  ASSERT_TRUE(
      write_file_atomic(folder / "x", legacy_layout(pickled(body + "u"), std::string(4096, '\0').substr(0, 64))).ok());
  const auto state = read_state_dict(folder / "x");
  ASSERT_TRUE(state.ok()) << state.error().message;
  EXPECT_EQ(state->tensors.size(), 4000U);
}

}  // namespace
}  // namespace poise
