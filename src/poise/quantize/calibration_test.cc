#include "poise/quantize/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/random.h"

namespace poise {
namespace {

/// Relu(x) of a network whose only input is x, and x itself.
struct Measured {
  Range input, output;
};

Measured measure(const std::vector<Tensor>& batches) {
  Graph graph;
  const ValueId x = graph.add_input("x", {-1, 2, 16, 16});
  const ValueId y = graph.add_node("Relu", "relu", {x}, "y");
  graph.outputs = {y};
  graph.validate().value();
  const std::vector<ValueId> values{x, y};
  auto ranges = measure_ranges(graph, values, batches, 1).value();
  return {ranges.at(x), ranges.at(y)};
}

/// Channel 0 bell-shaped around `middle`, channel 1 around 0; one outlier.
std::vector<Tensor> batches(double middle, float outlier) {
  std::vector<Tensor> list;
  Random random(6);
  for (int b = 0; b < 40; ++b) {
    Tensor& t = list.emplace_back(Shape{4, 2, 16, 16});
    for (std::int64_t i = 0; i < t.count(); ++i) {
      double v = -6;
      for (int k = 0; k < 12; ++k) v += random.uniform();
      t.floats()[i] = static_cast<float>(v * 0.1 + (i / 256 % 2 == 0 ? middle : 0));
    }
  }
  list[1].floats()[7] = outlier;
  return list;
}

TEST(Calibration, CountsEveryElementAndKnowsTheChannelsMeans) {
  const Measured m = measure(batches(0.5, 9.0F));
  std::uint64_t total = 0;
  for (const std::uint64_t n : m.input.histogram) total += n;
  EXPECT_EQ(total, 40U * 4 * 2 * 256);
  EXPECT_EQ(m.input.high, 9.0F);
  EXPECT_LT(m.input.low, 0.0F);
  EXPECT_EQ(m.output.low, 0.0F);
  ASSERT_EQ(m.input.channel_mean.size(), 2U);
  EXPECT_NEAR(m.input.channel_mean[0], 0.5, 0.02);
  EXPECT_NEAR(m.input.channel_mean[1], 0.0, 0.02);
}

TEST(Calibration, RulesCutOutliersOff) {
  const Measured m = measure(batches(0.0, 9.0F));
  const Grid all = m.output.grid(RangeRule::kMinMax);
  EXPECT_FLOAT_EQ(all.scale, 9.0F / 255);
  EXPECT_EQ(all.type, DType::kUint8);
  EXPECT_EQ(all.zero, 0);
  const Grid most = m.output.grid(RangeRule::kPercentile);
  EXPECT_LT(most.scale * 255, 1.0F);
  EXPECT_GT(most.scale * 255, 0.25F);
}

TEST(Calibration, LeastSquaresErrsLeast) {
  const auto list = batches(0.3, 1.6F);
  const Measured m = measure(list);
  const auto error = [&](RangeRule rule) {
    const Grid grid = m.output.grid(rule);
    double sum = 0;
    for (const Tensor& batch : list) {
      for (const float x : batch.floats()) {
        const float y = std::max(x, 0.0F);
        const float back = std::clamp(std::nearbyint(y / grid.scale), 0.0F, 255.0F) * grid.scale;
        sum += std::pow(static_cast<double>(back) - y, 2);
      }
    }
    return sum;
  };
  EXPECT_LT(error(RangeRule::kLeastSquares), error(RangeRule::kMinMax));
  EXPECT_LT(error(RangeRule::kLeastSquares), error(RangeRule::kPercentile));
}

TEST(Calibration, TheGridsFormFollowsTheSigns) {
  const Grid even = measure(batches(0.0, 0.0F)).input.grid(RangeRule::kMinMax);
  EXPECT_EQ(even.type, DType::kInt8);
  EXPECT_EQ(even.zero, 0);
  const Measured lopsided = measure(batches(1.5, 0.0F));
  const Grid shifted = lopsided.input.grid(RangeRule::kMinMax);
  EXPECT_EQ(shifted.type, DType::kUint8);
  EXPECT_GT(shifted.zero, 0);
  EXPECT_LT(shifted.zero, 100);
  EXPECT_NEAR(static_cast<float>(255 - shifted.zero) * shifted.scale, lopsided.input.high, shifted.scale);
  EXPECT_NEAR(static_cast<float>(-shifted.zero) * shifted.scale, lopsided.input.low, shifted.scale);
  Range nothing;
  EXPECT_EQ(nothing.grid(RangeRule::kLeastSquares).scale, 1.0F);
}

TEST(Calibration, WhatIsNotFiniteIsAnError) {
  for (const float wrong : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto list = batches(0, 0);
    list[0].floats()[3] = wrong;
    Graph graph;
    const ValueId x = graph.add_input("x", {-1, 2, 16, 16});
    graph.outputs = {graph.add_node("Abs", "abs", {x}, "y")};
    graph.validate().value();
    const auto ranges = measure_ranges(graph, graph.outputs, list, 1);
    ASSERT_FALSE(ranges.ok());
    EXPECT_NE(ranges.error().message.find("\"y\" is not finite"), std::string::npos);
  }
}

TEST(Calibration, RulesHaveNames) {
  for (const RangeRule rule : {RangeRule::kMinMax, RangeRule::kPercentile, RangeRule::kLeastSquares}) {
    EXPECT_EQ(find_range_rule(name_of(rule)), rule);
  }
  EXPECT_FALSE(find_range_rule("auto"));
}

}  // namespace
}  // namespace poise
