#include "poise/engine/session.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "kit/qdq.h"
#include "poise/base/random.h"
#include "poise/models/pose_resnet.h"

namespace poise {
namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Ints = std::vector<std::int64_t>;

std::shared_ptr<const Tensor> random_tensor(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  auto tensor = std::make_shared<Tensor>(shape);
  Random random(seed);
  for (float& v : tensor->floats()) v = static_cast<float>(random.uniform(low, high));
  return tensor;
}

/// BN statistics of a trained network are neither 0 nor 1; a deconvolution's initial weights hardly differ from 0.
void disturb_parameters(Graph& graph) {
  std::uint64_t seed = 77;
  for (Value& value : graph.values) {
    if (value.constant == nullptr || value.constant->type() != DType::kFloat32) continue;
    ++seed;
    if (value.name.ends_with("running_var")) {
      value.constant = random_tensor(value.constant->shape(), seed, 0.5, 1.5);
    } else if (value.constant->rank() == 1) {
      value.constant = random_tensor(value.constant->shape(), seed, 0.2, 0.9);
    } else if (value.name.starts_with("deconv") || value.name.starts_with("final")) {
      value.constant = random_tensor(value.constant->shape(), seed, -0.05, 0.05);
    }
  }
}

Tensor run(const Graph& graph, const std::string& backend, const std::vector<Tensor>& inputs,
           Precision precision = Precision::kFloat32) {
  Session session = Session::create(Graph(graph), {backend, 2, precision}).value();
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) views.emplace_back(input);
  std::vector<Tensor> outputs;
  session.run(views, outputs).value();
  return std::move(outputs.at(0));
}

void expect_backends_agree(const Graph& graph, const std::vector<Shape>& shapes, float tolerance = 2e-5F) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i) inputs.push_back(random_tensor(shapes[i], 900 + i, -2, 2)->clone());
  const Tensor want = run(graph, "reference", inputs);
  const Tensor have = run(graph, "onednn", inputs);
  ASSERT_EQ(have.shape(), want.shape());
  float most = 0;
  float worst = 0;
  for (std::int64_t i = 0; i < want.count(); ++i) {
    ASSERT_TRUE(std::isfinite(have.floats()[i]));
    most = std::max(most, std::abs(want.floats()[i]));
    worst = std::max(worst, std::abs(want.floats()[i] - have.floats()[i]));
  }
  EXPECT_GT(most, 0.0F);
  EXPECT_LE(worst, tolerance * most);
  for (const Precision precision : native_precisions()) {
    if (precision != Precision::kBfloat16) continue;  // integers: integers_test.cc
    const Tensor rough = run(graph, "onednn", inputs, precision);
    ASSERT_EQ(rough.shape(), want.shape());
    worst = 0;
    for (std::int64_t i = 0; i < want.count(); ++i) {
      ASSERT_TRUE(std::isfinite(rough.floats()[i]));
      worst = std::max(worst, std::abs(want.floats()[i] - rough.floats()[i]));
    }
    EXPECT_LE(worst, 0.03F * most) << name_of(precision);
  }
}

/// x -> op(x, weight, bias) -> "y"
Graph one_layer(const std::string& op, const Shape& input, const Shape& weight, std::int64_t out_channels,
                Attributes attributes) {
  Graph graph;
  const ValueId x = graph.add_input("x", input);
  const ValueId w = graph.add_constant("w", random_tensor(weight, 1));
  const ValueId b = graph.add_constant("b", random_tensor({out_channels}, 2));
  graph.outputs = {graph.add_node(op, "layer", {x, w, b}, "y", std::move(attributes))};
  return graph;
}

TEST(Session, PoseResNetAgreesWithReference) {
  for (const int depth : {18, 50}) {
    Graph graph = pose_resnet({.depth = depth, .input = {64, 96}, .width = 0.25F}).value();
    disturb_parameters(graph);
    expect_backends_agree(graph, {{1, 3, 96, 64}}, 1e-4F);
    expect_backends_agree(graph, {{3, 3, 96, 64}}, 1e-4F);
  }
}

