// Files in QDQ form: the engine's integers against the plain implementation's rounded floats.

#include <gtest/gtest.h>

#include "kit/qdq.h"
#include "poise/engine/session.h"

namespace poise {
namespace {

using kit::QdqNetwork;

constexpr Grid kPicture{.scale = 0.02F, .zero = 120, .type = DType::kUint8};
constexpr Grid kPositive{.scale = 0.02F, .zero = 0, .type = DType::kUint8};
constexpr Grid kEither{.scale = 0.04F, .zero = 0, .type = DType::kInt8};

bool computes_integers() {
  const auto native = native_precisions();
  return std::find(native.begin(), native.end(), Precision::kInt8) != native.end();
}

Tensor run(const Graph& graph, const std::string& backend, Precision precision, const Tensor& input, int threads = 2) {
  Session session = Session::create(Graph(graph), {backend, threads, precision}).value();
  std::vector<Tensor> outputs;
  const TensorView view(input);
  session.run({&view, 1}, outputs).value();
  return std::move(outputs.at(0));
}

struct Difference {
  double worst = 0, mean = 0, largest = 0;
};

Difference compare(const Tensor& have, const Tensor& want) {
  EXPECT_EQ(have.shape(), want.shape());
  Difference d;
  for (std::int64_t i = 0; i < want.count(); ++i) {
    const double apart = std::abs(have.floats()[i] - want.floats()[i]);
    d.worst = std::max(d.worst, apart);
    d.mean += apart / static_cast<double>(want.count());
    d.largest = std::max(d.largest, static_cast<double>(std::abs(want.floats()[i])));
  }
  return d;
}

std::vector<std::string> integer_kernels(const Graph& graph, const Tensor& input) {
  Session session = Session::create(Graph(graph), {"onednn", 2, Precision::kInt8}).value();
  const TensorView view(input);
  std::vector<std::string> names;
  for (const LayerTime& layer : session.profile({&view, 1}).value()) {
    const bool computes = layer.multiply_adds > 0 && layer.kernel.find("vnni") != std::string::npos;
    if (computes) names.push_back(layer.name);
    EXPECT_FALSE(layer.name.starts_with("reorder") && layer.name.ends_with("_quantized\"")) << layer.name;
  }
  return names;
}

/// One layer, everything on its grid: what may differ is a sum that lies between two integers.
void expect_one_step(const Grid& in, const Grid& out, const char* activation) {
  QdqNetwork net(5);
  ValueId x = net.round(net.input({1, 32, 9, 7}), in);
  x = net.conv(x, {48, 32, 3, 3});
  if (*activation != '\0') x = net.apply(activation, {x});
  net.graph.outputs = {net.apply("Neg", {net.round(x, out)})};
  net.graph.validate().value();
  const Tensor input = kit::random_tensor({1, 32, 9, 7}, net.random, -2, 2);
  const Difference d = compare(run(net.graph, "onednn", Precision::kInt8, input),
                               run(net.graph, "reference", Precision::kFloat32, input));
  EXPECT_GT(d.largest, 20 * out.scale);
  EXPECT_LE(d.worst, 1.01 * out.scale) << activation;
  EXPECT_LE(d.mean, 0.01 * out.scale) << activation;
  EXPECT_EQ(integer_kernels(net.graph, input).size(), 1U);
}

TEST(Integers, ALayerIsWithinOneStepWhateverTheGrids) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  const Grid shifted{.scale = 0.03F, .zero = 101, .type = DType::kUint8};
  const Grid signed_shifted{.scale = 0.03F, .zero = -20, .type = DType::kInt8};
  for (const Grid& in : {kPositive, kEither, shifted, signed_shifted}) {
    for (const Grid& out : {kPositive, kEither, shifted, signed_shifted}) {
      expect_one_step(in, out, "");
    }
    for (const char* activation : {"Relu", "LeakyRelu", "Sigmoid", "HardSwish"}) {
      expect_one_step(in, {.scale = 0.01F, .zero = 30, .type = DType::kUint8}, activation);
    }
  }
}

TEST(Integers, ASmallPoseNetworkAgrees) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  const Grid shifted{.scale = 0.035F, .zero = 121, .type = DType::kUint8};
  for (const auto& [before_sum, branch_rounded] : {std::pair(false, true), {true, true}, {true, false}}) {
    for (const Grid& either : {kEither, shifted}) {
      const Graph graph = kit::small_pose_net(11, kPicture, kPositive, either, before_sum, branch_rounded);
      Random random(3);
      const Tensor input = kit::random_tensor({2, 3, 32, 24}, random, -2, 2);
      const Tensor want = run(graph, "reference", Precision::kFloat32, input);
      const Difference d = compare(run(graph, "onednn", Precision::kInt8, input), want);
      // Single roundings fall to the other side, and one rounding before a sum is left out.
      EXPECT_LE(d.worst, 0.06 * d.largest);
      EXPECT_LE(d.mean, 0.006 * d.largest);
      // Stem, branch, 3x3, 1x1 with its sum, depthwise, 1x1 with its sum, four phases, last.
      EXPECT_EQ(integer_kernels(graph, input).size(), 11U);
      const Difference exact = compare(run(graph, "onednn", Precision::kFloat32, input), want);
      EXPECT_LE(exact.mean, 0.002 * exact.largest);
    }
  }
}

TEST(Integers, BatchThreadsAndSiblingsGiveTheSameBits) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  const Graph graph = kit::small_pose_net(12, kPicture, kPositive, kEither, false);
  Random random(4);
  const Tensor input = kit::random_tensor({2, 3, 32, 24}, random, -2, 2);
  const Tensor once = run(graph, "onednn", Precision::kInt8, input, 2);
  const Tensor again = run(graph, "onednn", Precision::kInt8, input, 1);
  ASSERT_EQ(once.bytes(), again.bytes());
  EXPECT_EQ(std::memcmp(once.data(), again.data(), once.bytes()), 0);
}

/// Each layer's own steps, though bias and input are shared.
TEST(Integers, LayersMayShareABias) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  QdqNetwork net(13);
  const ValueId x = net.round(net.input({1, 32, 9, 7}), kPicture);
  const ValueId first = net.conv(x, {32, 32, 3, 3});
  const ValueId second = net.conv(x, {32, 32, 3, 3});
  net.graph.nodes.back().inputs[2] = net.graph.nodes[net.graph.nodes.size() - 3].inputs[2];
  net.graph.outputs = {
      net.apply("Concat", {net.round(first, kEither), net.round(second, kEither)}, {{"axis", std::int64_t{1}}})};
  net.graph.validate().value();
  const Tensor input = kit::random_tensor({1, 32, 9, 7}, net.random, -2, 2);
  const Difference d = compare(run(net.graph, "onednn", Precision::kInt8, input),
                               run(net.graph, "reference", Precision::kFloat32, input));
  EXPECT_LE(d.worst, 1.01 * kEither.scale);
}

TEST(Integers, ANetworkWithoutThemIsRefused) {
  if (!computes_integers()) GTEST_SKIP() << "this processor has no VNNI";
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 4, 8, 8});
  graph.outputs = {graph.add_node("Relu", "relu", {x}, "y")};
  EXPECT_FALSE(holds_integers(graph));
  const auto session = Session::create(std::move(graph), {"onednn", 1, Precision::kInt8});
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(session.error().message.find("poise quantize"), std::string::npos);
  EXPECT_TRUE(holds_integers(kit::small_pose_net(1, kPicture, kPositive, kEither, false)));
}

}  // namespace
}  // namespace poise
