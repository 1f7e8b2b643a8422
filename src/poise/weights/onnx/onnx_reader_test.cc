#include "poise/weights/onnx/onnx_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "poise/base/sha256.h"

namespace poise {
namespace {

const std::filesystem::path kGolden = POISE_SOURCE_DIR "/tests/golden/onnx";
const std::filesystem::path kShared = POISE_SOURCE_DIR "/../shared/models";

Bytes bytes_of(const std::filesystem::path& path) { return read_file(path, 1U << 30U).value(); }

// make_onnx.py: weight i is (i - 4) / 4.
void expect_weights(const Tensor& tensor) {
  for (std::size_t i = 0; i < tensor.floats().size(); ++i)
    EXPECT_EQ(tensor.floats()[i], (static_cast<float>(i) - 4.0F) / 4.0F) << i;
}

const Tensor& constant(const Graph& graph, const std::string& name) {
  const Tensor* found = graph.constant(graph.find_value(name));
  if (found == nullptr) throw std::runtime_error("no constant " + name);
  return *found;
}

TEST(OnnxReader, TinyModelIsReadAsItWasWritten) {
  const NetworkFile model = read_onnx(kGolden / "tiny.onnx").value();
  const Graph& graph = model.graph;
  EXPECT_EQ(graph.name, "tiny");
  EXPECT_EQ(graph.opset, 13);
  EXPECT_EQ(model.producer, "golden 1");
  EXPECT_EQ(model.metadata.at("author"), "golden");
  EXPECT_EQ(model.metadata.at("poise.card"), R"({"colour": "rgb", "padding": 1.5})");

  ASSERT_EQ(graph.nodes.size(), 4U);
  EXPECT_EQ(graph.nodes[0].label(), "Conv \"conv1\"");
  EXPECT_EQ(graph.nodes[0].integers("strides"), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(graph.nodes[1].real("epsilon", 0), 1e-5F);
  EXPECT_EQ(graph.nodes[1].inputs.size(), 5U);
  EXPECT_EQ(graph.nodes[2].label(), "Relu \"r\"") << "a node without a name is called as its output";
  EXPECT_EQ(constant(graph, "w").shape(), (Shape{2, 3, 1, 1}));
  for (const char* name : {"w", "scale", "bias", "mean", "up"}) expect_weights(constant(graph, name));
}

TEST(OnnxReader, InitializersListedAsInputsAreConstants) {
  const Graph graph = read_onnx(kGolden / "tiny.onnx").value().graph;
  ASSERT_EQ(graph.inputs.size(), 1U);
  EXPECT_EQ(graph.values[static_cast<std::size_t>(graph.inputs[0])].name, "x");
}

TEST(OnnxReader, FreeExtentsAreMinusOne) {
  const Graph named = read_onnx(kGolden / "tiny.onnx").value().graph;
  EXPECT_EQ(named.values[static_cast<std::size_t>(named.inputs[0])].shape, (Shape{-1, 3, 8, 6}));
  const Graph zero = read_onnx(kGolden / "types.onnx").value().graph;
  EXPECT_EQ(zero.values[static_cast<std::size_t>(zero.inputs[0])].shape, (Shape{-1, 2}));
}

TEST(OnnxReader, ShapesFollowFromTheInput) {
  const Graph graph = read_onnx(kGolden / "tiny.onnx").value().graph;
  const std::vector<Shape> inputs{{5, 3, 8, 6}};
  const std::vector<ValueInfo> infos = infer_shapes(graph, inputs).value();
  EXPECT_EQ(infos[static_cast<std::size_t>(graph.outputs[0])].shape, (Shape{5, 1, 8, 6}));
}

TEST(OnnxReader, MemoryAndFileGiveTheSame) {
  const Bytes bytes = bytes_of(kGolden / "tiny.onnx");
  const NetworkFile from_memory = parse_onnx(bytes).value();
  const NetworkFile from_file = read_onnx(kGolden / "tiny.onnx").value();
  EXPECT_EQ(from_file.hash, sha256_hex(bytes));
  EXPECT_EQ(from_memory.hash, from_file.hash);
  EXPECT_EQ(from_memory.graph.values.size(), from_file.graph.values.size());
}

TEST(OnnxReader, ClipBoundsAreAttributesOrInputs) {
  const NetworkFile old_style = read_onnx(kGolden / "clip_attribute.onnx").value();
  EXPECT_EQ(old_style.opset, 8);
  EXPECT_EQ(old_style.graph.opset, 13);
  const NetworkFile new_style = read_onnx(kGolden / "clip_input.onnx").value();
  for (const Graph* graph : {&old_style.graph, &new_style.graph}) {
    ASSERT_EQ(graph->nodes.at(0).inputs.size(), 3U);
    EXPECT_EQ(graph->constant(graph->nodes[0].inputs[2])->floats()[0], 6.0F);
    EXPECT_TRUE(graph->nodes[0].attributes.empty());
  }
  EXPECT_EQ(old_style.graph.constant(old_style.graph.nodes[0].inputs[1])->floats()[0], 0.0F);
  EXPECT_EQ(new_style.graph.nodes[0].inputs[1], kNoValue);
}

TEST(OnnxReader, EveryFloatingTypeBecomesFloat32) {
  const Graph graph = read_onnx(kGolden / "types.onnx").value().graph;
  for (const std::string type : {"float32", "float64", "float16", "bfloat16"}) {
    SCOPED_TRACE(type);
    for (const char* how : {"_raw", "_typed"}) {
      EXPECT_EQ(constant(graph, type + how).count(), 9);
      expect_weights(constant(graph, type + how));
    }
  }
}

TEST(OnnxReader, HalfPrecisionLimitsAreExact) {
  const Graph graph = read_onnx(kGolden / "types.onnx").value().graph;
  const auto values = constant(graph, "half_limits").floats();
  ASSERT_EQ(values.size(), 5U);
  EXPECT_EQ(values[0], std::ldexp(1.0F, -24));
  EXPECT_EQ(values[1], -std::ldexp(1023.0F, -24));
  EXPECT_EQ(values[2], 65504.0F);
  EXPECT_EQ(values[3], -INFINITY);
  EXPECT_TRUE(values[4] == 0.0F && std::signbit(values[4]));
}

TEST(OnnxReader, IntegersAndBoolsAreKept) {
  const Graph graph = read_onnx(kGolden / "types.onnx").value().graph;
  for (const std::string how : {"_raw", "_typed"}) {
    SCOPED_TRACE(how);
    for (std::size_t i = 0; i < 9; ++i) {
      const auto n = static_cast<int>(i);
      EXPECT_EQ(constant(graph, "int64" + how).as<std::int64_t>()[i], n - 4);
      EXPECT_EQ(constant(graph, "int32" + how).as<std::int32_t>()[i], n - 4);
      EXPECT_EQ(constant(graph, "int8" + how).as<std::int8_t>()[i], n - 4);
      EXPECT_EQ(constant(graph, "uint8" + how).as<std::uint8_t>()[i], n);
      EXPECT_EQ(constant(graph, "bool" + how).as<bool>()[i], n % 2 == 1);
    }
    EXPECT_EQ(constant(graph, "bool" + how).type(), DType::kBool);
  }
}

TEST(OnnxReader, ExternalDataLiesBesideTheModel) {
  const Graph graph = read_onnx(kGolden / "external.onnx").value().graph;
  expect_weights(constant(graph, "w"));
  expect_weights(constant(graph, "b"));
  EXPECT_TRUE(parse_onnx(bytes_of(kGolden / "external.onnx"), kGolden).ok());
}

TEST(OnnxReader, ExternalDataIsNotFollowedWithoutAFolder) {
  const auto model = parse_onnx(bytes_of(kGolden / "external.onnx"));
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
}

TEST(OnnxReader, AllUnknownOperatorsAreNamedInOneLine) {
  const auto model = read_onnx(kGolden / "unsupported.onnx");
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(model.error().message,
            (kGolden / "unsupported.onnx").string() +
                ": the graph uses operators that are not supported: Unique (1), com.example.FusedConv (2)");
}

TEST(OnnxReader, WhatIsNoFileIsSaid) {
  EXPECT_EQ(read_onnx(kGolden / "absent.onnx").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_onnx(kGolden).error().code, ErrorCode::kIo);
}

TEST(OnnxReader, LimitsAreHeld) {
  const auto code = [](const NetworkLimits& limits) { return read_onnx(kGolden / "tiny.onnx", limits).error().code; };
  EXPECT_EQ(code({.max_bytes = 100}), ErrorCode::kTooLarge);
  EXPECT_EQ(code({.max_nodes = 3}), ErrorCode::kTooLarge);
  EXPECT_EQ(code({.max_tensors = 5}), ErrorCode::kTooLarge);
}

TEST(OnnxReader, RealPoseModelLoads) {
  const auto path = kShared / "ultralight-simplepose.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  const Graph graph = read_onnx(path).value().graph;
  std::set<std::string> operators;
  for (const Node& node : graph.nodes) operators.insert(node.op);
  EXPECT_EQ(operators, (std::set<std::string>{"Add", "BatchNormalization", "Clip", "Conv", "ConvTranspose", "Relu"}));
  const std::vector<Shape> inputs{{1, 3, 256, 192}};
  const std::vector<ValueInfo> infos = infer_shapes(graph, inputs).value();
  ASSERT_EQ(graph.outputs.size(), 1U);
  EXPECT_EQ(infos[static_cast<std::size_t>(graph.outputs[0])].shape, (Shape{1, 17, 64, 48}));
}

TEST(OnnxReader, RealDetectorLoadsOrNamesItsOperators) {
  const auto path = kShared / "fastestdet.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  const auto model = read_onnx(path);
  if (model.ok()) {
    EXPECT_EQ(model->graph.outputs.size(), 1U);
    return;
  }
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(model.error().message.find("Resize (1)"), std::string::npos) << model.error().message;
}

}  // namespace
}  // namespace poise