TEST(Session, WideLayersWhichTakeWinogradAgree) {
  for (const Shape& input : {Shape{1, 64, 24, 18}, Shape{2, 128, 8, 6}}) {
    const Graph graph = one_layer("Conv", input, {96, input[1], 3, 3}, 96, {{"pads", Ints{1, 1, 1, 1}}});
    expect_backends_agree(graph, {input}, 1e-4F);
  }
}

TEST(Session, ConvolutionsOfAllKindsAgree) {
  const Shape input{2, 24, 13, 11};
  expect_backends_agree(
      one_layer("Conv", input, {20, 24, 3, 3}, 20, {{"strides", Ints{2, 1}}, {"pads", Ints{0, 1, 2, 1}}}), {input});
  expect_backends_agree(
      one_layer("Conv", input, {24, 1, 3, 3}, 24, {{"group", std::int64_t{24}}, {"pads", Ints{1, 1, 1, 1}}}), {input});
  expect_backends_agree(one_layer("Conv", input, {18, 4, 5, 3}, 18, {{"group", std::int64_t{6}}}), {input});
  expect_backends_agree(
      one_layer("Conv", input, {8, 24, 3, 3}, 8, {{"dilations", Ints{2, 3}}, {"pads", Ints{2, 3, 2, 3}}}), {input});
  const Shape stem{1, 3, 32, 24};
  expect_backends_agree(
      one_layer("Conv", stem, {17, 3, 7, 7}, 17, {{"strides", Ints{2, 2}}, {"pads", Ints{3, 3, 3, 3}}}), {stem});
}

TEST(Session, TransposedConvolutionsOfAllKindsAgree) {
  const Shape input{2, 24, 7, 5};
  struct Case {
    std::int64_t kernel, stride, pad, output_padding, group;
  };
  for (const Case c :
       {Case{4, 2, 1, 0, 1}, Case{3, 2, 1, 1, 1}, Case{2, 2, 0, 0, 1}, Case{3, 1, 1, 0, 1}, Case{5, 3, 1, 2, 1},
        Case{1, 2, 0, 0, 1}, Case{4, 2, 0, 0, 1}, Case{4, 2, 1, 0, 24}, Case{4, 2, 1, 0, 6}, Case{3, 2, 1, 1, 24}}) {
    SCOPED_TRACE("kernel " + std::to_string(c.kernel) + " stride " + std::to_string(c.stride) + " group " +
                 std::to_string(c.group));
    const std::int64_t out = c.group == 1 ? 20 : 24;
    const Graph graph = one_layer("ConvTranspose", input, {24, out / c.group, c.kernel, c.kernel}, out,
                                  {{"strides", Ints{c.stride, c.stride}},
                                   {"pads", Ints{c.pad, c.pad, c.pad, c.pad}},
                                   {"output_padding", Ints{c.output_padding, c.output_padding}},
                                   {"group", c.group}});
    expect_backends_agree(graph, {input});
  }
  expect_backends_agree(one_layer("ConvTranspose", input, {24, 20, 3, 3}, 20, {{"dilations", Ints{2, 2}}}), {input});
}

/// By Winograd's tiles, whole and cut off, some images at once, alone and before another layer.
TEST(Session, TransposedConvolutionsOfManyPixelsAgree) {
  const Attributes attributes{{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}};
  for (const Shape& input : {Shape{1, 64, 16, 16}, Shape{1, 96, 17, 19}, Shape{2, 64, 32, 24}, Shape{3, 64, 15, 30}}) {
    SCOPED_TRACE(to_string(input));
    Graph graph = one_layer("ConvTranspose", input, {input[1], 32, 4, 4}, 32, attributes);
    expect_backends_agree(graph, {input});
    const ValueId relu = graph.add_node("Relu", "relu", {graph.outputs[0]}, "r");
    graph.outputs = {relu};
    expect_backends_agree(graph, {input});
    const ValueId weight = graph.add_constant("final", random_tensor({32, 32, 1, 1}, 3));
    graph.outputs = {graph.add_node("Conv", "final_layer", {relu, weight}, "f")};
    expect_backends_agree(graph, {input});
  }
}

