// How today's networks run on oneDNN: operators that exporters write as several run as one, concatenations copy
// nothing, and nothing is left to the plain reference.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <set>

#include "poise/base/random.h"
#include "poise/engine/session.h"
#include "poise/graph/passes/passes.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

Tensor random_tensor(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  Tensor tensor(shape);
  Random random(seed);
  for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(low, high));
  return tensor;
}

/// A graph of one input, built line by line.
struct Net {
  Graph graph;
  ValueId x;
  std::uint64_t seed = 10;
  explicit Net(const Shape& shape) : x(graph.add_input("x", shape)) {}
  ValueId fixed(const Shape& shape, double low = -0.3, double high = 0.3) {
    auto tensor = std::make_shared<const Tensor>(random_tensor(shape, ++seed, low, high));
    return graph.add_constant("c" + std::to_string(seed), std::move(tensor));
  }
  ValueId number(float value) {
    auto tensor = std::make_shared<const Tensor>(Tensor::from(Shape{}, std::vector<float>{value}));
    return graph.add_constant("n" + std::to_string(++seed), std::move(tensor));
  }
  ValueId add(const std::string& op, std::vector<ValueId> inputs,
              std::map<std::string, Attribute, std::less<>> attributes = {}) {
    const std::string name = op + std::to_string(++seed);
    return graph.add_node(op, name, std::move(inputs), name, std::move(attributes));
  }
  ValueId conv(ValueId from, std::int64_t in, std::int64_t out, std::int64_t kernel = 3) {
    const std::int64_t pad = kernel / 2;
    return add("Conv", {from, fixed({out, in, kernel, kernel}), fixed({out})},
               {{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}}});
  }
  ValueId silu(ValueId from) { return add("Mul", {from, add("Sigmoid", {from})}); }
};

/// Both backends give the same; the steps that oneDNN took.
std::vector<LayerTime> compare(const Graph& graph, const Tensor& input, double tolerance = 1e-5) {
  std::vector<std::vector<Tensor>> outputs(2);
  std::vector<LayerTime> steps;
  const TensorView view(input);
  for (const bool fast : {false, true}) {
    Session session = Session::create(Graph(graph), {.backend = fast ? "onednn" : "reference", .threads = 2}).value();
    session.run(std::span(&view, 1), outputs[fast ? 1 : 0]).value();
    session.run(std::span(&view, 1), outputs[fast ? 1 : 0]).value();  // in memory that was used
    if (fast) steps = session.profile(std::span(&view, 1)).value();
  }
  for (std::size_t i = 0; i < outputs[0].size(); ++i) {
    EXPECT_EQ(outputs[0][i].shape(), outputs[1][i].shape());
    double most = 0;
    double worst = 0;
    for (std::int64_t k = 0; k < outputs[0][i].count(); ++k) {
      const double want = outputs[0][i].floats()[k];
      most = std::max(most, std::abs(want));
      worst = std::max(worst, std::abs(want - outputs[1][i].floats()[k]));
    }
    EXPECT_LE(worst, tolerance * most) << "output " << i;
  }
  return steps;
}

int count(const std::vector<LayerTime>& steps, const std::string& op) {
  return static_cast<int>(
      std::count_if(steps.begin(), steps.end(), [&](const LayerTime& one) { return one.name.starts_with(op); }));
}
int on_reference(const std::vector<LayerTime>& steps) {
  return static_cast<int>(
      std::count_if(steps.begin(), steps.end(), [](const LayerTime& one) { return one.kernel == "reference"; }));
}

std::set<std::string> operators_of(Graph graph) {
  graph.validate().value();
  recognise_operators(graph);
  graph.validate().value();
  std::set<std::string> found;
  for (const Node& node : graph.nodes) found.insert(node.op);
  return found;
}

TEST(Recognised, SiluGoesIntoTheConvolutionWhateverItsKernel) {
  for (const std::int64_t channels : {16, 96}) {  // 96: by tiles, where the activation comes behind
    Net net({1, 16, 24, 24});
    const ValueId one = net.silu(net.conv(net.x, 16, channels, 1));
    net.graph.outputs = {net.silu(net.conv(one, channels, channels))};
    const auto steps = compare(net.graph, random_tensor({1, 16, 24, 24}, 1), 1e-4);
    EXPECT_EQ(count(steps, "Mul"), 0);
    EXPECT_EQ(count(steps, "Sigmoid"), 0);
  }
}

