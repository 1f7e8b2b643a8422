#include "poise/tensor/tensor.h"

#include <gtest/gtest.h>

#include <limits>

namespace poise {
namespace {

static_assert(!std::is_copy_constructible_v<Tensor>, "a copy is spelled clone()");
static_assert(!std::is_constructible_v<TensorView, Tensor&&>, "a view of a temporary does not compile");
static_assert(std::is_constructible_v<TensorView, Tensor&>);

TEST(ElementCount, ExactAboutOverflowAndLimits) {
  constexpr std::int64_t kBig = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(element_count({}).value(), 1);
  EXPECT_EQ(element_count({1, 3, 256, 192}).value(), 147456);
  EXPECT_EQ(element_count({kBig, 0, kBig}).value(), 0);
  EXPECT_EQ(element_count({1 << 20, 1 << 20}).value(), std::int64_t{1} << 40U);
  EXPECT_EQ(element_count({1 << 20, (1 << 20) + 1}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(element_count({kBig, kBig}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(element_count({std::int64_t{1} << 32U, std::int64_t{1} << 32U}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(element_count({3, -1}).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(element_count({0, -1}).error().code, ErrorCode::kMalformed);
}

TEST(Tensor, StartsAsAlignedZeros) {
  Tensor tensor({2, 3, 5}, DType::kInt32);
  EXPECT_EQ(tensor.count(), 30);
  EXPECT_EQ(tensor.bytes(), 120U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
  for (const std::int32_t value : tensor.as<std::int32_t>()) EXPECT_EQ(value, 0);
  EXPECT_NE(Tensor({0, 4}).data(), nullptr);
  EXPECT_EQ(Tensor(Shape{}).count(), 1);
  EXPECT_EQ(Tensor().count(), 0);
  EXPECT_THROW(Tensor({-1, 3}), std::logic_error);
}

TEST(Tensor, CloneIsItsOwnMemory) {
  Tensor tensor = Tensor::from({2, 2}, std::vector<float>{1, 2, 3, 4});
  Tensor copy = tensor.clone();
  copy.floats()[0] = 9;
  EXPECT_EQ(tensor.floats()[0], 1.0F);
  EXPECT_EQ(copy.floats()[3], 4.0F);
  EXPECT_EQ(Tensor().clone().count(), 0);
}

TEST(Tensor, WrongTypeSizeAndShapeAreCaught) {
  Tensor ints = Tensor::from({3}, std::vector<std::int64_t>{1, 2, 3});
  EXPECT_THROW((void)ints.floats(), std::logic_error);
  EXPECT_EQ(ints.ints()[2], 3);
  EXPECT_THROW(Tensor::from({2}, std::vector<float>{1, 2, 3}), std::logic_error);
  ints.reshape({1, 3, 1});
  EXPECT_EQ(ints.shape(), (Shape{1, 3, 1}));
  EXPECT_THROW(ints.reshape({4}), std::logic_error);
  EXPECT_EQ(ints.shape(), (Shape{1, 3, 1}));
}

TEST(Tensor, NamesForMessages) {
  EXPECT_EQ(to_string(Shape{1, 3, 256, 192}), "1x3x256x192");
  EXPECT_EQ(to_string(Shape{-1, 17}), "?x17");
  EXPECT_EQ(to_string(Shape{}), "scalar");
  EXPECT_STREQ(name_of(DType::kUint8), "uint8");
  EXPECT_EQ(size_of(DType::kFloat64), 8U);
  EXPECT_EQ(size_of(DType::kBool), 1U);
}

}  // namespace
}  // namespace poise
