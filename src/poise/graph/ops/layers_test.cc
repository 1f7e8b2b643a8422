// Pooling, resizing, products, reductions, normalizations and quantization: worked out by hand.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "poise/graph/ops/op_harness.h"

namespace poise {
namespace {

constexpr std::int64_t kOne = 1;
constexpr std::int64_t kZero = 0;

TEST(AveragePool, CountsThePadsWhereAsked) {
  const Tensor x = floats({1, 1, 2, 2}, {1, 2, 3, 4});
  Attributes attributes = {{"kernel_shape", Integers{2, 2}}, {"pads", Integers{1, 1, 0, 0}}};
  expect_floats(run("AveragePool", attributes, x.clone()), {1, 1, 2, 2}, {1, 1.5F, 2, 2.5F});
  attributes["count_include_pad"] = kOne;
  expect_floats(run("AveragePool", attributes, x.clone()), {1, 1, 2, 2}, {0.25F, 0.75F, 1, 2.5F});
}

TEST(AveragePool, CeilModeCountsNothingBeyondThePads) {
  const Tensor x = floats({1, 1, 1, 3}, {1, 2, 9});
  Attributes attributes = {{"kernel_shape", Integers{1, 2}}, {"strides", Integers{1, 2}}, {"ceil_mode", kOne}};
  expect_floats(run("AveragePool", attributes, x.clone()), {1, 1, 1, 2}, {1.5F, 9});
  attributes["count_include_pad"] = kOne;
  expect_floats(run("AveragePool", attributes, x.clone()), {1, 1, 1, 2}, {1.5F, 9});
  expect_floats(
      run("AveragePool", {{"kernel_shape", Integers{1, 2}}, {"auto_pad", std::string("SAME_UPPER")}}, x.clone()),
      {1, 1, 1, 3}, {1.5F, 5.5F, 9});
}

TEST(Pools, AHugeWindowCostsNoMoreThanTheInput) {
  const std::int64_t huge = std::int64_t{1} << 30U;
  const Attributes attributes = {{"kernel_shape", Integers{huge, huge}},
                                 {"strides", Integers{huge, huge}},
                                 {"pads", Integers{huge - 1, huge - 1, 0, 0}}};
  expect_floats(run("MaxPool", attributes, floats({1, 1, 1, 1}, {3})), {1, 1, 1, 1}, {3});
  expect_floats(run("AveragePool", attributes, floats({1, 1, 1, 1}, {3})), {1, 1, 1, 1}, {3});
}

TEST(GlobalMaxPool, IsTheLargest) {
  expect_floats(run("GlobalMaxPool", {}, floats({1, 2, 1, 2}, {-3, -1, 5, 2})), {1, 2, 1, 1}, {-1, 5});
}

Result<Tensor> resize(const Attributes& attributes, const Tensor& x, const Floats& scales) {
  return run("Resize", attributes, x.clone(), Tensor({0}), floats({static_cast<std::int64_t>(scales.size())}, scales));
}
Result<Tensor> resize_to(const Attributes& attributes, const Tensor& x, const Integers& sizes) {
  return run("Resize", attributes, x.clone(), Tensor(), Tensor({0}), list(sizes));
}
Attributes with(const char* mode, const char* coordinates, const char* rounding = "round_prefer_floor") {
  return {{"mode", std::string(mode)},
          {"coordinate_transformation_mode", std::string(coordinates)},
          {"nearest_mode", std::string(rounding)}};
}

TEST(Resize, NearestInAllItsRoundings) {
  const Tensor x = floats({1, 1, 2, 2}, {1, 2, 3, 4});
  expect_floats(resize({}, x, {1, 1, 2, 2}), {1, 1, 4, 4}, {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4});
  const Tensor row = floats({1, 4}, {1, 2, 3, 4});  // at 0.5 and 2.5, then at 0 and 2
  expect_floats(resize(with("nearest", "half_pixel"), row, {1, 0.5F}), {1, 2}, {1, 3});
  expect_floats(resize(with("nearest", "half_pixel", "round_prefer_ceil"), row, {1, 0.5F}), {1, 2}, {2, 4});
  expect_floats(resize(with("nearest", "half_pixel", "floor"), row, {1, 0.5F}), {1, 2}, {1, 3});
  expect_floats(resize(with("nearest", "half_pixel", "ceil"), row, {1, 0.5F}), {1, 2}, {2, 4});
  expect_floats(resize(with("nearest", "asymmetric", "floor"), row, {1, 0.5F}), {1, 2}, {1, 3});
  expect_floats(resize_to(with("nearest", "tf_half_pixel_for_nn", "floor"), row, {1, 2}), {1, 2}, {2, 4});
}

TEST(Resize, LinearByEachCoordinateMode) {
  const Tensor row = floats({1, 2}, {0, 4});
  expect_floats(resize(with("linear", "half_pixel"), row, {1, 2}), {1, 4}, {0, 1, 3, 4});
  expect_floats(resize(with("linear", "asymmetric"), row, {1, 2}), {1, 4}, {0, 2, 4, 4});
  expect_floats(resize_to(with("linear", "align_corners"), row, {1, 5}), {1, 5}, {0, 1, 2, 3, 4});
  expect_floats(resize_to(with("linear", "align_corners"), row, {1, 1}), {1, 1}, {0});
  expect_floats(resize_to(with("linear", "half_pixel"), row, {1, 1}), {1, 1}, {2});
  expect_floats(resize_to(with("linear", "pytorch_half_pixel"), row, {1, 1}), {1, 1}, {0});
  expect_floats(resize_to(with("linear", "half_pixel"), floats({2, 2}, {0, 4, 8, 12}), {1, 1}), {1, 1}, {6});
}

TEST(Resize, CubicByKeys) {
  // Halfway between the middle ones: -3/32 and 19/32 with a = -0.75.
  const Tensor row = floats({4}, {1, 2, 4, 8});
  expect_floats(resize_to(with("cubic", "half_pixel"), row, {1}), {1}, {(19 * 6 - 3 * 9) / 32.0F});
  Attributes outside = with("cubic", "half_pixel");
  outside["cubic_coeff_a"] = -0.5F;  // a quarter off: -9/128, 111/128, 29/128, -3/128
  const Tensor step = floats({2}, {0, 16});
  expect_floats(resize_to(outside, step, {4}), {4}, {-1.125F, 3.25F, 12.75F, 17.125F});
  outside["exclude_outside"] = kOne;
  const float beyond = -16 * 9 / 102.0F;
  const float within = 16 * 29 / 140.0F;
  expect_floats(resize_to(outside, step, {4}), {4}, {beyond, within, 16 - within, 16 - beyond}, 1e-5F);
}

TEST(Resize, ThirdsRoundAsInOnnxRuntime) {
  const Tensor x = floats({9}, {0, 1, 2, 3, 4, 5, 6, 7, 8});
  expect_floats(resize(with("nearest", "asymmetric", "floor"), x, {1.0F / 3}), {3}, {0, 3, 6});
}

TEST(Resize, RefusesWhatMakesNoSense) {
  const Tensor x = floats({1, 2}, {0, 4});
  EXPECT_FALSE(resize({}, x, {1}).ok());
  EXPECT_FALSE(resize({}, x, {}).ok());
  EXPECT_FALSE(resize({}, x, {1, 0}).ok());
  EXPECT_FALSE(resize({}, x, {1, -1}).ok());
  EXPECT_FALSE(resize({}, x, {1, 0.1F}).ok());
  EXPECT_FALSE(resize({}, x, {1, 1e30F}).ok());
  EXPECT_FALSE(resize({}, x, {1, std::numeric_limits<float>::quiet_NaN()}).ok());
  EXPECT_FALSE(resize({}, x, {1e9F, 1e9F}).ok());
  EXPECT_FALSE(resize_to({}, x, {1, 0}).ok());
  EXPECT_FALSE(resize_to({}, x, {1, -2}).ok());
  EXPECT_FALSE(run("Resize", {}, x.clone(), Tensor(), floats({2}, {1, 2}), list({1, 4})).ok());
  EXPECT_FALSE(resize(with("lanczos", "half_pixel"), x, {1, 2}).ok());
  EXPECT_EQ(resize(with("linear", "tf_crop_and_resize"), x, {1, 2}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(resize({}, floats({1, 1, 1, 1, 1}, {1}), {2, 2, 2, 2, 2}).error().code, ErrorCode::kUnsupported);
}

TEST(MatMul, AsNumPy) {
  const Tensor a = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = floats({3, 2}, {1, 0, 0, 1, 1, 1});
  const Tensor ones = floats({3}, {1, 1, 1});
  expect_floats(run("MatMul", {}, a.clone(), b.clone()), {2, 2}, {4, 5, 10, 11});
  expect_floats(run("MatMul", {}, a.clone(), ones.clone()), {2}, {6, 15});
  expect_floats(run("MatMul", {}, ones.clone(), b.clone()), {2}, {2, 2});
  expect_floats(run("MatMul", {}, ones.clone(), ones.clone()), {}, {3});
  const Tensor batch = floats({2, 1, 1, 2}, {1, 2, 3, 4});
  const Tensor other = floats({2, 2, 1}, {1, 10, 100, 1000});
  expect_floats(run("MatMul", {}, batch.clone(), other.clone()), {2, 2, 1, 1}, {21, 2100, 43, 4300});
  EXPECT_FALSE(run("MatMul", {}, a.clone(), a.clone()).ok());
  EXPECT_FALSE(run("MatMul", {}, a.clone(), floats({}, {1})).ok());
  EXPECT_FALSE(run("MatMul", {}, floats({2, 1, 2}, {1, 2, 3, 4}), floats({3, 2, 1}, {1, 2, 3, 4, 5, 6})).ok());
}

TEST(Softmax, AlongAnyAxisAndFarOut) {
  const float e = std::exp(1.0F);
  const Tensor x = floats({2, 2}, {1000, 1001, 0, 0});
  expect_floats(run("Softmax", {}, x.clone()), {2, 2}, {1 / (1 + e), e / (1 + e), 0.5F, 0.5F});
  expect_floats(run("Softmax", {{"axis", kZero}}, x.clone()), {2, 2}, {1, 1, 0, 0});
  expect_floats(run("LogSoftmax", {}, floats({1, 2}, {0, 200})), {1, 2}, {-200, 0});
  EXPECT_FALSE(run("Softmax", {{"axis", std::int64_t{2}}}, x.clone()).ok());
  EXPECT_FALSE(run("Softmax", {}, floats({}, {1})).ok());
}

TEST(Reductions, OverSomeOrAllAxes) {
  const Tensor x = floats({2, 3}, {1, 5, 3, -4, 0, -2});
  const Attributes rows = {{"axes", Integers{-1}}, {"keepdims", kZero}};
  expect_floats(run("ReduceMean", rows, x.clone()), {2}, {3, -2});
  expect_floats(run("ReduceMax", rows, x.clone()), {2}, {5, 0});
  expect_floats(run("ReduceMin", rows, x.clone()), {2}, {1, -4});
  expect_floats(run("ReduceMean", {{"axes", Integers{0}}}, x.clone()), {1, 3}, {-1.5F, 2.5F, 0.5F});
  expect_floats(run("ReduceMax", {}, x.clone()), {1, 1}, {5});
  expect_floats(run("ReduceMean", {{"keepdims", kZero}}, x.clone()), {}, {0.5F});
  expect_floats(run("ReduceSum", {}, x.clone(), list({0})), {1, 3}, {-3, 5, 1});
  expect_floats(run("ReduceSum", {}, x.clone()), {1, 1}, {3});
  expect_floats(run("ReduceSum", {{"noop_with_empty_axes", kOne}}, x.clone(), Tensor({0}, DType::kInt64)), {2, 3},
                {1, 5, 3, -4, 0, -2});
  expect_integers(run("ReduceMax", {}, list({-7, -3})), {1}, {-3});
  EXPECT_TRUE(std::isnan(run("ReduceMin", {}, floats({3}, {1, std::nanf(""), 0})).value().floats()[0]));
  EXPECT_FALSE(run("ReduceMean", {{"axes", Integers{2}}}, x.clone()).ok());
  EXPECT_FALSE(run("ReduceMean", {{"axes", Integers{0, -2}}}, x.clone()).ok());
  EXPECT_FALSE(run("ReduceMax", {}, Tensor({2, 0})).ok());
}

TEST(ArgMax, FirstOrLastOfEquals) {
  const Tensor x = floats({2, 3}, {1, 5, 5, 4, 0, 4});
  const auto axis = std::pair<const std::string, Attribute>{"axis", kOne};
  const auto flat = std::pair<const std::string, Attribute>{"keepdims", kZero};
  expect_integers(run("ArgMax", {axis}, x.clone()), {2, 1}, {1, 0});
  expect_integers(run("ArgMax", {axis, flat, {"select_last_index", kOne}}, x.clone()), {2}, {2, 2});
  expect_integers(run("ArgMin", {axis, flat}, x.clone()), {2}, {0, 1});
  expect_integers(run("ArgMax", {flat}, x.clone()), {3}, {1, 0, 0});
  EXPECT_FALSE(run("ArgMax", {{"axis", std::int64_t{2}}}, x.clone()).ok());
  EXPECT_FALSE(run("ArgMax", {axis}, Tensor({2, 0})).ok());
}

TEST(InstanceNormalization, EachPlaneByItself) {
  expect_floats(run("InstanceNormalization", {{"epsilon", 0.0F}}, floats({1, 2, 1, 2}, {1, 3, 10, 30}),
                    floats({2}, {2, 1}), floats({2}, {5, 0})),
                {1, 2, 1, 2}, {3, 7, -1, 1});
  EXPECT_FALSE(run("InstanceNormalization", {}, floats({1, 2, 1}, {1, 3}), floats({1}, {2}), floats({1}, {5})).ok());
}

TEST(LayerNormalization, OverTheLastAxes) {
  const auto all = run_outputs(3, "LayerNormalization", {{"epsilon", 0.0F}}, floats({2, 2}, {1, 3, 10, 30}),
                               floats({2}, {1, 2}), floats({2}, {0, 5}))
                       .value();
  expect_floats(all[0], {2, 2}, {-1, 7, -1, 7});
  expect_floats(all[1], {2, 1}, {2, 20});
  expect_floats(all[2], {2, 1}, {1, 0.1F});
  EXPECT_FALSE(run("LayerNormalization", {}, floats({2, 2}, {1, 3, 10, 30}), floats({3}, {1, 1, 1})).ok());
}

TEST(Lrn, AcrossChannels) {
  const Attributes attributes = {{"size", std::int64_t{3}}, {"alpha", 3.0F}, {"beta", 1.0F}, {"bias", 1.0F}};
  expect_floats(run("LRN", attributes, floats({1, 3, 1}, {1, 2, 3})), {1, 3, 1}, {1 / 6.0F, 2 / 15.0F, 3 / 14.0F});
  EXPECT_FALSE(run("LRN", {}, floats({1, 3, 1}, {1, 2, 3})).ok());
  const Attributes wide = {{"size", std::numeric_limits<std::int64_t>::max()}, {"alpha", 0.0F}};
  expect_floats(run("LRN", wide, floats({1, 2, 1}, {1, 2})), {1, 2, 1}, {1, 2});
}

TEST(Quantize, RoundsToEvenAndSaturates) {
  const Tensor x = floats({6}, {-1000, 0.5F, 1.5F, 2.5F, 7, 1000});
  expect_same(run("QuantizeLinear", {}, x.clone(), floats({}, {1})), bytes({6}, {0, 0, 2, 2, 7, 255}));
  expect_same(run("QuantizeLinear", {}, x.clone(), floats({}, {0.5F}), bytes({}, {10})),
              bytes({6}, {0, 11, 13, 15, 24, 255}));
  expect_same(run("QuantizeLinear", {}, x.clone(), floats({}, {1}), elements<std::int8_t>(DType::kInt8, {}, {-1})),
              elements<std::int8_t>(DType::kInt8, {6}, {-128, -1, 1, 1, 6, 127}));
  expect_same(run("QuantizeLinear", {}, floats({2}, {0, 1}), floats({}, {0})), bytes({2}, {0, 255}));
}

TEST(Quantize, PerAxisAndBack) {
  const Tensor scales = floats({2}, {1, 10});
  expect_same(run("QuantizeLinear", {{"axis", kZero}}, floats({2, 2}, {1, 2, 30, 40}), scales.clone()),
              bytes({2, 2}, {1, 2, 3, 4}));
  expect_floats(run("DequantizeLinear", {}, bytes({2, 2}, {1, 2, 3, 4}), scales.clone(), bytes({2}, {1, 2})), {2, 2},
                {0, 0, 2, 20});
  expect_floats(run("DequantizeLinear", {}, elements<std::int32_t>(DType::kInt32, {1}, {-2000000}), floats({}, {0.5F})),
                {1}, {-1e6F});
  EXPECT_FALSE(run("DequantizeLinear", {}, bytes({2}, {1, 2}), floats({3}, {1, 1, 1})).ok());
  EXPECT_FALSE(run("DequantizeLinear", {}, bytes({2, 3}, {1, 2, 3, 4, 5, 6}), scales.clone()).ok());
  EXPECT_FALSE(
      run("DequantizeLinear", {}, bytes({2}, {1, 2}), floats({}, {1}), elements<std::int8_t>(DType::kInt8, {}, {1}))
          .ok());
  EXPECT_FALSE(run("DequantizeLinear", {}, floats({1}, {1}), floats({}, {1})).ok());
}

}  // namespace
}  // namespace poise