TEST(Recognised, SigmoidThatSomethingElseReadsStays) {
  Net net({1, 16, 8, 8});
  const ValueId c = net.conv(net.x, 16, 16);
  const ValueId gate = net.add("Sigmoid", {c});
  net.graph.outputs = {net.add("Mul", {c, gate}), gate};
  compare(net.graph, random_tensor({1, 16, 8, 8}, 1));
  EXPECT_FALSE(operators_of(net.graph).contains("Swish"));
}

TEST(Recognised, MishAndHardSwish) {
  Net net({1, 16, 8, 8});
  const ValueId a = net.conv(net.x, 16, 16);
  const ValueId mish = net.add("Mul", {a, net.add("Tanh", {net.add("Softplus", {a})})});
  const ValueId b = net.conv(mish, 16, 16);
  net.graph.outputs = {net.add("Mul", {net.add("HardSigmoid", {b}, {{"alpha", 1.0F / 6}}), b})};
  compare(net.graph, random_tensor({1, 16, 8, 8}, 1), 1e-4);
  EXPECT_EQ(operators_of(net.graph), (std::set<std::string>{"Conv", "Mish", "HardSwish"}));
}

TEST(Recognised, GeluInTheOrdersThatExportersWrite) {
  for (const bool half_last : {true, false}) {
    Net net({1, 12, 32});
    const ValueId x = net.add("MatMul", {net.x, net.fixed({32, 32})});
    const ValueId scaled =
        half_last ? net.add("Div", {x, net.number(std::sqrt(2.0F))}) : net.add("Mul", {x, net.number(std::sqrt(0.5F))});
    const ValueId sum = net.add("Add", {net.add("Erf", {scaled}), net.number(1)});
    net.graph.outputs = {half_last ? net.add("Mul", {net.add("Mul", {x, sum}), net.number(0.5F)})
                                   : net.add("Mul", {net.add("Mul", {net.number(0.5F), x}), sum})};
    compare(net.graph, random_tensor({1, 12, 32}, 1), 1e-4);
    EXPECT_EQ(operators_of(net.graph), (std::set<std::string>{"MatMul", "Gelu"}));
  }
}

TEST(Recognised, LayerNormalizationByItsParts) {
  Net net({1, 12, 32});
  const std::map<std::string, Attribute, std::less<>> last{{"axes", std::vector<std::int64_t>{-1}}};
  const ValueId d = net.add("Sub", {net.x, net.add("ReduceMean", {net.x}, last)});
  const ValueId variance = net.add("ReduceMean", {net.add("Pow", {d, net.number(2)})}, last);
  const ValueId root = net.add("Sqrt", {net.add("Add", {variance, net.number(1e-6F)})});
  const ValueId scaled = net.add("Mul", {net.add("Div", {d, root}), net.fixed({32}, 0.5, 2)});
  net.graph.outputs = {net.add("Add", {scaled, net.fixed({32})})};
  EXPECT_EQ(on_reference(compare(net.graph, random_tensor({1, 12, 32}, 1))), 0);
  EXPECT_EQ(operators_of(net.graph), std::set<std::string>{"LayerNormalization"});
}

/// Two halves of a map, each block of layers behind the last, all of them joined: C2f of YOLOv8.
ValueId add_c2f(Net& net, ValueId x, std::int64_t channels, bool shortcut) {
  const ValueId first = net.silu(net.conv(x, channels, channels, 1));
  Node split;
  split.op = "Split";
  split.name = "split" + std::to_string(++net.seed);
  split.inputs = {first};
  split.outputs = {net.graph.add_value(split.name + "a"), net.graph.add_value(split.name + "b")};
  split.attributes["axis"] = std::int64_t{1};
  std::vector<ValueId> parts = split.outputs;
  net.graph.nodes.push_back(std::move(split));
  for (int i = 0; i < 2; ++i) {
    const ValueId inner = net.silu(net.conv(parts.back(), channels / 2, channels / 2));
    parts.push_back(shortcut ? net.add("Add", {parts.back(), inner}) : inner);
  }
  const ValueId joined = net.add("Concat", parts, {{"axis", std::int64_t{1}}});
  return net.silu(net.conv(joined, 2 * channels, channels, 1));
}

TEST(Joints, BlocksOfLayersAreJoinedWithoutCopies) {
  for (const bool shortcut : {false, true}) {
    Net net({1, 64, 16, 12});
    net.graph.outputs = {add_c2f(net, add_c2f(net, net.conv(net.x, 64, 64), 64, shortcut), 64, shortcut)};
    const auto steps = compare(net.graph, random_tensor({1, 64, 16, 12}, 2));
    EXPECT_EQ(count(steps, "Concat"), 0);
    EXPECT_EQ(count(steps, "Split"), 0);
  }
}

