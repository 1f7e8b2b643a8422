#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "kit/temporary_folder.h"
#include "poise/base/random.h"
#include "poise/base/version.h"
#include "poise/weights/network_file.h"
#include "poise/weights/onnx/onnx.pb.h"
#include "poise/weights/onnx/onnx_reader.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
using Attributes = std::map<std::string, Attribute, std::less<>>;
using Ints = std::vector<std::int64_t>;

const fs::path kGolden = POISE_SOURCE_DIR "/tests/golden";

BytesView view(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

NetworkFile round_trip(const Graph& graph, const OnnxWriteOptions& options = {}) {
  return parse_onnx(view(to_onnx(graph, options).value())).value();
}

std::string error_of(const Graph& graph) {
  const auto bytes = to_onnx(graph);
  return bytes ? "none" : bytes.error().message;
}

onnx_proto::ModelProto raw(const std::string& bytes) {
  onnx_proto::ModelProto model;
  if (!model.ParseFromString(bytes)) throw std::runtime_error("the bytes are no message");
  return model;
}

/// Any bit patterns, so floats hold NaNs with payloads, infinities and subnormals.
std::shared_ptr<const Tensor> random_bits(const Shape& shape, DType type, std::uint64_t seed) {
  auto tensor = std::make_shared<Tensor>(shape, type);
  Random random(seed);
  auto* bytes = static_cast<std::uint8_t*>(tensor->data());
  for (std::size_t i = 0; i < tensor->bytes(); ++i)
    bytes[i] = static_cast<std::uint8_t>(random.below(type == DType::kBool ? 2 : 256));
  return tensor;
}

std::shared_ptr<const Tensor> shared(Tensor tensor) { return std::make_shared<const Tensor>(std::move(tensor)); }

void expect_same(const Tensor& have, const Tensor& want) {
  EXPECT_EQ(have.shape(), want.shape());
  EXPECT_EQ(have.type(), want.type());
  ASSERT_EQ(have.bytes(), want.bytes());
  if (want.bytes() == 0) return;
  EXPECT_EQ(std::memcmp(have.data(), want.data(), want.bytes()), 0);
}

void expect_same(const Attribute& have, const Attribute& want) {
  ASSERT_EQ(have.index(), want.index());
  if (const auto* tensor = std::get_if<std::shared_ptr<const Tensor>>(&want))
    return expect_same(*std::get<std::shared_ptr<const Tensor>>(have), **tensor);
  if (const auto* real = std::get_if<float>(&want)) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(std::get<float>(have)), std::bit_cast<std::uint32_t>(*real));
    return;
  }
  EXPECT_EQ(have, want);
}

// Ids may be others, names are not.
void expect_same(const Graph& have, const Graph& want) {
  const auto names = [](const Graph& graph, const std::vector<ValueId>& ids) {
    std::vector<std::string> out;
    out.reserve(ids.size());
    for (const ValueId id : ids) out.push_back(id == kNoValue ? "" : graph.values[id].name);
    return out;
  };
  EXPECT_EQ(have.name, want.name);
  EXPECT_EQ(have.opset, want.opset);
  EXPECT_EQ(names(have, have.inputs), names(want, want.inputs));
  EXPECT_EQ(names(have, have.outputs), names(want, want.outputs));
  EXPECT_EQ(have.values.size(), want.values.size());
  for (const Value& value : want.values) {
    SCOPED_TRACE(value.name);
    const ValueId id = have.find_value(value.name);
    ASSERT_NE(id, kNoValue);
    ASSERT_EQ(have.values[id].constant == nullptr, value.constant == nullptr);
    if (value.constant != nullptr) expect_same(*have.values[id].constant, *value.constant);
    if (std::ranges::find(have.outputs, id) != have.outputs.end()) continue;  // a file says what they are
    EXPECT_EQ(have.values[id].shape, value.shape);
    EXPECT_EQ(have.values[id].type, value.type);
  }
  ASSERT_EQ(have.nodes.size(), want.nodes.size());
  for (std::size_t n = 0; n < want.nodes.size(); ++n) {
    const Node& a = have.nodes[n];
    const Node& b = want.nodes[n];
    SCOPED_TRACE(b.label());
    EXPECT_EQ(a.label(), b.label());
    EXPECT_EQ(names(have, a.inputs), names(want, b.inputs));
    EXPECT_EQ(names(have, a.outputs), names(want, b.outputs));
    ASSERT_EQ(a.attributes.size(), b.attributes.size());
    for (auto i = a.attributes.begin(), k = b.attributes.begin(); k != b.attributes.end(); ++i, ++k) {
      EXPECT_EQ(i->first, k->first);
      expect_same(i->second, k->second);
    }
  }
}

/// x -> Relu -> y
Graph one_relu(Shape shape = {-1, 4}) {
  Graph graph;
  graph.name = "relu";
  const ValueId x = graph.add_input("x", std::move(shape));
  graph.outputs = {graph.add_node("Relu", "relu", {x}, "y")};
  return graph;
}

