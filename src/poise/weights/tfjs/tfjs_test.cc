#include "poise/weights/tfjs/tfjs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
const fs::path kGolden = POISE_SOURCE_DIR "/tests/golden/tensorflow";

/// A model of one placeholder (1, 4, 4, 3), these nodes beside it, and these weights.
std::string model_of(const std::string& nodes, const std::string& weights = "", const std::string& more = "") {
  return R"({"format": "graph-model", "modelTopology": {"node": [
    {"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": [
      {"size": "1"}, {"size": "4"}, {"size": "4"}, {"size": "3"}]}}}})" +
         (nodes.empty() ? "" : ", " + nodes) + R"(]}, "weightsManifest": [{"paths": ["a.bin"], "weights": [)" +
         weights + "]}]" + more + "}";
}

Error error_of(const std::string& json, const Bytes& weights = {}) {
  const auto read = parse_tfjs(json, BytesView(weights));
  return read.ok() ? Error{ErrorCode::kIo, "was read"} : read.error();
}

void expect_error(ErrorCode code, const std::string& says, const std::string& json, const Bytes& weights = {}) {
  const Error error = error_of(json, weights);
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_NE(error.message.find(says), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
}

const std::string kRelu = R"({"name": "y", "op": "Relu", "input": ["x"]})";

TEST(Tfjs, WithoutASignatureWhatNobodyReadsIsAnOutput) {
  const NetworkFile file = parse_tfjs(model_of(kRelu), {}).value();
  ASSERT_EQ(file.graph.outputs.size(), 1U);
  EXPECT_EQ(file.graph.values.at(file.graph.outputs[0]).name, "y");
  EXPECT_EQ(file.graph.values.at(file.graph.inputs.at(0)).shape, (Shape{1, 4, 4, 3}));
}

TEST(Tfjs, OutputsKeepTheFilesNames) {
  const Graph graph = read_tfjs(kGolden / "fused.json").value().graph;
  std::vector<std::string> names;
  for (const ValueId id : graph.outputs) names.push_back(graph.values.at(id).name);
  EXPECT_EQ(names, (std::vector<std::string>{"out", "best", "places"}));
  EXPECT_EQ(graph.values.at(graph.inputs.at(0)).name, "picture");
}

TEST(Tfjs, ExtentsThatAreOpenStayOpen) {
  const Graph graph = read_tfjs(kGolden / "open.json").value().graph;
  EXPECT_EQ(graph.values.at(graph.inputs.at(0)).shape, (Shape{1, -1, -1, 3}));
}

TEST(Tfjs, TheHashIsOfTopologyAndWeights) {
  const std::string json =
      model_of(kRelu + R"(, {"name": "c", "op": "Const"})", R"({"name": "c", "shape": [1], "dtype": "float32"})");
  const Bytes zeros(4, 0), ones(4, 1);
  EXPECT_NE(parse_tfjs(json, zeros).value().hash, parse_tfjs(json, ones).value().hash);
}

TEST(Tfjs, UnknownOperatorsAreAllNamed) {
  expect_error(ErrorCode::kUnsupported, R"("NonMaxSuppressionV5", "While")",
               model_of(R"({"name": "a", "op": "While", "input": ["x"]},
                           {"name": "b", "op": "NonMaxSuppressionV5", "input": ["a"]})"));
}

TEST(Tfjs, OtherKindsAreNamed) {
  expect_error(ErrorCode::kUnsupported, "layers-model", R"({"format": "layers-model", "modelTopology": {}})");
  expect_error(ErrorCode::kUnsupported, "layers model",
               R"({"modelTopology": {"model_config": {}}, "weightsManifest": []})");
  expect_error(ErrorCode::kMalformed, "weightsManifest", R"({"format": "graph-model", "modelTopology": {"node": []}})");
  EXPECT_EQ(error_of("{").code, ErrorCode::kMalformed);
  EXPECT_EQ(error_of("[]").code, ErrorCode::kMalformed);
}

TEST(TfjsHostile, NodesAreHeldTogether) {
  expect_error(ErrorCode::kMalformed, "cycle", model_of(R"({"name": "a", "op": "Relu", "input": ["b"]},
                                                           {"name": "b", "op": "Relu", "input": ["a"]})"));
  expect_error(ErrorCode::kMalformed, "cycle", model_of(R"({"name": "a", "op": "Relu", "input": ["a"]})"));
  expect_error(ErrorCode::kMalformed, "no node \"gone\"",
               model_of(R"({"name": "a", "op": "Relu", "input": ["gone"]})"));
  expect_error(ErrorCode::kMalformed, "no output 7", model_of(R"({"name": "a", "op": "Relu", "input": ["x:7"]})"));
  expect_error(ErrorCode::kMalformed, "the name \"y\"", model_of(kRelu + ", " + kRelu));
  expect_error(ErrorCode::kMalformed, "inputs", model_of(R"({"name": "a", "op": "Relu"})"));
  expect_error(ErrorCode::kMalformed, "no text", model_of(R"({"name": "a", "op": "Relu", "input": [1]})"));
  expect_error(ErrorCode::kMalformed, "no name", model_of(R"({"op": "Relu"})"));
  expect_error(ErrorCode::kMalformed, "no node \"z\"",
               model_of(kRelu, "", R"(, "signature": {"outputs": {"z": {"name": "z:0"}}})"));
}

TEST(TfjsHostile, WeightsAreHeldAgainstTheirFiles) {
  const auto weight = [](const std::string& entry) {
    return model_of(kRelu + R"(, {"name": "c", "op": "Const"})", R"({"name": "c", )" + entry + "}");
  };
  expect_error(ErrorCode::kMalformed, "more bytes than", weight(R"("shape": [2], "dtype": "float32")"), Bytes(4));
  expect_error(ErrorCode::kMalformed, "4 bytes more", weight(R"("shape": [1], "dtype": "float32")"), Bytes(8));
  expect_error(ErrorCode::kTooLarge, "", weight(R"("shape": [2147483647, 2147483647, 9], "dtype": "float32")"));
  expect_error(ErrorCode::kMalformed, "no extent", weight(R"("shape": [-1], "dtype": "float32")"));
  expect_error(ErrorCode::kUnsupported, "string", weight(R"("shape": [1], "dtype": "string")"), Bytes(4));
  expect_error(ErrorCode::kUnsupported, "int4",
               weight(R"("shape": [1], "dtype": "float32", "quantization": {"dtype": "int4"})"), Bytes(4));
  expect_error(ErrorCode::kMalformed, "no list", R"({"modelTopology": {"node": []}, "weightsManifest": [{}]})");
  expect_error(ErrorCode::kMalformed, "have none for the constant \"c\"",
               model_of(kRelu + R"(, {"name": "c", "op": "Const"})"));
}

TEST(TfjsHostile, AttributesMayBeAnything) {
  const std::string weights = R"({"name": "w", "shape": [1, 1, 3, 2], "dtype": "float32"})";
  const auto conv = [&](const std::string& attributes) {
    return model_of(R"({"name": "w", "op": "Const"}, {"name": "c", "op": "Conv2D", "input": ["x", "w"], "attr": {)" +
                        attributes + "}}",
                    weights);
  };
  const Bytes six(24, 0);
  EXPECT_EQ(error_of(conv(""), six).message, "was read");
  expect_error(ErrorCode::kUnsupported, "strides", conv(R"("strides": {"list": {"i": ["1", "2"]}})"), six);
  expect_error(ErrorCode::kMalformed, "strides", conv(R"("strides": {"list": {"i": ["1", "0", "0", "1"]}})"), six);
  expect_error(ErrorCode::kUnsupported, "NCHW", conv(R"("data_format": {"s": "TkNIVw=="})"), six);
  expect_error(ErrorCode::kUnsupported, "padding", conv(R"("padding": {"s": "RVhQTElDSVQ="})"), six);
  for (const std::string odd : {R"("strides": 3)", R"("strides": {"list": []})", R"("padding": {"s": 1})",
                                R"("dilations": {"list": {"i": [null, {}, "x", 1e99]}})"}) {
    EXPECT_EQ(error_of(conv(odd), six).message.find('\n'), std::string::npos) << odd;
  }
}

class TfjsFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string name : {"fused.json", "fused-shard1of3.bin", "fused-shard2of3.bin", "fused-shard3of3.bin"}) {
      fs::copy(kGolden / name, folder_ / name);
    }
  }
  Error error() const {
    const auto read = read_tfjs(folder_ / "fused.json");
    return read.ok() ? Error{ErrorCode::kIo, "was read"} : read.error();
  }
  void rename_in_manifest(const std::string& to) const {
    const Bytes bytes = read_file(folder_ / "fused.json", 1U << 20U).value();
    std::string text(bytes.begin(), bytes.end());
    const std::string from = "fused-shard2of3.bin";
    text.replace(text.find(from), from.size(), to);
    ASSERT_TRUE(write_file_atomic(folder_ / "fused.json", text).ok());
  }
  const kit::TemporaryFolder folder_;
};

TEST_F(TfjsFiles, AMissingPartIsNamed) {
  EXPECT_EQ(error().message, "was read");
  fs::remove(folder_ / "fused-shard2of3.bin");
  EXPECT_EQ(error().code, ErrorCode::kNotFound);
  EXPECT_NE(error().message.find("fused-shard2of3.bin"), std::string::npos) << error().message;
}

TEST_F(TfjsFiles, PartsStayInTheModelsFolder) {
  fs::create_directory(folder_ / "other");
  fs::rename(folder_ / "fused-shard2of3.bin", folder_ / "other/part.bin");
  rename_in_manifest("other/part.bin");
  EXPECT_NE(error().message.find("plain file name"), std::string::npos) << error().message;
}

TEST_F(TfjsFiles, LinksAreNotFollowed) {
  fs::rename(folder_ / "fused-shard2of3.bin", folder_ / "elsewhere.bin");
  fs::create_symlink(folder_ / "elsewhere.bin", folder_ / "fused-shard2of3.bin");
  EXPECT_NE(error().message.find("symbolic link"), std::string::npos) << error().message;
}

}  // namespace
}  // namespace poise
