#include "poise/base/counted.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace poise {
namespace {

TEST(Counted, OneIsSingular) {
  EXPECT_EQ(counted(0, "error"), "0 errors");
  EXPECT_EQ(counted(1, "error"), "1 error");
  EXPECT_EQ(counted(std::size_t{12}, "error"), "12 errors");
  EXPECT_EQ(counted(std::int64_t{1}, "person", "people"), "1 person");
  EXPECT_EQ(counted(3, "person", "people"), "3 people");
  EXPECT_EQ(counted(2, "box is", "boxes are"), "2 boxes are");
}

}  // namespace
}  // namespace poise
