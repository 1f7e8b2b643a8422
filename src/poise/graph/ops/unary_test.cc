// Activations and functions of one number, arithmetic on pairs, comparisons: worked out by hand.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "poise/graph/ops/op_harness.h"

namespace poise {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

Tensor int32s(Shape shape, const std::vector<std::int32_t>& values) {
  return elements(DType::kInt32, std::move(shape), values);
}
Tensor bools(Shape shape, const std::vector<std::uint8_t>& values) {
  return bytes(std::move(shape), values, DType::kBool);
}

TEST(Activations, WithSlopes) {
  const Tensor x = floats({2, 2}, {-2, -1, 0, 3});
  expect_floats(run("LeakyRelu", {}, x.clone()), {2, 2}, {-0.02F, -0.01F, 0, 3});
  expect_floats(run("LeakyRelu", {{"alpha", 0.5F}}, x.clone()), {2, 2}, {-1, -0.5F, 0, 3});
  expect_floats(run("PRelu", {}, x.clone(), floats({2}, {10, 100})), {2, 2}, {-20, -100, 0, 3});
  expect_floats(run("PRelu", {}, x.clone(), floats({2, 1}, {10, 100})), {2, 2}, {-20, -10, 0, 3});
  EXPECT_FALSE(run("PRelu", {}, x.clone(), floats({3, 1, 1}, {1, 2, 3})).ok());  // the slope must not widen the input
}

TEST(Activations, OfMobileNetworks) {
  const Tensor x = floats({5}, {-4, -1.5F, 0, 1.5F, 4});
  expect_floats(run("HardSigmoid", {}, x.clone()), {5}, {0, 0.2F, 0.5F, 0.8F, 1});
  expect_floats(run("HardSigmoid", {{"alpha", 1.0F}, {"beta", 0.0F}}, x.clone()), {5}, {0, 0, 0, 1, 1});
  expect_floats(run("HardSwish", {}, x.clone()), {5}, {0, -0.375F, 0, 1.125F, 4});
}

TEST(Activations, WithExponentials) {
  const float e = std::exp(1.0F);
  expect_floats(run("Elu", {{"alpha", 2.0F}}, floats({3}, {-1, 0, 3})), {3}, {2 / e - 2, 0, 3});
  expect_floats(run("Selu", {{"alpha", 2.0F}, {"gamma", 3.0F}}, floats({2}, {-1, 2})), {2}, {6 / e - 6, 6});
  expect_floats(run("Selu", {}, floats({1}, {1})), {1}, {1.0507010F});
  expect_floats(run("Softplus", {}, floats({3}, {0, 1000, -1000})), {3}, {std::log(2.0F), 1000, 0});
  expect_floats(run("Tanh", {}, floats({3}, {0, 1, -50})), {3}, {0, (e * e - 1) / (e * e + 1), -1});
}

TEST(Unary, Functions) {
  expect_floats(run("Exp", {}, floats({2}, {0, 1})), {2}, {1, 2.7182818F});
  expect_floats(run("Log", {}, floats({2}, {1, 2.7182818F})), {2}, {0, 1});
  expect_floats(run("Sqrt", {}, floats({2}, {0, 9})), {2}, {0, 3});
  expect_floats(run("Reciprocal", {}, floats({2}, {4, -0.5F})), {2}, {0.25F, -2});
  expect_floats(run("Erf", {}, floats({3}, {0, 1, -10})), {3}, {0, 0.8427008F, -1});
  EXPECT_TRUE(std::isnan(run("Sqrt", {}, floats({1}, {-1})).value().floats()[0]));
  EXPECT_EQ(run("Log", {}, floats({1}, {0})).value().floats()[0], -kInfinity);
}

TEST(Unary, RoundsHalvesToEven) {
  const Tensor x = floats({6}, {-2.5F, -1.5F, -0.2F, 0.5F, 1.5F, 2.5F});
  expect_floats(run("Floor", {}, x.clone()), {6}, {-3, -2, -1, 0, 1, 2});
  expect_floats(run("Ceil", {}, x.clone()), {6}, {-2, -1, 0, 1, 2, 3});
  expect_floats(run("Round", {}, x.clone()), {6}, {-2, -2, 0, 0, 2, 2});
}

TEST(Unary, SignsOfIntegersToo) {
  expect_floats(run("Abs", {}, floats({2}, {-2.5F, 3})), {2}, {2.5F, 3});
  expect_floats(run("Neg", {}, floats({2}, {-2.5F, 3})), {2}, {2.5F, -3});
  expect_integers(run("Neg", {}, list({5, kLeast})), {2}, {-5, kLeast});
  expect_integers(run("Abs", {}, list({-5, kLeast})), {2}, {5, kLeast});
}

TEST(Unary, KeepsNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* op : {"LeakyRelu", "HardSwish", "Elu", "Selu", "Softplus", "Tanh", "Exp", "Floor", "Abs"}) {
    EXPECT_TRUE(std::isnan(run(op, {}, floats({1}, {nan})).value().floats()[0])) << op;
  }
  EXPECT_TRUE(std::isnan(run("PRelu", {}, floats({1}, {nan}), floats({1}, {2})).value().floats()[0]));
  for (const char* op : {"Min", "Max"}) {
    EXPECT_TRUE(std::isnan(run(op, {}, floats({1}, {nan}), floats({1}, {2})).value().floats()[0])) << op;
    EXPECT_TRUE(std::isnan(run(op, {}, floats({1}, {2}), floats({1}, {nan})).value().floats()[0])) << op;
  }
}