TEST(Session, FusedOperatorsAgree) {
  for (const std::string op : {"Conv", "ConvTranspose"}) {
    for (const std::int64_t group : {1, 24}) {
      SCOPED_TRACE(op + " group " + std::to_string(group));
      const Shape input{1, 24, 6, 5};
      Graph graph = one_layer(op, input, {24, 24 / group, 1, 1}, 24, {{"group", group}});
      const ValueId sum = graph.add_node("Add", "sum", {graph.outputs[0], graph.inputs[0]}, "s");
      const ValueId low =
          graph.add_constant("low", std::make_shared<Tensor>(Tensor::from(Shape{}, std::vector<float>{-0.5F})));
      const ValueId high =
          graph.add_constant("high", std::make_shared<Tensor>(Tensor::from(Shape{}, std::vector<float>{3.0F})));
      graph.outputs = {graph.add_node("Clip", "clip", {sum, low, high}, "c")};
      expect_backends_agree(graph, {input});
      Graph sigmoid = one_layer(op, input, {24, 24 / group, 1, 1}, 24, {{"group", group}});
      sigmoid.outputs = {sigmoid.add_node("Sigmoid", "sigmoid", {sigmoid.outputs[0]}, "g")};
      expect_backends_agree(sigmoid, {input});
    }
  }
}

/// The residual is read again after the sum, so it must not be summed into.
TEST(Session, ResidualThatIsStillNeededIsKept) {
  const Shape input{1, 16, 8, 8};
  Graph graph = one_layer("Conv", input, {16, 16, 1, 1}, 16, {});
  const ValueId weight = graph.find_value("w");
  const ValueId first = graph.add_node("Conv", "first", {graph.inputs[0], weight}, "f");
  const ValueId second = graph.add_node("Conv", "second", {first, weight}, "g");
  const ValueId sum = graph.add_node("Add", "sum", {second, first}, "s");
  graph.outputs = {graph.add_node("Mul", "twice", {sum, first}, "t")};
  expect_backends_agree(graph, {input});
}

TEST(Session, OperatorsAloneAgree) {
  const Shape input{2, 20, 9, 7};
  const auto alone = [&](const std::string& op, std::vector<std::shared_ptr<const Tensor>> constants,
                         Attributes attributes) {
    SCOPED_TRACE(op);
    Graph graph;
    std::vector<ValueId> inputs{graph.add_input("x", input)};
    for (std::size_t i = 0; i < constants.size(); ++i) {
      inputs.push_back(graph.add_constant("c" + std::to_string(i), constants[i]));
    }
    graph.outputs = {graph.add_node(op, "layer", inputs, "y", std::move(attributes))};
    expect_backends_agree(graph, {input});
  };
  alone("Relu", {}, {});
  alone("Sigmoid", {}, {});
  alone("Clip", {}, {{"min", -0.5F}, {"max", 0.75F}});
  alone("MaxPool", {}, {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}});
  alone("MaxPool", {}, {{"kernel_shape", Ints{2, 3}}, {"strides", Ints{2, 2}}, {"ceil_mode", std::int64_t{1}}});
  alone("MaxPool", {}, {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 2}}});
  alone("GlobalAveragePool", {}, {});
  alone("Flatten", {}, {});
  alone("Identity", {}, {});
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    alone(op, {random_tensor({20, 1, 1}, 5, 0.5, 2)}, {});
    alone(op, {random_tensor({1}, 6, 0.5, 2)}, {});
    alone(op, {random_tensor(input, 7, 0.5, 2)}, {});
  }
  alone("BatchNormalization",
        {random_tensor({20}, 1), random_tensor({20}, 2), random_tensor({20}, 3), random_tensor({20}, 4, 0.5, 2)}, {});
}

