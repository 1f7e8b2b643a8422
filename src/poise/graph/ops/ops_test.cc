// Cases small enough to be worked out by hand, one or more an operator.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "poise/base/random.h"
#include "poise/graph/ops/op_harness.h"

namespace poise {
namespace {

TEST(Conv, ThreeByThreeWithAndWithoutPads) {
  const Tensor x = floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor w = floats({1, 1, 2, 2}, {1, 2, 3, 4});
  expect_floats(run("Conv", {}, x.clone(), w.clone()), {1, 1, 2, 2}, {37, 47, 67, 77});
  expect_floats(run("Conv", {}, x.clone(), w.clone(), floats({1}, {-7})), {1, 1, 2, 2}, {30, 40, 60, 70});
  expect_floats(run("Conv", {{"pads", Integers{1, 0, 0, 1}}, {"strides", Integers{2, 1}}}, x.clone(), w.clone()),
                {1, 1, 2, 3}, {11, 18, 9, 67, 77, 33});
}

TEST(Conv, DilationsGroupsAndImages) {
  const Tensor x = floats({2, 2, 1, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Tensor w = floats({2, 1, 1, 2}, {1, 10, 2, 20});
  expect_floats(run("Conv", {{"group", std::int64_t{2}}, {"dilations", Integers{1, 2}}}, x.clone(), w.clone()),
                {2, 2, 1, 1}, {31, 128, 97, 260});
  const Tensor mix = floats({1, 2, 1, 1}, {1, 100});
  expect_floats(run("Conv", {}, x.clone(), mix.clone()), {2, 1, 1, 3}, {401, 502, 603, 1007, 1108, 1209});
}

TEST(ConvTranspose, SpreadsEachInput) {
  const Tensor x = floats({1, 1, 2, 2}, {1, 2, 3, 4});
  const Tensor w = floats({1, 1, 2, 2}, {1, 10, 100, 1000});
  expect_floats(run("ConvTranspose", {{"strides", Integers{2, 2}}}, x.clone(), w.clone()), {1, 1, 4, 4},
                {1, 10, 2, 20, 100, 1000, 200, 2000, 3, 30, 4, 40, 300, 3000, 400, 4000});
  expect_floats(run("ConvTranspose", {}, x.clone(), w.clone(), floats({1}, {5})), {1, 1, 3, 3},
                {6, 17, 25, 108, 1239, 2045, 305, 3405, 4005});
  expect_floats(run("ConvTranspose", {{"pads", Integers{1, 1, 0, 0}}}, x.clone(), w.clone()), {1, 1, 2, 2},
                {1234, 2040, 3400, 4000});
  expect_floats(run("ConvTranspose", {{"strides", Integers{1, 2}}, {"output_padding", Integers{0, 1}}},
                    floats({1, 1, 1, 2}, {1, 2}), floats({1, 1, 1, 1}, {3})),
                {1, 1, 1, 4}, {3, 0, 6, 0});
}

TEST(ConvTranspose, Groups) {
  const Tensor x = floats({1, 4, 1, 1}, {1, 2, 3, 4});
  const Tensor w = floats({4, 2, 1, 1}, {1, 10, 2, 20, 3, 30, 4, 40});
  expect_floats(run("ConvTranspose", {{"group", std::int64_t{2}}}, x.clone(), w.clone()), {1, 4, 1, 1},
                {5, 50, 25, 250});
}

// <conv(x), y> == <x, conv_transpose(y)> with the same weight: one is the other's adjoint, at every setting.
TEST(ConvTranspose, IsTheAdjointOfConv) {
  Random random(1);
  const auto fill = [&random](Shape shape) {
    Tensor tensor(std::move(shape));
    for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(-1, 1));
    return tensor;
  };
  const auto dot = [](const Tensor& a, const Tensor& b) {
    double sum = 0;
    for (std::int64_t i = 0; i < a.count(); ++i) sum += static_cast<double>(a.floats()[i]) * b.floats()[i];
    return sum;
  };
  int compared = 0;
  for (int i = 0; i < 300; ++i) {
    const auto draw = [&random](std::int64_t low, std::int64_t high) {
      return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    const std::int64_t group = draw(1, 2);
    Attributes attributes = {{"group", group},
                             {"strides", Integers{draw(1, 3), draw(1, 3)}},
                             {"dilations", Integers{draw(1, 2), draw(1, 2)}},
                             {"pads", Integers{draw(0, 2), draw(0, 2), draw(0, 2), draw(0, 2)}}};
    const Tensor x = fill({2, 2 * group, draw(5, 9), draw(5, 9)});
    const Tensor w = fill({3 * group, 2, draw(1, 4), draw(1, 4)});
    const auto convolved = run("Conv", attributes, x.clone(), w.clone());
    if (!convolved.ok()) continue;  // the window does not fit
    const Tensor y = fill(convolved->shape());
    attributes["output_padding"] = Integers{0, 0};
    auto spread = run("ConvTranspose", attributes, y.clone(), w.clone());
    if (!spread.ok()) continue;
    Integers missing = {x.dim(2) - spread->dim(2), x.dim(3) - spread->dim(3)};  // rows that the stride stepped over
    attributes["output_padding"] = missing;
    spread = run("ConvTranspose", attributes, y.clone(), w.clone());
    ASSERT_TRUE(spread.ok()) << spread.error().message;
    ASSERT_EQ(spread->shape(), x.shape());
    EXPECT_NEAR(dot(*convolved, y), dot(x, *spread), 1e-4);
    ++compared;
  }
  EXPECT_GT(compared, 200);
}

TEST(MaxPool, WindowsPadsAndCeil) {
  const Tensor x = floats({1, 1, 3, 3}, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
  expect_floats(run("MaxPool", {{"kernel_shape", Integers{2, 2}}}, x.clone()), {1, 1, 2, 2}, {-1, -2, -4, -5});
  // Padding never wins, not even over negative values.
  expect_floats(
      run("MaxPool", {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}, {"pads", Integers{1, 1, 1, 1}}},
          x.clone()),
      {1, 1, 2, 2}, {-1, -2, -4, -5});
  expect_floats(
      run("MaxPool", {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}, {"ceil_mode", std::int64_t{1}}},
          x.clone()),
      {1, 1, 2, 2}, {-1, -3, -7, -9});
  expect_floats(run("MaxPool", {{"kernel_shape", Integers{2, 2}}, {"dilations", Integers{2, 2}}}, x.clone()),
                {1, 1, 1, 1}, {-1});
}

TEST(BatchNormalization, UsesTheStoredStatistics) {
  expect_floats(run("BatchNormalization", {{"epsilon", 1.0F}}, floats({1, 2, 1, 2}, {1, 2, 3, 4}), floats({2}, {2, 6}),
                    floats({2}, {10, 20}), floats({2}, {1, 2}), floats({2}, {3, 8})),
                {1, 2, 1, 2}, {10, 11, 22, 24});
  EXPECT_EQ(run("BatchNormalization", {{"training_mode", std::int64_t{1}}}, floats({1, 1, 1, 1}, {1}), floats({1}, {1}),
                floats({1}, {1}), floats({1}, {1}), floats({1}, {1}))
                .error()
                .code,
            ErrorCode::kUnsupported);
}

TEST(Activations, AtAndAroundTheirBounds) {
  expect_floats(run("Relu", {}, floats({3}, {-1, 0, 2})), {3}, {0, 0, 2});
  expect_floats(run("Sigmoid", {}, floats({4}, {0, 2, -200, 200})), {4}, {0.5F, 0.8807971F, 0, 1});
  const Tensor x = floats({4}, {-9, -1, 3, 9});
  expect_floats(run("Clip", {{"min", -2.0F}, {"max", 6.0F}}, x.clone()), {4}, {-2, -1, 3, 6});
  expect_floats(run("Clip", {}, x.clone(), floats({}, {0}), floats({}, {6})), {4}, {0, 0, 3, 6});
  expect_floats(run("Clip", {}, x.clone(), Tensor(), floats({1}, {0})), {4}, {-9, -1, 0, 0});
  expect_floats(run("Clip", {}, x.clone(), floats({}, {5}), floats({}, {2})), {4}, {2, 2, 2, 2});
  expect_floats(run("Clip", {}, x.clone()), {4}, {-9, -1, 3, 9});
  EXPECT_FALSE(run("Clip", {}, x.clone(), floats({2}, {0, 1})).ok());
}

TEST(Activations, KeepNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* op : {"Relu", "Sigmoid", "Clip", "Identity"}) {
    EXPECT_TRUE(std::isnan(run(op, {}, floats({1}, {nan})).value().floats()[0])) << op;
  }
}

TEST(Binary, BroadcastsAsNumPy) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_floats(run("Add", {}, x.clone(), floats({3}, {10, 20, 30})), {2, 3}, {11, 22, 33, 14, 25, 36});
  expect_floats(run("Sub", {}, floats({2, 1}, {10, 20}), x.clone()), {2, 3}, {9, 8, 7, 16, 15, 14});
  expect_floats(run("Mul", {}, floats({2, 1}, {1, 10}), floats({1, 2}, {3, 4})), {2, 2}, {3, 4, 30, 40});
  expect_floats(run("Div", {}, x.clone(), floats({}, {2})), {2, 3}, {0.5F, 1, 1.5F, 2, 2.5F, 3});
  expect_floats(run("Add", {}, floats({2, 1, 1}, {100, 200}), x.clone()), {2, 2, 3},
                {101, 102, 103, 104, 105, 106, 201, 202, 203, 204, 205, 206});
  EXPECT_FALSE(run("Add", {}, x.clone(), floats({2}, {1, 2})).ok());
  EXPECT_FALSE(run("Add", {}, x.clone(), integers({3}, {1, 2, 3})).ok());
}

TEST(Binary, IntegersAreDefinedEverywhere) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  expect_integers(run("Div", {}, integers({4}, {7, -7, 1, least}), integers({4}, {2, 2, 0, -1})), {4},
                  {3, -3, 0, least});
  expect_integers(run("Add", {}, integers({1}, {most}), integers({1}, {1})), {1}, {least});
  expect_integers(run("Sub", {}, integers({1}, {least}), integers({1}, {1})), {1}, {most});
  expect_integers(run("Mul", {}, integers({2}, {6, most}), integers({2}, {7, 2})), {2}, {42, -2});
}