TEST(Joints, APartThatIsReadElsewhereAndOneThatComesTwice) {
  Net net({1, 32, 10, 10});
  const ValueId a = net.conv(net.x, 32, 32);
  const ValueId b = net.add("Relu", {net.conv(a, 32, 32)});
  const ValueId inner = net.add("Concat", {b, a}, {{"axis", std::int64_t{1}}});
  const ValueId outer = net.add("Concat", {inner, net.x, a, b}, {{"axis", std::int64_t{1}}});
  const ValueId again = net.add("Concat", {b, b}, {{"axis", std::int64_t{1}}});
  net.graph.outputs = {net.conv(outer, 160, 16), net.add("Add", {a, b}), net.conv(inner, 64, 16), again};
  compare(net.graph, random_tensor({1, 32, 10, 10}, 3));
}

TEST(Joints, SumsIntoResidualsDoNotTouchWhatIsJoined) {
  Net net({1, 32, 10, 10});
  const ValueId a = net.conv(net.x, 32, 32);
  const ValueId b = net.add("Add", {net.conv(a, 32, 32), a});
  const ValueId c = net.add("Add", {net.conv(b, 32, 32), b});
  const ValueId joined = net.add("Concat", {a, b, c}, {{"axis", std::int64_t{1}}});
  const ValueId d = net.add("Add", {net.conv(joined, 96, 96, 1), joined});
  net.graph.outputs = {net.conv(d, 96, 8)};
  compare(net.graph, random_tensor({1, 32, 10, 10}, 4));
}

TEST(Joints, ChannelsThatFillNoBlockAndSeveralPicturesAreCopied) {
  for (const std::int64_t images : {1, 3}) {
    Net net({images, 20, 7, 5});
    const ValueId a = net.conv(net.x, 20, 20);
    const ValueId b = net.conv(a, 20, 32);
    net.graph.outputs = {net.conv(net.add("Concat", {a, b, a}, {{"axis", std::int64_t{1}}}), 72, 8)};
    compare(net.graph, random_tensor({images, 20, 7, 5}, 5));
  }
}

TEST(IntegerInputs, TakeFloatsAndRoundThem) {
  for (const DType type : {DType::kUint8, DType::kInt32}) {
    Graph graph;
    const ValueId x = graph.add_input("x", {1, 6}, type);
    const ValueId floats = graph.add_node("Cast", "cast", {x}, "floats", {{"to", std::int64_t{1}}});
    graph.outputs = {graph.add_node("Abs", "abs", {floats}, "y")};
    const Tensor input = Tensor::from(Shape{1, 6}, std::vector<float>{0, 1.4F, 2.6F, 254.5F, 300, -7});
    const bool bytes = type == DType::kUint8;
    const std::vector<float> want{0, 1, 3, 254, bytes ? 255.0F : 300.0F, bytes ? 0.0F : 7.0F};
    for (const std::string& backend : backend_names()) {
      Session session = Session::create(Graph(graph), {.backend = backend, .threads = 1}).value();
      const TensorView view(input);
      std::vector<Tensor> outputs;
      session.run(std::span(&view, 1), outputs).value();
      for (std::size_t i = 0; i < want.size(); ++i) EXPECT_EQ(outputs[0].floats()[i], want[i]) << backend << i;
    }
  }
}

TEST(GoldenExports, RunWithoutThePlainReference) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(POISE_SOURCE_DIR "/tests/golden/exports")) {
    const std::string name = entry.path().stem().string();
    // What sorts boxes, and what counts in integers or finds out how many there are, is little work that stays there.
    const bool sorts = std::ranges::any_of(std::array{"yolo26", "rtmo_", "_nms_"},
                                           [&](const char* part) { return name.find(part) != std::string::npos; });
    if (entry.path().extension() != ".onnx" || !name.starts_with("modern_") || sorts) continue;
    SCOPED_TRACE(name);
    const NetworkFile file = read_network(entry.path()).value();
    Shape shape = file.graph.values[file.graph.inputs[0]].shape;
    std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{1});
    Session session = Session::create(file.graph, {.threads = 1}).value();
    const Tensor input = random_tensor(shape, 7);
    const TensorView view(input);
    EXPECT_EQ(on_reference(session.profile(std::span(&view, 1)).value()), 0);
    ++files;
  }
  EXPECT_GE(files, 6);
}

}  // namespace
}  // namespace poise
