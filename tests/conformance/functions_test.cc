// Functions that a model defines for itself, made message by message.

#include <gtest/gtest.h>

#include "poise/engine/session.h"
#include "poise/weights/network_file.h"
#include "poise/weights/onnx/onnx.pb.h"

namespace poise {
namespace {

using onnx_proto::FunctionProto;
using onnx_proto::ModelProto;
using onnx_proto::NodeProto;

constexpr const char* kDomain = "pkg.own";

NodeProto node(const std::string& op, std::initializer_list<const char*> inputs,
               std::initializer_list<const char*> outputs, const std::string& domain = "") {
  NodeProto made;
  made.set_op_type(op);
  made.set_domain(domain);
  for (const char* input : inputs) made.add_input(input);
  for (const char* output : outputs) made.add_output(output);
  return made;
}

FunctionProto function(const std::string& name, std::initializer_list<const char*> inputs,
                       std::initializer_list<const char*> outputs, const std::vector<NodeProto>& nodes,
                       std::int64_t opset = 18) {
  FunctionProto made;
  made.set_name(name);
  made.set_domain(kDomain);
  for (const char* input : inputs) made.add_input(input);
  for (const char* output : outputs) made.add_output(output);
  for (const NodeProto& one : nodes) *made.add_node() = one;
  made.add_opset_import()->set_version(opset);
  return made;
}

/// x (1x4) -> nodes -> y, with these functions.
ModelProto model(const std::vector<NodeProto>& nodes, const std::vector<FunctionProto>& functions) {
  ModelProto made;
  made.set_ir_version(8);
  made.add_opset_import()->set_version(18);
  auto& graph = *made.mutable_graph();
  for (const NodeProto& one : nodes) *graph.add_node() = one;
  auto& input = *graph.add_input();
  input.set_name("x");
  auto& tensor = *input.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(1);
  for (const std::int64_t extent : {1, 4}) tensor.mutable_shape()->add_dim()->set_dim_value(extent);
  graph.add_output()->set_name("y");
  for (const FunctionProto& one : functions) *made.add_functions() = one;
  return made;
}

Result<NetworkFile> read(const ModelProto& made) {
  const std::string bytes = made.SerializeAsString();
  return parse_onnx({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::vector<float> run(const ModelProto& made) {
  Session session = Session::create(read(made).value().graph, {.backend = "reference"}).value();
  const Tensor x = Tensor::from(Shape{1, 4}, std::vector<float>{-2, -1, 1, 3});
  const TensorView view(x);
  std::vector<Tensor> outputs;
  session.run(std::span(&view, 1), outputs).value();
  return {outputs[0].floats().begin(), outputs[0].floats().end()};
}

std::string error_of(const ModelProto& made) {
  const auto file = read(made);
  return file ? "none" : file.error().message;
}

/// scaled(a; s) = a * s, where the attribute s may be left out.
FunctionProto scaled(bool with_default) {
  NodeProto constant = node("Constant", {}, {"k"});
  auto& value = *constant.add_attribute();
  value.set_name("value_float");
  value.set_type(1);
  value.set_ref_attr_name("s");
  FunctionProto made = function("scaled", {"a"}, {"c"}, {constant, node("Mul", {"a", "k"}, {"c"})});
  if (with_default) {
    auto& given = *made.add_attribute_proto();
    given.set_name("s");
    given.set_type(1);
    given.set_f(2);
  }
  return made;
}

NodeProto call(const std::string& name, const char* from, const char* to) { return node(name, {from}, {to}, kDomain); }

TEST(OnnxFunctions, TakeTheCallsAttributesOrTheirDefaults) {
  NodeProto tenfold = call("scaled", "x", "t");
  auto& attribute = *tenfold.add_attribute();
  attribute.set_name("s");
  attribute.set_type(1);
  attribute.set_f(10);
  EXPECT_EQ(run(model({tenfold, call("scaled", "t", "y")}, {scaled(true)})), (std::vector<float>{-40, -20, 20, 60}));
}

TEST(OnnxFunctions, CalledTwiceAndWithinEachOther) {
  const FunctionProto twice = function("twice", {"a"}, {"b"}, {call("scaled", "a", "k"), call("scaled", "k", "b")});
  const auto y =
      run(model({call("twice", "x", "k"), node("Relu", {"k"}, {"r"}), call("twice", "r", "y")}, {twice, scaled(true)}));
  EXPECT_EQ(y, (std::vector<float>{0, 0, 16, 48}));
}

TEST(OnnxFunctions, MayHandOutAnInputOrOneValueTwice) {
  const FunctionProto both = function("both", {"a"}, {"a", "b"}, {node("Neg", {"a"}, {"b"})});
  EXPECT_EQ(run(model({node("both", {"x"}, {"p", "q"}, kDomain), node("Sub", {"p", "q"}, {"y"})}, {both})),
            (std::vector<float>{-4, -2, 2, 6}));
}

TEST(OnnxFunctions, NodesOfAnOlderOpsetAreBroughtUp) {
  NodeProto mean = node("ReduceMean", {"a"}, {"b"});
  auto& axes = *mean.add_attribute();
  axes.set_name("axes");
  axes.set_type(7);
  axes.add_ints(1);
  const ModelProto made = model({call("mean", "x", "y")}, {function("mean", {"a"}, {"b"}, {mean}, 13)});
  EXPECT_EQ(run(made), std::vector<float>{0.25F});
  const Graph graph = read(made).value().graph;
  EXPECT_EQ(graph.opset, 18);
  EXPECT_TRUE(graph.nodes.back().integers("axes").empty());
  EXPECT_EQ(graph.nodes.back().inputs.size(), 2U);
}

TEST(OnnxFunctions, HostileOnesAreRefused) {
  const FunctionProto itself = function("loop", {"a"}, {"b"}, {call("loop", "a", "b")});
  EXPECT_NE(error_of(model({call("loop", "x", "y")}, {itself})).find("calls itself"), std::string::npos);
  EXPECT_NE(error_of(model({call("scaled", "x", "y")}, {scaled(true), scaled(true)})).find("defined twice"),
            std::string::npos);
  EXPECT_NE(error_of(model({node("scaled", {"x", "x"}, {"y"}, kDomain)}, {scaled(true)})).find("too many inputs"),
            std::string::npos);
  EXPECT_NE(error_of(model({call("unknown", "x", "y")}, {scaled(true)})).find("pkg.own.unknown"), std::string::npos);
  // Without a value the Constant has none.
  EXPECT_FALSE(Session::create(read(model({call("scaled", "x", "y")}, {scaled(false)})).value().graph).ok());

  // Each calls the one before ten times: a billion nodes, were they made.
  std::vector<FunctionProto> tower{function("f0", {"a"}, {"b"}, {node("Neg", {"a"}, {"b"})})};
  for (int level = 1; level < 10; ++level) {
    std::vector<NodeProto> calls;
    for (int i = 0; i < 10; ++i) {
      NodeProto one = node("f" + std::to_string(level - 1), {}, {}, kDomain);
      one.add_input(i == 0 ? "a" : "v" + std::to_string(i - 1));
      one.add_output(i == 9 ? "b" : "v" + std::to_string(i));
      calls.push_back(std::move(one));
    }
    tower.push_back(function("f" + std::to_string(level), {"a"}, {"b"}, calls));
  }
  const auto refused = read(model({call("f9", "x", "y")}, tower));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge) << refused.error().message;
}

}  // namespace
}  // namespace poise
