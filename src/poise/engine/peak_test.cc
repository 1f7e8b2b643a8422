#include "poise/engine/peak.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace poise {
namespace {

TEST(Peak, IsKnownForWhatTheProcessorComputesIn) {
  const auto native = native_precisions();
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    const double peak = measured_peak(precision, 1);
    EXPECT_TRUE(std::isfinite(peak));
    const bool computes = std::find(native.begin(), native.end(), precision) != native.end();
    // A processor without AVX2, or with AVX-VNNI alone, has no measure.
    EXPECT_TRUE(computes || peak == 0.0) << name_of(precision);
    EXPECT_TRUE(peak == 0.0 || peak > 1e8) << name_of(precision);
  }
}

}  // namespace
}  // namespace poise
