// A session stays within SessionOptions::max_memory, and says no before it takes more; time follows a network's size.

#include <gtest/gtest.h>

#include <cstring>

#include "poise/base/random.h"
#include "poise/engine/session.h"

namespace poise {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;

std::shared_ptr<const Tensor> integers(const std::vector<std::int64_t>& values) {
  auto tensor = std::make_shared<Tensor>(Shape{static_cast<std::int64_t>(values.size())}, DType::kInt64);
  std::memcpy(tensor->data(), values.data(), tensor->bytes());
  return tensor;
}

std::shared_ptr<const Tensor> floats(Shape shape) {
  auto tensor = std::make_shared<Tensor>(std::move(shape));
  Random random(3);
  for (float& value : tensor->floats()) value = static_cast<float>(random.uniform(-1, 1));
  return tensor;
}

class OnBackend : public testing::TestWithParam<std::string> {
 protected:
  SessionOptions within(std::uint64_t bytes) const {
    SessionOptions options;
    options.backend = GetParam();
    options.threads = 1;
    options.max_memory = bytes;
    return options;
  }
  static void expect_too_large(const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kTooLarge);
    EXPECT_NE(error.message.find("max_memory"), std::string::npos) << error.message;
  }
};

TEST_P(OnBackend, ConstantsThatFollowCount) {
  Graph graph;
  ValueId last = graph.add_input("x", {1, 1});
  const ValueId shape = graph.add_constant("shape", integers({1000, 1000}));
  for (int i = 0; i < 4; ++i) {
    const std::string id = std::to_string(i);
    const ValueId large = graph.add_node("ConstantOfShape", "large" + id, {shape}, "large" + id);
    const ValueId most = graph.add_node("ReduceMax", "most" + id, {large}, "most" + id);
    last = graph.add_node("Add", "add" + id, {last, most}, "add" + id);
  }
  graph.outputs = {last};
  const auto refused = Session::create(Graph(graph), within(15 * kMegabyte));
  ASSERT_FALSE(refused.ok());
  expect_too_large(refused.error());
  EXPECT_TRUE(Session::create(Graph(graph), within(17 * kMegabyte)).ok());
}

TEST_P(OnBackend, ActivationsCount) {
  Graph graph;
  const ValueId x = graph.add_input("x", {-1, 8, 100, 100});
  const ValueId weight = graph.add_constant("weight", floats({8, 8, 1, 1}));
  const ValueId conv = graph.add_node("Conv", "conv", {x, weight}, "conv");
  graph.outputs = {graph.add_node("Softmax", "softmax", {conv}, "y")};
  Session session = Session::create(std::move(graph), within(10 * kMegabyte)).value();
  const std::vector<Shape> small{{1, 8, 100, 100}};
  const std::vector<Shape> large{{40, 8, 100, 100}};
  EXPECT_TRUE(session.plan(small).ok());
  const auto refused = session.plan(large);
  ASSERT_FALSE(refused.ok());
  expect_too_large(refused.error());
  EXPECT_TRUE(session.plan(small).ok());
}

/// Older plans make room for the one that is asked for.
TEST_P(OnBackend, PlansShareTheMemory) {
  Graph graph;
  const ValueId x = graph.add_input("x", {-1, 8, 100, 100});
  graph.outputs = {graph.add_node("Relu", "relu", {x}, "y")};
  Session session = Session::create(std::move(graph), within(10 * kMegabyte)).value();
  for (std::int64_t batch = 1; batch <= 8; ++batch) {
    const Tensor input({batch, 8, 100, 100});
    std::vector<Tensor> outputs;
    const std::vector<TensorView> views{input};
    session.run(views, outputs).value();
    EXPECT_EQ(outputs.at(0).shape(), input.shape());
  }
}

TEST_P(OnBackend, WeightsCount) {
  Graph graph;
  const ValueId x = graph.add_input("x", {1, 512, 4, 4});
  const ValueId weight = graph.add_constant("weight", floats({512, 512, 3, 3}));
  graph.outputs = {graph.add_node("Conv", "conv", {x, weight}, "y")};
  const std::vector<Shape> shapes{{1, 512, 4, 4}};
  auto session = Session::create(std::move(graph), within(9 * kMegabyte));
  if (!session.ok()) return expect_too_large(session.error());
  const auto refused = session->plan(shapes);
  ASSERT_FALSE(refused.ok());
  expect_too_large(refused.error());
}

/// As many nodes as a file may have: what takes time by the square of their number would not end.
TEST_P(OnBackend, LongChainsArePlannedAndRun) {
  const std::map<std::string, int> counts{{"Relu", 99'990}, {"Add", 50'000}, {"Conv", 5'000}};
  for (const auto& [op, count] : counts) {
    SCOPED_TRACE(op);
    Tensor one({1, 1, 1, 1});
    one.floats()[0] = 1.0F;
    Graph graph;
    const ValueId x = graph.add_input("x", one.shape());
    const ValueId weight = graph.add_constant("weight", std::make_shared<const Tensor>(one.clone()));
    ValueId last = x;
    for (int i = 0; i < count; ++i) {
      std::vector<ValueId> inputs{last};
      if (op == "Add") inputs.push_back(x);
      if (op == "Conv") inputs.push_back(weight);
      last = graph.add_node(op, "n" + std::to_string(i), std::move(inputs), "v" + std::to_string(i));
    }
    graph.outputs = {last};
    Session session = Session::create(std::move(graph), within(0)).value();
    const std::vector<TensorView> views{one};
    std::vector<Tensor> outputs;
    session.run(views, outputs).value();
    EXPECT_EQ(outputs.at(0).floats()[0], op == "Add" ? 50'001.0F : 1.0F);
  }
}

INSTANTIATE_TEST_SUITE_P(Memory, OnBackend, testing::Values("onednn", "reference"),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace poise