TEST(Session, ConcatAndGemmAgree) {
  Graph graph;
  const ValueId a = graph.add_input("a", {2, 12, 4, 4});
  const ValueId b = graph.add_input("b", {2, 5, 4, 4});
  const ValueId both = graph.add_node("Concat", "both", {a, b}, "ab", {{"axis", std::int64_t{1}}});
  const ValueId flat = graph.add_node("Flatten", "flat", {both}, "f");
  const ValueId weight = graph.add_constant("w", random_tensor({10, 17 * 16}, 3));
  graph.outputs = {graph.add_node("Gemm", "dense", {flat, weight}, "y", {{"transB", std::int64_t{1}}})};
  expect_backends_agree(graph, {{2, 12, 4, 4}, {2, 5, 4, 4}});
}

TEST(Session, SameBitsRunToRunAndInAnyBatch) {
  Graph graph = pose_resnet({.depth = 18, .input = {64, 64}, .width = 0.25F}).value();
  disturb_parameters(graph);
  Session session = Session::create(Graph(graph), {"onednn", 2}).value();
  const auto many = random_tensor({5, 3, 64, 64}, 3);
  const TensorView five(many->floats().data(), {5, 3, 64, 64});
  std::vector<Tensor> together;
  session.run(std::span(&five, 1), together).value();
  const std::int64_t image = many->count() / 5;
  const std::int64_t map = together[0].count() / 5;
  for (int i = 0; i < 5; ++i) {
    const TensorView one(many->floats().data() + i * image, {1, 3, 64, 64});
    std::vector<Tensor> alone;
    session.run(std::span(&one, 1), alone).value();
    for (std::int64_t k = 0; k < map; ++k) {
      ASSERT_NEAR(alone[0].floats()[k], together[0].floats()[i * map + k], 1e-5F) << "person " << i;
    }
  }
}

TEST(Session, ArenaIsWithinATenthOfTheLeast) {
  const Graph graph = pose_resnet({.depth = 50}).value();
  Session session = Session::create(Graph(graph), {}).value();
  for (const std::int64_t batch : {1, 8}) {
    const Shape shape{batch, 3, 256, 192};
    const PlanInfo info = session.plan(std::span(&shape, 1)).value();
    EXPECT_GT(info.ideal_bytes, 0U);
    EXPECT_LE(static_cast<double>(info.arena_bytes), 1.1 * static_cast<double>(info.ideal_bytes));
  }
}

TEST(Session, WrongInputsAreNamed) {
  const Graph graph = pose_resnet({.depth = 18, .input = {64, 64}, .width = 0.25F}).value();
  Session session = Session::create(Graph(graph), {}).value();
  const Tensor small(Shape{1, 3, 32, 64});
  const TensorView view(small);
  std::vector<Tensor> outputs;
  const Status status = session.run(std::span(&view, 1), outputs);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "input \"input\" is 1x3x32x64, the network wants ?x3x64x64");
  const auto nobody = Session::create(Graph(graph), {"cuda", 1});
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error().message, "there is no backend \"cuda\"; there are onednn, reference");
  EXPECT_FALSE(Session::create(Graph(graph), {"onednn", -1}).ok());
}