TEST(OnnxWriter, TensorsOfEveryTypeAreKeptBitForBit) {
  Graph graph = one_relu();
  std::uint64_t seed = 0;
  for (const DType type : {DType::kFloat32, DType::kInt64, DType::kInt32, DType::kUint8, DType::kInt8, DType::kBool}) {
    for (const Shape& shape :
         {Shape{}, Shape{1}, Shape{37}, Shape{2, 3, 1, 5}, Shape{0}, Shape{4, 0, 2}, Shape{1, 2, 1, 2, 1, 2, 1, 2}}) {
      const std::string name = std::string(name_of(type)) + " " + to_string(shape);
      graph.add_constant(name, random_bits(shape, type, ++seed));
    }
  }
  expect_same(round_trip(graph).graph, graph);
}

TEST(OnnxWriter, NaNPayloadsAndSignedZerosAreKept) {
  Tensor odd(Shape{6});
  const std::uint32_t bits[] = {0x7f800001U, 0xffc12345U, 0x7fffffffU, 0x80000000U, 0xff800000U, 0x00000001U};
  std::memcpy(odd.data(), bits, sizeof(bits));
  Graph graph = one_relu();
  const ValueId id = graph.add_constant("odd", shared(std::move(odd)));
  const Graph again = round_trip(graph).graph;
  const Tensor* have = again.constant(again.find_value("odd"));
  ASSERT_NE(have, nullptr);
  expect_same(*have, *graph.constant(id));
}

TEST(OnnxWriter, AttributesOfEveryKindAreKept) {
  Graph graph;
  graph.name = "kinds";
  const ValueId x = graph.add_input("x", {-1, 3, 8, 6});
  const auto low = std::numeric_limits<std::int64_t>::min();
  const ValueId w = graph.add_constant("w", random_bits({4, 3, 3, 3}, DType::kFloat32, 1));
  graph.add_node("Constant", "tensor", {}, "t", {{"value", random_bits({2, 2}, DType::kFloat32, 2)}});
  graph.add_node("Constant", "scalar", {}, "s", {{"value", random_bits({}, DType::kInt64, 3)}});
  graph.add_node("Constant", "empty", {}, "e", {{"value", random_bits({0}, DType::kInt64, 3)}});
  graph.add_node("Constant", "floats", {}, "fs", {{"value_floats", std::vector<float>{-0.0F, INFINITY, 1e-45F}}});
  graph.add_node("Constant", "float", {}, "f", {{"value_float", std::bit_cast<float>(0x7fc00123U)}});
  graph.add_node("Constant", "ints", {}, "is", {{"value_ints", Ints{low, -1, 0, 1LL << 40U}}});
  graph.add_node("Constant", "none", {}, "ns", {{"value_ints", Ints{}}});
  graph.add_node("Constant", "int", {}, "i", {{"value_int", low}});
  graph.outputs = {graph.add_node(
      "Conv", "conv", {x, w}, "y",
      {{"auto_pad", std::string("SAME_UPPER")}, {"kernel_shape", Ints{3, 3}}, {"group", std::int64_t{1}}})};
  expect_same(round_trip(graph).graph, graph);
}

TEST(OnnxWriter, NodesAreSortedAndLeftOutInputsStayOut) {
  Graph graph;
  graph.name = "order";
  const ValueId x = graph.add_input("x", {1, 4});
  const ValueId high = graph.add_constant("high", shared(Tensor::from(Shape{}, std::vector<float>{6.0F})));
  const ValueId middle = graph.add_value("middle");
  graph.outputs = {graph.add_node("Relu", "second", {middle}, "y")};
  graph.nodes.push_back({.op = "Clip",
                         .name = "first",
                         .inputs = {x, kNoValue, high},
                         .outputs = {middle},
                         .attributes = {},
                         .fusion = {}});
  const Graph again = round_trip(graph).graph;
  ASSERT_EQ(again.nodes.size(), 2U);
  EXPECT_EQ(again.nodes[0].name, "first");
  ASSERT_EQ(again.nodes[0].inputs.size(), 3U);
  EXPECT_EQ(again.nodes[0].inputs[1], kNoValue);
  EXPECT_EQ(again.nodes[1].name, "second");
}

TEST(OnnxWriter, GoldenModelsComeBackAsTheyWere) {
  for (const char* name : {"onnx/tiny.onnx", "onnx/clip_input.onnx", "pytorch_tiny/pose_resnet_tiny.onnx"}) {
    SCOPED_TRACE(name);
    const NetworkFile model = read_onnx(kGolden / name).value();
    const NetworkFile again = round_trip(model.graph, {.metadata = model.metadata});
    expect_same(again.graph, model.graph);
    EXPECT_EQ(again.metadata, model.metadata);
    EXPECT_EQ(to_onnx(again.graph).value(), to_onnx(model.graph).value()) << "bytes do not depend on ids";
  }
}