TEST(Binary, SmallIntegersWrap) {
  expect_same(run("Add", {}, bytes({2}, {250, 1}), bytes({1}, {10})), bytes({2}, {4, 11}));
  expect_same(run("Sub", {}, bytes({1}, {1}), bytes({1}, {2})), bytes({1}, {255}));
  expect_same(run("Div", {}, bytes({2}, {255, 7}), bytes({2}, {255, 0})), bytes({2}, {1, 0}));
  expect_same(run("Mul", {}, int32s({1}, {1 << 30}), int32s({1}, {4})), int32s({1}, {0}));
  expect_same(run("Div", {}, int32s({2}, {std::numeric_limits<std::int32_t>::min(), -7}), int32s({2}, {-1, 2})),
              int32s({2}, {std::numeric_limits<std::int32_t>::min(), -3}));
}

TEST(Binary, PowersKeepTheBasesType) {
  expect_floats(run("Pow", {}, floats({2, 1}, {2, 3}), floats({2}, {2, -1})), {2, 2}, {4, 0.5F, 9, 1.0F / 3});
  expect_floats(run("Pow", {}, floats({2}, {2, 3}), integers({}, {3})), {2}, {8, 27});
  expect_integers(run("Pow", {}, list({2, -3}), floats({1}, {3})), {2}, {8, -27});
  expect_integers(run("Pow", {}, list({10}), list({30})), {1}, {std::numeric_limits<std::int64_t>::max()});
  EXPECT_FALSE(run("Pow", {}, floats({2}, {1, 2}), floats({3}, {1, 2, 3})).ok());
}

TEST(Binary, MinAndMaxOfAnyNumber) {
  const Tensor a = floats({3}, {1, 5, 3});
  const Tensor b = floats({2, 1}, {2, 4});
  expect_floats(run("Min", {}, a.clone()), {3}, {1, 5, 3});
  expect_floats(run("Min", {}, a.clone(), b.clone()), {2, 3}, {1, 2, 2, 1, 4, 3});
  expect_floats(run("Max", {}, a.clone(), b.clone(), floats({}, {3})), {2, 3}, {3, 5, 3, 4, 5, 4});
  expect_integers(run("Max", {}, list({1, -5}), list({0, kLeast})), {2}, {1, -5});
  EXPECT_FALSE(run("Max", {}, a.clone(), list({1, 2, 3})).ok());
  EXPECT_FALSE(run("Max", {}, a.clone(), Tensor()).ok());
  EXPECT_FALSE(run("Max", {}).ok());
}

