#include "poise/weights/network_file.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "kit/temporary_folder.h"
#include "poise/weights/state_dict.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
const std::string kGolden = POISE_SOURCE_DIR "/tests/golden/";

std::string text_of(std::initializer_list<std::uint8_t> bytes, const std::string& rest = {}) {
  return std::string(bytes.begin(), bytes.end()) + rest;
}

class NetworkFiles : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(write_file_atomic(folder_ / name, text).ok());
    return folder_ / name;
  }
  Error error(const std::string& text) const {
    const auto read = read_network(write("a.onnx", text));
    return read.ok() ? Error{ErrorCode::kIo, "was read"} : read.error();
  }
  const kit::TemporaryFolder folder_;
};

TEST_F(NetworkFiles, AreToldByWhatTheyHold) {
  const fs::path onnx = folder_ / "a.weights";
  fs::copy(kGolden + "onnx/tiny.onnx", onnx);
  EXPECT_EQ(read_network(onnx).value().kind, "onnx");
  fs::copy(kGolden + "darknet/tiny.weights", folder_ / "b.onnx");
  fs::copy(kGolden + "darknet/tiny.cfg", folder_ / "b.cfg");
  EXPECT_EQ(read_network(folder_ / "b.onnx").value().kind, "darknet");
  fs::copy(kGolden + "tensorflow/half.tflite", folder_ / "c.onnx");
  EXPECT_EQ(read_network(folder_ / "c.onnx").value().kind, "tflite");
  fs::copy(kGolden + "tensorflow/open.json", folder_ / "d.onnx");
  fs::copy(kGolden + "tensorflow/open.bin", folder_ / "open.bin");
  EXPECT_EQ(read_network(folder_ / "d.onnx").value().kind, "tfjs");
}

TEST_F(NetworkFiles, OnnxMayBeginWithAnyOfItsFields) {
  std::string bytes = to_onnx(read_network(kGolden + "onnx/tiny.onnx").value().graph).value();
  ASSERT_EQ(bytes[0], 0x08);
  const std::string version = bytes.substr(0, 2);
  bytes.erase(0, 2);
  EXPECT_NE(bytes[0], 0x08);
  EXPECT_EQ(read_network(write("late.onnx", bytes + version)).value().kind, "onnx");
}

TEST_F(NetworkFiles, WhatHoldsWeightsOnlyIsToBeConverted) {
  for (const std::string file :
       {"networks_tiny/pose_resnet_tiny_legacy.pth", "networks_tiny/pose_resnet_tiny_module.pth"}) {
    const auto read = read_network(kGolden + file);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
    EXPECT_TRUE(read.error().message.ends_with("convert it with its network's configuration")) << read.error().message;
    EXPECT_TRUE(is_state_dict(kGolden + file));
  }
  const std::string safetensors = text_of({8, 0, 0, 0, 0, 0, 0, 0}, "{\"a\":1} ");  // begins as ONNX's do
  EXPECT_EQ(error(safetensors).message,
            (folder_ / "a.onnx").string() +
                ": it holds weights only (safetensors): convert it with its network's configuration");
  EXPECT_FALSE(is_state_dict(kGolden + "onnx/tiny.onnx"));
  EXPECT_FALSE(is_state_dict(folder_ / "absent"));
}

TEST_F(NetworkFiles, OtherKindsAreNamed) {
  struct Case {
    std::string text, says;
  };
  const std::vector<Case> cases{
      {R"({"format": "layers-model", "modelTopology": {}})", "TensorFlow.js"},
      {text_of({0x89}, "HDF\r\n"), "HDF5"},
      {text_of({0x89}, "PNG\r\n"), "a picture"},
      {text_of({0xff, 0xd8, 0xff, 0xe0}), "a picture"},
      {"[net]\nwidth=32\n", "name the .weights"},
      {R"({"family": "yolox"})", "JSON"},
      {"MODEL:\n  NAME: pose_resnet\n", "no network file of a kind that is read (tflite, tfjs, darknet, onnx)"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(error(one.text).code, ErrorCode::kUnsupported) << one.text;
    EXPECT_NE(error(one.text).message.find(one.says), std::string::npos) << error(one.text).message;
  }
  EXPECT_EQ(error("").code, ErrorCode::kMalformed);
  EXPECT_EQ(error(text_of({0x08})).code, ErrorCode::kMalformed);  // as the reader of ONNX says
  EXPECT_EQ(error(text_of({0x1c, 0, 0, 0}, "TFL3 and more")).code, ErrorCode::kMalformed);
  EXPECT_EQ(read_network(folder_ / "absent.onnx").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_network(folder_.path()).error().code, ErrorCode::kIo);
}

// A reader of one's own: a function that knows its files, one that reads them, and a line in the list.
bool is_toy(BytesView start) { return start.size() >= 3 && std::string(start.begin(), start.begin() + 3) == "toy"; }
Result<NetworkFile> read_toy(const fs::path& /*path*/, const NetworkLimits& /*limits*/) {
  NetworkFile file;
  file.producer = "a toy";
  return file;
}

TEST_F(NetworkFiles, AReaderIsOneFileAndOneLine) {
  std::vector<NetworkReader> readers(network_readers().begin(), network_readers().end());
  readers.push_back({"toy", is_toy, read_toy});
  const fs::path path = write("a.toy", "toy network");
  const NetworkFile file = read_network(path, {}, readers).value();
  EXPECT_EQ(file.kind, "toy");
  EXPECT_EQ(file.producer, "a toy");
  EXPECT_EQ(read_network(kGolden + "onnx/tiny.onnx", {}, readers).value().kind, "onnx");
  EXPECT_NE(read_network(path).error().message.find("(tflite, tfjs, darknet, onnx)"), std::string::npos);
}

}  // namespace
}  // namespace poise