TEST(OnnxWriter, SaysWhoWroteItAndWhatItNeeds) {
  const OnnxWriteOptions options{.metadata = {{"poise.card", R"({"colour": "bgr"})"}, {"author", "Zoë"}}};
  Graph graph = one_relu();
  const NetworkFile again = round_trip(graph, options);
  EXPECT_EQ(again.producer, std::string("poise ") + kVersion);
  EXPECT_EQ(again.metadata, options.metadata);
  for (const auto& [opset, ir] : std::map<int, int>{{13, 7}, {14, 7}, {15, 8}, {17, 8}}) {
    graph.opset = opset;
    const auto model = raw(to_onnx(graph).value());
    EXPECT_EQ(model.ir_version(), ir) << opset;
    ASSERT_EQ(model.opset_import_size(), 1);
    EXPECT_EQ(model.opset_import(0).version(), opset);
    EXPECT_EQ(model.opset_import(0).domain(), "");
  }
}

// "batchx?x4" and so on.
std::string dims(const onnx_proto::ValueInfoProto& info) {
  if (!info.type().tensor_type().has_shape()) return "none";
  std::string out;
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    const std::string one = dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.dim_param();
    out += (out.empty() ? "" : " ") + (one.empty() ? "?" : one);
  }
  return out;
}

TEST(OnnxWriter, FreeExtentsHaveNames) {
  Graph graph;
  const ValueId x = graph.add_input("x", {-1, 3, -1, 16});
  const ValueId w = graph.add_constant("w", random_bits({5, 3, 2, 2}, DType::kFloat32, 1));
  const ValueId y = graph.add_node("Conv", "conv", {x, w}, "y", {{"strides", Ints{2, 2}}});
  graph.outputs = {y, graph.add_node("Relu", "relu", {w}, "fixed")};
  const auto model = raw(to_onnx(graph).value());
  EXPECT_EQ(model.graph().name(), "graph") << "the checker wants a name";
  EXPECT_EQ(dims(model.graph().input(0)), "batch 3 x_2 16");
  EXPECT_EQ(dims(model.graph().output(0)), "batch 5 ? 8");
  EXPECT_EQ(dims(model.graph().output(1)), "5 3 2 2");
  EXPECT_EQ(model.graph().output(0).type().tensor_type().elem_type(), 1);
  const Graph again = round_trip(graph).graph;
  EXPECT_EQ(again.values[again.inputs[0]].shape, (Shape{-1, 3, -1, 16}));
}

TEST(OnnxWriter, OutputsThatFitNoGuessedSizeHaveNoShape) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, -1});
  const ValueId w = graph.add_constant("w", random_bits({7, 2}, DType::kFloat32, 1));
  graph.outputs = {graph.add_node("Gemm", "dense", {x, w}, "y")};
  EXPECT_EQ(dims(raw(to_onnx(graph).value()).graph().output(0)), "none");
  EXPECT_EQ(dims(raw(to_onnx(graph).value()).graph().input(0)), "1 x_1");
}

TEST(OnnxWriter, WhatCannotBeWrittenIsNamed) {
  Graph unnamed = one_relu();
  unnamed.values[1].name.clear();
  EXPECT_EQ(error_of(unnamed), "value 1 has no name: give it one");
  Graph twice = one_relu();
  twice.values[1].name = "x";
  EXPECT_EQ(error_of(twice), "two values have the name \"x\"");
  Graph line = one_relu();
  line.values[1].name = "two\nlines";
  EXPECT_EQ(error_of(line), "the value's name \"two?lines\" holds a control character");
  Graph lengthy = one_relu();
  lengthy.nodes[0].name = std::string(1025, 'n');
  EXPECT_NE(error_of(lengthy).find("is over 1024 bytes long"), std::string::npos);
  Graph fused = one_relu();
  fused.nodes[0].fusion.activation = Activation::kRelu;
  EXPECT_EQ(error_of(fused), "Relu \"relu\" is fused: write the graph as it was before passes");
  Graph wide = one_relu();
  wide.add_constant("w", shared(Tensor(Shape{2}, DType::kFloat64)));
  EXPECT_EQ(error_of(wide), "tensor \"w\" is float64: make it float32");
  Graph unknown = one_relu();
  unknown.nodes[0].op = "Rely";
  EXPECT_EQ(to_onnx(unknown).error().code, ErrorCode::kUnsupported);
}

TEST(OnnxWriter, TooMuchForTheFormatIsRefusedBeforeMemoryIsTaken) {
  Graph graph = one_relu();
  const auto big = shared(Tensor(Shape{1 << 20U}));  // shared by all, so 2 GiB are spoken of and 4 MiB taken
  for (int i = 0; i < 512; ++i) graph.add_constant("w" + std::to_string(i), big);
  const auto bytes = to_onnx(graph);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kTooLarge);
}

TEST(OnnxWriter, FilesAreWholeAndErrorsNameThem) {
  const kit::TemporaryFolder folder;
  const fs::path file = folder / "m.onnx";
  write_onnx(file, one_relu()).value();
  expect_same(read_onnx(file).value().graph, one_relu());
  Graph bad = one_relu();
  bad.values[1].name.clear();
  EXPECT_EQ(write_onnx(file, bad).error().message, file.string() + ": value 1 has no name: give it one");
  expect_same(read_onnx(file).value().graph, one_relu());
}

}  // namespace
}  // namespace poise