TEST(Concat, AlongAnyAxis) {
  const Tensor a = floats({1, 2, 2}, {1, 2, 3, 4});
  const Tensor b = floats({1, 1, 2}, {5, 6});
  expect_floats(run("Concat", {{"axis", std::int64_t{1}}}, a.clone(), b.clone()), {1, 3, 2}, {1, 2, 3, 4, 5, 6});
  expect_floats(run("Concat", {{"axis", std::int64_t{-1}}}, a.clone(), a.clone()), {1, 2, 4}, {1, 2, 1, 2, 3, 4, 3, 4});
  expect_integers(run("Concat", {{"axis", std::int64_t{0}}}, integers({1}, {7}), integers({2}, {8, 9})), {3},
                  {7, 8, 9});
  EXPECT_FALSE(run("Concat", {{"axis", std::int64_t{2}}}, a.clone(), b.clone()).ok());
  EXPECT_FALSE(run("Concat", {{"axis", std::int64_t{3}}}, a.clone(), a.clone()).ok());
  EXPECT_FALSE(run("Concat", {}, a.clone(), a.clone()).ok());
  EXPECT_FALSE(run("Concat", {{"axis", std::int64_t{1}}}, a.clone(), Tensor()).ok());
  EXPECT_FALSE(run("Concat", {{"axis", std::int64_t{0}}}, floats({}, {1}), floats({}, {1})).ok());
}

