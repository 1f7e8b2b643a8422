// Every broadcast that ONNX allows, on every backend: all pairs of shapes of up to four extents of 1 to 3, each operand
// computed or constant, in both orders. One session a pair of ranks holds many pairs, as separate outputs.

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "poise/base/random.h"
#include "poise/engine/session.h"
#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

std::vector<Shape> shapes_of(std::size_t rank) {
  std::vector<Shape> all{{}};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::vector<Shape> longer;
    for (const Shape& shape : all) {
      for (std::int64_t extent = 1; extent <= 3; ++extent) {
        longer.push_back(shape);
        longer.back().push_back(extent);
      }
    }
    all = std::move(longer);
  }
  return all;
}

Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Tensor tensor(shape);
  Random random(seed);
  for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(0.5, 2));
  return tensor;
}

/// Operand of a graph: a computed value (Neg of Neg of an input) or a constant, one for each shape.
class Operands {
 public:
  Operands(Graph& graph, bool computed) : graph_(graph), computed_(computed) {}
  ValueId of(const Shape& shape, std::uint64_t seed) {
    const auto known = ids_.find(shape);
    if (known != ids_.end()) return known->second;
    const std::string name = (computed_ ? "x" : "c") + to_string(shape) + "_" + std::to_string(seed);
    ValueId id = kNoValue;
    if (computed_) {
      id = graph_.add_input(name, shape);
      inputs.push_back(random_tensor(shape, seed));
    } else {
      id = graph_.add_constant(name, std::make_shared<const Tensor>(random_tensor(shape, seed)));
    }
    return ids_[shape] = id;
  }
  std::vector<Tensor> inputs;

 private:
  Graph& graph_;
  bool computed_;
  std::map<Shape, ValueId> ids_;
};

std::vector<Tensor> run(const Graph& graph, const std::vector<Tensor>& inputs, const std::string& backend) {
  Session session = Session::create(Graph(graph), {.backend = backend, .threads = 1}).value();
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  std::vector<Tensor> outputs;
  session.run(views, outputs).value();
  return outputs;
}

/// NumPy's rule, written out anew: index by index from the last axis.
float at(const Tensor& tensor, const Shape& out, std::int64_t element) {
  std::int64_t offset = 0;
  std::int64_t step = 1;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t extent = out[out.size() - 1 - i];
    const std::int64_t index = element % extent;
    element /= extent;
    if (i >= tensor.rank()) continue;
    const std::int64_t own = tensor.dim(tensor.rank() - 1 - i);
    if (own > 1) offset += index * step;
    step *= own;
  }
  return tensor.floats()[offset];
}

using Pair = std::pair<std::size_t, std::size_t>;
class Broadcasts : public ::testing::TestWithParam<Pair> {};

void check(const std::string& op, const std::function<float(float, float)>& f, bool left_computed, bool right_computed,
           const Pair& ranks) {
  Graph graph;
  Operands left(graph, left_computed);
  Operands right(graph, right_computed);
  struct Case {
    Shape a, b, out;
  };
  std::vector<Case> cases;
  for (const Shape& a : shapes_of(ranks.first)) {
    for (const Shape& b : shapes_of(ranks.second)) {
      const auto out = broadcast(a, b);
      if (!out.ok()) continue;
      const std::string name = to_string(a) + op + to_string(b);
      graph.outputs.push_back(graph.add_node(op, name, {left.of(a, 1), right.of(b, 2)}, name));
      cases.push_back({a, b, *out});
    }
  }
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    const Value& value = graph.values[id];
    inputs.push_back(random_tensor(value.shape, value.name.ends_with("_1") ? 1 : 2));
  }
  for (const std::string& backend : backend_names()) {
    const std::vector<Tensor> outputs = run(graph, inputs, backend);
    ASSERT_EQ(outputs.size(), cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const auto& [a, b, out] = cases[i];
      SCOPED_TRACE(backend + ": " + to_string(a) + " " + op + " " + to_string(b));
      ASSERT_EQ(outputs[i].shape(), out);
      const Tensor x = random_tensor(a, 1);
      const Tensor y = random_tensor(b, 2);
      for (std::int64_t e = 0; e < outputs[i].count(); ++e) {
        const float want = f(at(x, out, e), at(y, out, e));
        ASSERT_NEAR(outputs[i].floats()[e], want, 1e-6F * std::abs(want)) << e;
      }
    }
  }
}

TEST_P(Broadcasts, SubtractInBothOrders) {
  const auto subtract = [](float x, float y) { return x - y; };
  check("Sub", subtract, true, true, GetParam());
  check("Sub", subtract, true, false, GetParam());
  check("Sub", subtract, false, true, GetParam());
}

TEST_P(Broadcasts, AddMultiplyDivide) {
  check(
      "Add", [](float x, float y) { return x + y; }, true, false, GetParam());
  check(
      "Mul", [](float x, float y) { return x * y; }, false, true, GetParam());
  check(
      "Div", [](float x, float y) { return x / y; }, true, false, GetParam());
  check(
      "Div", [](float x, float y) { return x / y; }, true, true, GetParam());
  check(
      "Max", [](float x, float y) { return std::max(x, y); }, true, false, GetParam());
}

std::vector<Pair> all_ranks() {
  std::vector<Pair> pairs;
  for (std::size_t a = 0; a <= 4; ++a) {
    for (std::size_t b = 0; b <= 4; ++b) pairs.emplace_back(a, b);
  }
  return pairs;
}

INSTANTIATE_TEST_SUITE_P(All, Broadcasts, ::testing::ValuesIn(all_ranks()), [](const auto& test) {
  return std::to_string(test.param.first) + "and" + std::to_string(test.param.second);
});

/// A sum behind a matrix product, as linear layers are exported.
TEST(BroadcastSums, BiasOfAMatrixProduct) {
  for (const Shape& bias : {Shape{5}, Shape{1, 5}, Shape{1}, Shape{}, Shape{1, 1, 5}}) {
    Graph graph;
    const ValueId x = graph.add_input("x", {1, 6});
    const ValueId w = graph.add_constant("w", std::make_shared<const Tensor>(random_tensor({6, 5}, 3)));
    const ValueId b = graph.add_constant("b", std::make_shared<const Tensor>(random_tensor(bias, 4)));
    const ValueId product = graph.add_node("MatMul", "product", {x, w}, "product");
    graph.outputs = {graph.add_node("Add", "sum", {b, product}, "sum")};
    std::vector<Tensor> inputs;
    inputs.push_back(random_tensor({1, 6}, 5));
    const Tensor want = std::move(run(graph, inputs, "reference")[0]);
    const Tensor have = std::move(run(graph, inputs, "onednn")[0]);
    ASSERT_EQ(have.shape(), want.shape());
    for (std::int64_t i = 0; i < want.count(); ++i) EXPECT_NEAR(have.floats()[i], want.floats()[i], 1e-5F);
  }
}

}  // namespace
}  // namespace poise
