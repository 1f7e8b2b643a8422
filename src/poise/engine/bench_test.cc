#include "poise/engine/bench.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kit/graphs.h"

namespace poise {
namespace {

BenchOptions quick() {
  BenchOptions options;
  options.session.threads = 1;
  options.runs = 2;
  options.seconds = 0;
  return options;
}

/// x (-1, 4, -1, -1) -> Relu(Conv(x)).
Graph open_net() {
  Graph graph;
  const ValueId x = graph.add_input("x", {-1, 4, -1, -1});
  Random random(1);
  const ValueId weight = graph.add_constant("w", kit::shared(kit::random_tensor({8, 4, 3, 3}, random)));
  graph.outputs = {graph.add_node("Relu", "relu", {graph.add_node("Conv", "conv", {x, weight}, "y")}, "z")};
  graph.validate().value();
  return graph;
}

TEST(Bench, CountsRunsOfAllStreamsAndLayers) {
  BenchOptions options = quick();
  options.batch = 2;
  options.streams = 2;
  options.input = {32, 24};
  options.layers = true;
  const BenchResult result = bench(open_net(), options).value();
  EXPECT_EQ(result.milliseconds.size(), 4U);
  EXPECT_TRUE(std::is_sorted(result.milliseconds.begin(), result.milliseconds.end()));
  EXPECT_DOUBLE_EQ(result.milliseconds_a_person(), result.median() / 2);
  EXPECT_DOUBLE_EQ(result.persons_a_second(), 4e3 / result.median());
  EXPECT_GT(result.peak_bytes, 0);
  EXPECT_FALSE(result.tuned);
  ASSERT_TRUE(result.layers);
  double shares = 0;
  std::int64_t products = 0;
  for (const BenchLayer& layer : *result.layers) {
    shares += layer.share;
    products += layer.time.multiply_adds;
  }
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_EQ(products, std::int64_t{2} * 8 * 4 * 9 * 30 * 22);
  EXPECT_EQ(result.of_peak().has_value(), result.peak > 0);
  const Json json = to_json(result);
  EXPECT_EQ(json.integer("runs").value(), 4);
  EXPECT_EQ(json.find("layers")->as_array().size(), result.layers->size());
  EXPECT_EQ(json.find("tuned"), nullptr);
}

TEST(Bench, SaysWhatItWants) {
  EXPECT_NE(bench(open_net(), quick()).error().message.find("input size open"), std::string::npos);
  Graph fixed = open_net();
  fixed.values[fixed.inputs[0]].shape = {3, 4, 8, 8};
  EXPECT_NE(bench(std::move(fixed), quick()).error().message.find("insists on batch 3"), std::string::npos);
  Graph flat;
  const ValueId x = flat.add_input("x", {2, 5});
  flat.outputs = {flat.add_node("Relu", "relu", {x}, "y")};
  EXPECT_EQ(bench(std::move(flat), quick()).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace poise