TEST(Constant, InAllItsForms) {
  expect_floats(run("Constant", {{"value", std::make_shared<const Tensor>(floats({1, 2}, {3, 4}))}}), {1, 2}, {3, 4});
  expect_floats(run("Constant", {{"value_float", 2.5F}}), {}, {2.5F});
  expect_floats(run("Constant", {{"value_floats", Floats{1, 2}}}), {2}, {1, 2});
  expect_integers(run("Constant", {{"value_int", std::int64_t{-3}}}), {}, {-3});
  expect_integers(run("Constant", {{"value_ints", Integers{4, 5}}}), {2}, {4, 5});
  EXPECT_FALSE(run("Constant", {}).ok());
  EXPECT_FALSE(run("Constant", {{"value_int", std::int64_t{1}}, {"value_float", 1.0F}}).ok());
}

TEST(Reshape, ZerosAndTheFreeExtent) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto to = [&x](const Integers& shape, const Attributes& attributes = {}) {
    return run("Reshape", attributes, x.clone(), integers({static_cast<std::int64_t>(shape.size())}, shape));
  };
  expect_floats(to({3, 2}), {3, 2}, {1, 2, 3, 4, 5, 6});
  expect_floats(to({0, 1, -1}), {2, 1, 3}, {1, 2, 3, 4, 5, 6});
  expect_floats(to({-1}), {6}, {1, 2, 3, 4, 5, 6});
  EXPECT_FALSE(to({4, -1}).ok());
  EXPECT_FALSE(to({-1, -1}).ok());
  EXPECT_FALSE(to({6, -2}).ok());
  EXPECT_FALSE(to({5}).ok());
  EXPECT_FALSE(to({2, 3, 0}).ok());
  EXPECT_FALSE(to({0, -1}, {{"allowzero", std::int64_t{1}}}).ok());
  EXPECT_FALSE(to({std::int64_t{1} << 62U, 4, -1}).ok());
}