/// What sixteen siblings answer at the same time, each in a thread of its own, over and over.
void expect_siblings_agree(const Session& session, const Tensor& input, const Tensor& want) {
  constexpr int kSiblings = 16;
  std::vector<Session> siblings;
  for (int i = 0; i < kSiblings; ++i) siblings.push_back(session.sibling(1));
  std::vector<int> differing(kSiblings, 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < kSiblings; ++i) {
    threads.emplace_back([&, i] {
      const TensorView view(input);
      std::vector<Tensor> outputs;
      for (int round = 0; round < 3; ++round) {
        siblings[i].run(std::span(&view, 1), outputs).value();
        differing[i] += std::memcmp(outputs[0].data(), want.data(), want.bytes()) == 0 ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : differing) EXPECT_EQ(count, 0);
}

TEST(Session, SixteenSiblingsAgreeBitForBitAndShareTheWeights) {
  PoseResNetOptions options;
  options.depth = 18;
  options.width = 0.25F;
  options.input = {64, 64};
  Graph floats = pose_resnet(options).value();
  disturb_parameters(floats);
  const Grid grid{.scale = 0.03F, .zero = 100, .type = DType::kUint8};
  const Graph integers = kit::small_pose_net(4, grid, grid, grid, false);
  for (const Precision precision : native_precisions()) {
    SCOPED_TRACE(name_of(precision));
    const Graph& graph = precision == Precision::kInt8 ? integers : floats;
    const Shape shape = precision == Precision::kInt8 ? Shape{2, 3, 32, 24} : Shape{1, 3, 64, 64};
    const Tensor input = random_tensor(shape, 31, -2, 2)->clone();
    Session session = Session::create(Graph(graph), {"onednn", 1, precision}).value();
    const TensorView view(input);
    std::vector<Tensor> outputs;
    session.run(std::span(&view, 1), outputs).value();
    expect_siblings_agree(session, input, outputs[0]);
    // The weights are the program's: a sibling's plan adds none.
    const std::vector<Shape> shapes{input.shape()};
    const std::size_t weights = session.plan(shapes)->weight_bytes;
    Session sibling = session.sibling();
    EXPECT_EQ(sibling.plan(shapes)->weight_bytes, weights);
    EXPECT_EQ(sibling.threads(), 1);
    EXPECT_EQ(sibling.plan(shapes)->arena_bytes, session.plan(shapes)->arena_bytes);
  }
}

/// Which taps make a phase depends on the padding, the weights do not.
TEST(Session, TransposedLayersMayShareAWeight) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 16, 8, 6});
  const ValueId weight = graph.add_constant("weight", random_tensor({16, 16, 4, 4}, 5));
  std::vector<ValueId> rows;
  for (const std::int64_t pad : {1, 0, 2}) {
    const std::string name = "y" + std::to_string(pad);
    const ValueId y = graph.add_node("ConvTranspose", name, {x, weight}, name,
                                     {{"pads", Ints{pad, pad, pad, pad}}, {"strides", Ints{2, 2}}});
    rows.push_back(graph.add_node("Flatten", name + "_row", {y}, name + "_row"));
  }
  graph.outputs = {graph.add_node("Concat", "all", rows, "all", {{"axis", std::int64_t{1}}})};
  graph.validate().value();
  expect_backends_agree(graph, {{1, 16, 8, 6}});
}

TEST(Session, WeightsMayBeComputed) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 16, 8, 6});
  const ValueId weight = graph.add_input("weight", {16, 16, 3, 3});
  const ValueId y = graph.add_node("Conv", "conv", {x, weight}, "conv", {{"pads", Ints{1, 1, 1, 1}}});
  graph.outputs = {graph.add_node("Relu", "relu", {y}, "relu")};
  graph.validate().value();
  expect_backends_agree(graph, {{1, 16, 8, 6}, {16, 16, 3, 3}});
}

/// oneDNN's code for such a layer takes gigabytes.
TEST(Session, DilationMayBeFarBeyondThePicture) {
  Graph graph;
  constexpr std::int64_t kFar = std::int64_t{1} << 22;
  const ValueId x = graph.add_input("x", {1, 16, 6, 6});
  const ValueId weight = graph.add_constant("weight", random_tensor({16, 16, 3, 3}, 6));
  graph.outputs = {graph.add_node("Conv", "conv", {x, weight}, "y",
                                  {{"pads", Ints{kFar, kFar, kFar, kFar}}, {"dilations", Ints{kFar, kFar}}})};
  graph.validate().value();
  expect_backends_agree(graph, {{1, 16, 6, 6}});
}

}  // namespace
}  // namespace poise