TEST(Compare, BroadcastsToBools) {
  const Tensor a = floats({2, 1}, {1, 2});
  const Tensor b = floats({3}, {0, 1, 2});
  expect_same(run("Equal", {}, a.clone(), b.clone()), bools({2, 3}, {0, 1, 0, 0, 0, 1}));
  expect_same(run("Greater", {}, a.clone(), b.clone()), bools({2, 3}, {1, 0, 0, 1, 1, 0}));
  expect_same(run("GreaterOrEqual", {}, a.clone(), b.clone()), bools({2, 3}, {1, 1, 0, 1, 1, 1}));
  expect_same(run("Less", {}, a.clone(), b.clone()), bools({2, 3}, {0, 0, 1, 0, 0, 0}));
  expect_same(run("LessOrEqual", {}, a.clone(), b.clone()), bools({2, 3}, {0, 1, 1, 0, 0, 1}));
  expect_same(run("Equal", {}, list({7, 8}), list({7, 9})), bools({2}, {1, 0}));
  EXPECT_FALSE(run("Equal", {}, a.clone(), list({1})).ok());
  EXPECT_FALSE(run("Less", {}, bools({1}, {0}), bools({1}, {1})).ok());
}

TEST(Compare, LogicAndChoice) {
  const Tensor a = bools({4}, {0, 0, 1, 1});
  const Tensor b = bools({4}, {0, 1, 0, 1});
  expect_same(run("And", {}, a.clone(), b.clone()), bools({4}, {0, 0, 0, 1}));
  expect_same(run("Or", {}, a.clone(), b.clone()), bools({4}, {0, 1, 1, 1}));
  expect_same(run("Not", {}, b.clone()), bools({4}, {1, 0, 1, 0}));
  EXPECT_FALSE(run("Not", {}, floats({1}, {0})).ok());
  expect_floats(run("Where", {}, bools({2, 1}, {1, 0}), floats({2}, {1, 2}), floats({}, {9})), {2, 2}, {1, 2, 9, 9});
  expect_integers(run("Where", {}, bools({2}, {0, 1}), list({1, 2}), list({3, 4})), {2}, {3, 2});
  EXPECT_FALSE(run("Where", {}, bools({1}, {1}), floats({1}, {1}), list({1})).ok());
}

TEST(Cast, BetweenAllTypes) {
  const auto cast = [](const Tensor& x, std::int64_t to) { return run("Cast", {{"to", to}}, x.clone()); };
  const Tensor x = floats({5}, {-300.7F, -1.5F, 0, 1.9F, 1e30F});
  expect_integers(cast(x, 7), {5}, {-300, -1, 0, 1, std::numeric_limits<std::int64_t>::max()});
  expect_same(cast(x, 6), int32s({5}, {-300, -1, 0, 1, std::numeric_limits<std::int32_t>::max()}));
  expect_same(cast(x, 2), bytes({5}, {0, 0, 0, 1, 255}));
  expect_same(cast(x, 3), elements<std::int8_t>(DType::kInt8, {5}, {-128, -1, 0, 1, 127}));
  expect_same(cast(x, 9), bools({5}, {1, 1, 0, 1, 1}));
  expect_integers(cast(floats({1}, {std::numeric_limits<float>::quiet_NaN()}), 7), {1}, {0});
  expect_floats(cast(elements<double>(DType::kFloat64, {2}, {0.5, -2}), 1), {2}, {0.5F, -2});
  expect_same(cast(list({-1, 256, 511}), 2), bytes({3}, {255, 0, 255}));  // integers wrap
  for (const std::int64_t wide : {1, 10, 11, 16}) expect_floats(cast(bools({2}, {1, 0}), wide), {2}, {1, 0});
  EXPECT_EQ(cast(x, 8).error().code, ErrorCode::kUnsupported);  // strings
  EXPECT_FALSE(run("Cast", {}, x.clone()).ok());
}

TEST(Dropout, DoesNothing) {
  const Tensor x = floats({3}, {1, 2, 3});
  expect_floats(run("Dropout", {}, x.clone()), {3}, {1, 2, 3});
  const auto both = run_outputs(2, "Dropout", {}, x.clone(), floats({}, {0.9F}), bools({}, {0})).value();
  expect_floats(both[0], {3}, {1, 2, 3});
  expect_same(both[1].clone(), bools({3}, {1, 1, 1}));
  EXPECT_EQ(run("Dropout", {}, x.clone(), Tensor(), bools({}, {1})).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace poise
