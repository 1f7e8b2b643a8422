#include "poise/base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace poise {
namespace {

const std::vector<std::string> kKnown{"predict", "detect", "eval", "metrics", "TRAIN.LR", "TRAIN.LR_STEP"};

TEST(Nearest, FindsASlipOfTheHand) {
  EXPECT_EQ(nearest("pedict", kKnown), "predict");
  EXPECT_EQ(nearest("detcet", kKnown), "detect");
  EXPECT_EQ(nearest("Evals", kKnown), "eval");
  EXPECT_EQ(nearest("TRAIN.LR_STEPS", kKnown), "TRAIN.LR_STEP");
  EXPECT_EQ(nearest("train.lr", kKnown), "TRAIN.LR");
}

TEST(Nearest, SomethingElseIsLikeNothing) {
  EXPECT_EQ(nearest("quantize", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("ab", std::vector<std::string>{"xy"}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), std::vector<std::string>{std::string(100'000, 'a')}), "");
  EXPECT_EQ(nearest("eval", {}), "");
}

}  // namespace
}  // namespace poise
