#include "poise/infer/signature.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

TEST(Signature, DependsOnPicturesAloneNotOnStreams) {
  const std::string two = result_signature({.pictures = 2, .streams = 1}).value();
  EXPECT_EQ(two.size(), 16U);
  EXPECT_EQ(result_signature({.pictures = 2, .streams = 2}).value(), two);
  EXPECT_NE(result_signature({.pictures = 1, .streams = 1}).value(), two);
}

}  // namespace
}  // namespace poise