TEST(Flatten, AroundAnyAxis) {
  const Tensor x = floats({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  const auto shape = [&x](std::int64_t axis) { return run("Flatten", {{"axis", axis}}, x.clone()).value().shape(); };
  EXPECT_EQ(run("Flatten", {}, x.clone()).value().shape(), (Shape{1, 6}));
  EXPECT_EQ(shape(0), (Shape{1, 6}));
  EXPECT_EQ(shape(2), (Shape{2, 3}));
  EXPECT_EQ(shape(3), (Shape{6, 1}));
  EXPECT_EQ(shape(-1), (Shape{2, 3}));
  EXPECT_FALSE(run("Flatten", {{"axis", std::int64_t{4}}}, x.clone()).ok());
  EXPECT_FALSE(run("Flatten", {{"axis", std::int64_t{-4}}}, x.clone()).ok());
}

TEST(Gemm, ScalesTransposesAndBroadcastsTheBias) {
  const Tensor a = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = floats({3, 2}, {1, 0, 0, 1, 1, 1});
  const Attributes scaled = {{"alpha", 2.0F}, {"beta", 10.0F}};
  expect_floats(run("Gemm", {}, a.clone(), b.clone()), {2, 2}, {4, 5, 10, 11});
  expect_floats(run("Gemm", scaled, a.clone(), b.clone(), floats({2}, {1, 2})), {2, 2}, {18, 30, 30, 42});
  expect_floats(run("Gemm", scaled, a.clone(), b.clone(), floats({2, 1}, {1, 2})), {2, 2}, {18, 20, 40, 42});
  expect_floats(run("Gemm", {}, a.clone(), b.clone(), floats({}, {1})), {2, 2}, {5, 6, 11, 12});
  expect_floats(run("Gemm", {{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}},
                    floats({3, 2}, {1, 4, 2, 5, 3, 6}), floats({2, 3}, {1, 0, 1, 0, 1, 1})),
                {2, 2}, {4, 5, 10, 11});
  EXPECT_FALSE(run("Gemm", {}, a.clone(), a.clone()).ok());
  EXPECT_FALSE(run("Gemm", {}, a.clone(), b.clone(), floats({3}, {1, 2, 3})).ok());
}

TEST(GlobalAveragePool, IsTheMean) {
  expect_floats(run("GlobalAveragePool", {}, floats({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 10})), {1, 2, 1, 1}, {2.5F, 7});
  EXPECT_FALSE(run("GlobalAveragePool", {}, floats({1, 2}, {1, 2})).ok());
}

TEST(Operators, RefuseTypesTheyDoNotCompute) {
  for (const char* op : {"Relu", "Sigmoid", "Clip", "GlobalAveragePool"}) {
    EXPECT_EQ(run(op, {}, integers({1, 1, 1}, {1})).error().code, ErrorCode::kUnsupported) << op;
  }
}

}  // namespace
}  // namespace poise
