// Operators that move elements or cut shapes: worked out by hand.

#include <gtest/gtest.h>

#include <limits>

#include "poise/graph/ops/op_harness.h"

namespace poise {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

Tensor counted(Shape shape) {
  Tensor tensor(std::move(shape));
  float next = 0;
  for (float& value : tensor.floats()) value = next++;
  return tensor;
}

TEST(Transpose, AnyOrderOfAxes) {
  const Tensor x = counted({1, 2, 3});
  expect_floats(run("Transpose", {}, x.clone()), {3, 2, 1}, {0, 3, 1, 4, 2, 5});
  expect_floats(run("Transpose", {{"perm", Integers{1, 0, 2}}}, x.clone()), {2, 1, 3}, {0, 1, 2, 3, 4, 5});
  expect_same(run("Transpose", {}, bytes({2, 2}, {1, 2, 3, 4})), bytes({2, 2}, {1, 3, 2, 4}));
  for (const Integers& perm : {Integers{0, 1}, Integers{0, 1, 1}, Integers{0, 1, 3}, Integers{0, 1, -1}}) {
    EXPECT_FALSE(run("Transpose", {{"perm", perm}}, x.clone()).ok());
  }
}

TEST(Slice, AsNumPy) {
  const Tensor x = counted({2, 4});
  const auto slice = [&x](const Integers& starts, const Integers& ends, const Integers& axes, const Integers& steps) {
    return run("Slice", {}, x.clone(), list(starts), list(ends), list(axes), list(steps));
  };
  expect_floats(run("Slice", {}, x.clone(), list({1, 0}), list({2, 3})), {1, 3}, {4, 5, 6});
  expect_floats(slice({-3}, {-1}, {1}, {1}), {2, 2}, {1, 2, 5, 6});
  expect_floats(slice({0}, {kMost}, {-1}, {3}), {2, 2}, {0, 3, 4, 7});
  expect_floats(slice({-1}, {kLeast}, {1}, {-1}), {2, 4}, {3, 2, 1, 0, 7, 6, 5, 4});
  expect_floats(slice({kMost, 100}, {kLeast, kLeast}, {0, 1}, {-1, -2}), {2, 2}, {7, 5, 3, 1});
  expect_floats(slice({1}, {kMost}, {1}, {kMost}), {2, 1}, {1, 5});
  expect_floats(slice({2}, {kLeast}, {1}, {kLeast}), {2, 1}, {2, 6});
  EXPECT_FALSE(slice({0}, {2}, {1}, {0}).ok());
  EXPECT_FALSE(slice({2}, {2}, {1}, {1}).ok());  // nothing is left
  EXPECT_FALSE(slice({0}, {1}, {2}, {1}).ok());
  EXPECT_FALSE(slice({0, 0}, {1, 1}, {1, -1}, {1, 1}).ok());
  EXPECT_FALSE(slice({0, 0}, {1}, {1}, {1}).ok());
}

TEST(Slice, BoundsMustFollowFromShapes) {
  const auto computed = run_computed(2, "Slice", {}, counted({4}), list({0}), list({2}));
  ASSERT_EQ(computed.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(computed.error().message.find("input starts is computed"), std::string::npos);
}

TEST(Split, IntoEqualOrNamedParts) {
  const Tensor x = counted({2, 4});
  const auto halves = run_outputs(2, "Split", {{"axis", std::int64_t{-1}}}, x.clone()).value();
  expect_floats(halves[0], {2, 2}, {0, 1, 4, 5});
  expect_floats(halves[1], {2, 2}, {2, 3, 6, 7});
  const auto parts = run_outputs(3, "Split", {{"axis", std::int64_t{1}}}, x.clone(), list({1, 2, 1})).value();
  expect_floats(parts[0], {2, 1}, {0, 4});
  expect_floats(parts[1], {2, 2}, {1, 2, 5, 6});
  expect_floats(parts[2], {2, 1}, {3, 7});
  EXPECT_FALSE(run_outputs(3, "Split", {}, x.clone()).ok());
  EXPECT_FALSE(run_outputs(2, "Split", {}, x.clone(), list({1, 2})).ok());
  EXPECT_FALSE(run_outputs(2, "Split", {}, x.clone(), list({2})).ok());
  EXPECT_FALSE(run_outputs(2, "Split", {}, x.clone(), list({kMost, 3})).ok());
  EXPECT_FALSE(run_outputs(2, "Split", {}, x.clone(), list({-1, 3})).ok());
  EXPECT_FALSE(run_outputs(2, "Split", {}, x.clone(), list({0, 2})).ok());
}

TEST(Squeeze, AndUnsqueeze) {
  const Tensor x = counted({1, 2, 1, 1});
  expect_floats(run("Squeeze", {}, x.clone()), {2}, {0, 1});
  expect_floats(run("Squeeze", {}, x.clone(), list({-1, 0})), {2, 1}, {0, 1});
  EXPECT_FALSE(run("Squeeze", {}, x.clone(), list({1})).ok());
  EXPECT_FALSE(run("Squeeze", {}, x.clone(), list({4})).ok());
  EXPECT_FALSE(run("Squeeze", {}, x.clone(), list({0, -4})).ok());
  expect_floats(run("Unsqueeze", {}, counted({2}), list({0, -1})), {1, 2, 1}, {0, 1});
  expect_floats(run("Unsqueeze", {}, floats({}, {5}), list({0})), {1}, {5});
  EXPECT_FALSE(run("Unsqueeze", {}, counted({2}), list({0, 0})).ok());
  EXPECT_FALSE(run("Unsqueeze", {}, counted({2}), list({2})).ok());
}

TEST(Pad, ConstantReflectAndEdge) {
  const Tensor x = counted({2, 3});
  const Tensor pads = list({0, 2, 0, 1});
  expect_floats(run("Pad", {}, x.clone(), pads.clone()), {2, 6}, {0, 0, 0, 1, 2, 0, 0, 0, 3, 4, 5, 0});
  expect_floats(run("Pad", {}, counted({1}), list({1, 1}), floats({}, {7})), {3}, {7, 0, 7});
  expect_floats(run("Pad", {{"mode", std::string("reflect")}}, x.clone(), pads.clone()), {2, 6},
                {2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4});
  expect_floats(run("Pad", {{"mode", std::string("edge")}}, x.clone(), pads.clone()), {2, 6},
                {0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 5});
  // Further than the input reaches, as numpy.pad: back and forth.
  expect_floats(run("Pad", {{"mode", std::string("reflect")}}, counted({2}), list({3, 2})), {7}, {1, 0, 1, 0, 1, 0, 1});
  expect_floats(run("Pad", {{"mode", std::string("reflect")}}, floats({1}, {4}), list({2, 1})), {4}, {4, 4, 4, 4});
  expect_integers(run("Pad", {}, list({5}), list({1, 0}), integers({}, {-1})), {2}, {-1, 5});
}

TEST(Pad, NegativePadsCut) {
  const Tensor x = counted({4});
  expect_floats(run("Pad", {}, x.clone(), list({-1, -2})), {1}, {1});
  expect_floats(run("Pad", {}, x.clone(), list({-2, 1})), {3}, {2, 3, 0});
  expect_floats(run("Pad", {{"mode", std::string("edge")}}, x.clone(), list({2, -2})), {4}, {0, 0, 0, 1});
  EXPECT_FALSE(run("Pad", {}, x.clone(), list({-2, -2})).ok());
  EXPECT_FALSE(run("Pad", {}, x.clone(), list({9, -4})).ok());
  EXPECT_FALSE(run("Pad", {}, x.clone(), list({kMost, 1})).ok());
  EXPECT_FALSE(run("Pad", {}, x.clone(), list({kLeast, 1})).ok());
  EXPECT_FALSE(run("Pad", {}, x.clone(), list({1})).ok());
  EXPECT_FALSE(run("Pad", {}, x.clone(), list({1, 1}), floats({2}, {1, 2})).ok());
  EXPECT_FALSE(run("Pad", {{"mode", std::string("mirror")}}, x.clone(), list({1, 1})).ok());
}

TEST(Expand, BothWays) {
  expect_floats(run("Expand", {}, floats({2, 1}, {1, 2}), list({3})), {2, 3}, {1, 1, 1, 2, 2, 2});
  expect_floats(run("Expand", {}, floats({2}, {1, 2}), list({2, 1})), {2, 2}, {1, 2, 1, 2});
  EXPECT_FALSE(run("Expand", {}, floats({2}, {1, 2}), list({3})).ok());
  EXPECT_FALSE(run("Expand", {}, floats({1}, {1}), list({-2})).ok());
  EXPECT_FALSE(run("Expand", {}, floats({1}, {1}), list({0})).ok());
  EXPECT_TRUE(run("Expand", {}, floats({1}, {1}), list(Integers(64, 1))).ok());
  EXPECT_EQ(run("Expand", {}, floats({1}, {1}), list(Integers(65, 1))).error().code, ErrorCode::kTooLarge);
  EXPECT_FALSE(run("Expand", {}, floats({1}, {1}), list({kMost, kMost})).ok());
}

TEST(Tile, RepeatsEachAxis) {
  expect_floats(run("Tile", {}, counted({2, 2}), list({2, 2})), {4, 4},
                {0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3});
  EXPECT_FALSE(run("Tile", {}, counted({2, 2}), list({2})).ok());
  EXPECT_FALSE(run("Tile", {}, counted({2}), list({0})).ok());
  EXPECT_FALSE(run("Tile", {}, counted({2}), list({-1})).ok());
  EXPECT_FALSE(run("Tile", {}, counted({2}), list({kMost})).ok());
}

TEST(DepthToSpace, InBothOrdersAndBack) {
  const auto with = [](const char* mode) {
    return Attributes{{"blocksize", std::int64_t{2}}, {"mode", std::string(mode)}};
  };
  const Tensor x = counted({1, 8, 1, 1});
  expect_floats(run("DepthToSpace", with("DCR"), x.clone()), {1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7});
  expect_floats(run("DepthToSpace", with("CRD"), x.clone()), {1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  expect_floats(run("SpaceToDepth", {{"blocksize", std::int64_t{2}}}, floats({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7})),
                {1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  for (const std::int64_t block : {std::int64_t{0}, std::int64_t{-2}, std::int64_t{3}, kMost}) {
    EXPECT_FALSE(run("DepthToSpace", {{"blocksize", block}}, x.clone()).ok());
    EXPECT_FALSE(run("SpaceToDepth", {{"blocksize", block}}, x.clone()).ok());
  }
  EXPECT_FALSE(run("DepthToSpace", with("XYZ"), x.clone()).ok());
}

TEST(Gather, AlongAnyAxis) {
  const Tensor x = counted({2, 3});
  expect_floats(run("Gather", {}, x.clone(), integers({}, {-1})), {3}, {3, 4, 5});
  expect_floats(run("Gather", {{"axis", std::int64_t{1}}}, x.clone(), integers({1, 2}, {2, 0})), {2, 1, 2},
                {2, 0, 5, 3});
  expect_integers(run("Gather", {}, list({7, 8, 9}), elements<std::int32_t>(DType::kInt32, {1}, {1})), {1}, {8});
  for (const std::int64_t index : {std::int64_t{3}, std::int64_t{-4}, kMost, kLeast}) {
    EXPECT_FALSE(run("Gather", {{"axis", std::int64_t{1}}}, x.clone(), list({index})).ok());
  }
  EXPECT_FALSE(run("Gather", {{"axis", std::int64_t{2}}}, x.clone(), list({0})).ok());
  EXPECT_FALSE(run("Gather", {}, x.clone(), floats({1}, {0})).ok());
}

TEST(Gather, ComputedIndicesNeverLeaveTheTensor) {
  expect_floats(run_computed(2, "Gather", {}, floats({2}, {5, 6}), list({-2, 2, kLeast, 1})), {4}, {5, 0, 0, 6});
}

TEST(ShapeOf, IsKnownToThoseBehind) {
  const Tensor x = counted({2, 3, 1});
  expect_integers(run_computed(1, "Shape", {}, x.clone()), {3}, {2, 3, 1});
  expect_integers(run("Shape", {{"start", std::int64_t{-2}}}, x.clone()), {2}, {3, 1});
  expect_integers(run("Shape", {{"start", std::int64_t{1}}, {"end", std::int64_t{-1}}}, x.clone()), {1}, {3});
  expect_integers(run("Shape", {{"start", std::int64_t{2}}, {"end", kLeast}}, x.clone()), {0}, {});

  Graph graph;  // x, flattened behind its batch by its own extents
  const ValueId input = graph.add_input("x", {-1, 2, 3});
  const ValueId shape = graph.add_node("Shape", "shape", {input}, "s");
  const ValueId zero = graph.add_constant("zero", std::make_shared<const Tensor>(list({0})));
  const ValueId minus = graph.add_constant("minus", std::make_shared<const Tensor>(list({-1})));
  const ValueId batch = graph.add_node("Gather", "gather", {shape, zero}, "b");
  const ValueId target = graph.add_node("Concat", "concat", {batch, minus}, "t", {{"axis", std::int64_t{0}}});
  graph.outputs = {graph.add_node("Reshape", "reshape", {input, target}, "y")};
  ASSERT_TRUE(graph.validate().ok());
  EXPECT_EQ(infer_shapes(graph, {{{5, 2, 3}}}).value()[graph.outputs[0]].shape, (Shape{5, 6}));
}

TEST(ConstantOfShape, FillsAnyType) {
  expect_floats(run("ConstantOfShape", {}, list({2, 1})), {2, 1}, {0, 0});
  expect_floats(run("ConstantOfShape", {{"value", std::make_shared<const Tensor>(floats({1}, {3}))}}, list({2})), {2},
                {3, 3});
  expect_integers(run("ConstantOfShape", {{"value", std::make_shared<const Tensor>(list({7}))}}, list({1})), {1}, {7});
  EXPECT_FALSE(run("ConstantOfShape", {}, list({kMost, kMost})).ok());
  EXPECT_FALSE(run("ConstantOfShape", {}, list({1 << 16, 1 << 16})).ok());
  EXPECT_FALSE(run("ConstantOfShape", {}, list({-1})).ok());
  EXPECT_FALSE(run("ConstantOfShape", {{"value", std::make_shared<const Tensor>(list({7, 8}))}}, list({1})).ok());
}

TEST(Range, CountsExactly) {
  const auto range = [](std::int64_t start, std::int64_t limit, std::int64_t delta) {
    return run("Range", {}, integers({}, {start}), integers({}, {limit}), integers({}, {delta}));
  };
  expect_integers(range(1, 6, 2), {3}, {1, 3, 5});
  expect_integers(range(5, 1, -2), {2}, {5, 3});
  expect_integers(range(kLeast, kMost, kMost), {3}, {kLeast, -1, kMost - 1});
  expect_floats(run("Range", {}, floats({}, {0}), floats({}, {1}), floats({}, {0.25F})), {4}, {0, 0.25F, 0.5F, 0.75F});
  EXPECT_FALSE(range(0, 5, 0).ok());
  expect_integers(range(0, 5, -1), {0}, {});
  EXPECT_EQ(range(kLeast, kMost, 1).error().code, ErrorCode::kTooLarge);
  EXPECT_FALSE(run("Range", {}, floats({}, {0}), floats({}, {1}), floats({}, {0})).ok());
}

}  // namespace
}  // namespace poise
