// Operators that put elements of any type elsewhere: Transpose, Expand, Tile, DepthToSpace, SpaceToDepth.

#include <numeric>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

// Output axis i is input axis permutation[i]; all axes turned around where nothing is said.
Result<std::vector<std::size_t>> permutation(const Node& node, std::size_t rank) {
  const auto given = node.integers("perm");
  std::vector<std::size_t> axes(rank);
  if (given.empty()) {
    std::iota(axes.rbegin(), axes.rend(), 0);
    return axes;
  }
  std::vector<char> seen(rank, 0);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto axis = static_cast<std::size_t>(given[i]);  // a negative one becomes large
    if (given.size() != rank || axis >= rank || seen[axis] != 0) {
      return malformed("perm must name each of the " + std::to_string(rank) + " axes once");
    }
    seen[axis] = 1;
    axes[i] = axis;
  }
  return axes;
}

Shape permuted(const Shape& shape, const std::vector<std::size_t>& axes) {
  Shape result;
  for (const std::size_t axis : axes) result.push_back(shape.at(axis));
  return result;
}

InferResult infer_transpose(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY(const auto axes, permutation(node, inputs[0].shape.size()));
  return one_output(inputs[0].type, permuted(inputs[0].shape, axes));
}

void run_transpose(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const auto axes = permutation(node, inputs[0]->rank()).value();
  const Shape steps = permuted(dense_steps(inputs[0]->shape()), axes);
  copy_strided(*inputs[0], 0, outputs[0].shape(), steps, outputs[0]);
}

InferResult infer_expand(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_list(inputs[1], "shape"));
  POISE_TRY(Shape shape, broadcast(inputs[0].shape, list_of(*inputs[1].constant)));
  return one_output(inputs[0].type, std::move(shape));
}

void run_expand(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  const Shape& shape = outputs[0].shape();
  copy_strided(*inputs[0], 0, shape, broadcast_steps(inputs[0]->shape(), shape), outputs[0]);
}

InferResult infer_tile(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_list(inputs[1], "repeats"));
  const auto repeats = list_of(*inputs[1].constant);
  Shape shape = inputs[0].shape;
  if (repeats.size() != shape.size()) {
    return malformed("there are " + std::to_string(repeats.size()) + " repeats for an input of " + to_string(shape));
  }
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (repeats[axis] < 1 || repeats[axis] > std::int64_t{1} << 31U || shape[axis] > std::int64_t{1} << 31U) {
      return malformed("a repeat of " + std::to_string(repeats[axis]) + " for an extent of " +
                       std::to_string(shape[axis]) + " makes no sense");
    }
    shape[axis] *= repeats[axis];
  }
  return one_output(inputs[0].type, std::move(shape));
}

// Each axis is seen as two: the repeats, which step nowhere, and the input's.
void run_tile(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  const Shape& from = inputs[0]->shape();
  if (inputs[0]->count() == 0) return;
  const Shape from_steps = dense_steps(from);
  Shape shape;
  Shape steps;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    shape.insert(shape.end(), {outputs[0].dim(axis) / from[axis], from[axis]});
    steps.insert(steps.end(), {0, from_steps[axis]});
  }
  copy_strided(*inputs[0], 0, shape, steps, outputs[0]);
}

Result<std::int64_t> block_size(const Node& node, const Shape& input) {
  constexpr std::int64_t kMost = std::int64_t{1} << 15U;  // its square times an extent stays within int64
  const std::int64_t block = node.integer("blocksize", 0);
  if (input.size() != 4) return malformed("the input is " + to_string(input) + ", it must have four extents");
  if (block < 1 || block > kMost) return malformed("blocksize is " + std::to_string(block) + ", it must be 1 to 2^15");
  return block;
}

InferResult infer_depth_to_space(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& x = inputs[0].shape;
  POISE_TRY(const std::int64_t block, block_size(node, x));
  POISE_TRY([[maybe_unused]] const std::int64_t count, bounded_count(x));
  const std::string mode = node.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") return malformed("mode is \"" + mode + "\", it must be DCR or CRD");
  if (x[1] % (block * block) != 0) {
    return malformed("the input is " + to_string(x) + ": its channels are no multiple of blocksize squared");
  }
  return one_output(inputs[0].type, {x[0], x[1] / (block * block), x[2] * block, x[3] * block});
}

void run_depth_to_space(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Shape& x = inputs[0]->shape();
  const std::int64_t block = block_size(node, x).value();
  const std::int64_t depth = x[1] / (block * block);
  // DCR: channels are (block y, block x, depth); CRD: (depth, block y, block x).
  const bool depth_last = node.text("mode", "DCR") == "DCR";
  const Shape steps = dense_steps(depth_last ? Shape{x[0], block, block, depth, x[2], x[3]}
                                             : Shape{x[0], depth, block, block, x[2], x[3]});
  const Shape order = depth_last ? Shape{steps[0], steps[3], steps[4], steps[1], steps[5], steps[2]}
                                 : Shape{steps[0], steps[1], steps[4], steps[2], steps[5], steps[3]};
  copy_strided(*inputs[0], 0, {x[0], depth, x[2], block, x[3], block}, order, outputs[0]);
}

InferResult infer_space_to_depth(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& x = inputs[0].shape;
  POISE_TRY(const std::int64_t block, block_size(node, x));
  POISE_TRY([[maybe_unused]] const std::int64_t count, bounded_count(x));
  if (x[2] % block != 0 || x[3] % block != 0) {
    return malformed("the input is " + to_string(x) + ": its height and width are no multiples of blocksize");
  }
  return one_output(inputs[0].type, {x[0], x[1] * block * block, x[2] / block, x[3] / block});
}

void run_space_to_depth(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Shape& x = inputs[0]->shape();
  const std::int64_t block = block_size(node, x).value();
  const Shape steps = dense_steps({x[0], x[1], x[2] / block, block, x[3] / block, block});
  copy_strided(*inputs[0], 0, {x[0], block, block, x[1], x[2] / block, x[3] / block},
               {steps[0], steps[3], steps[5], steps[1], steps[2], steps[4]}, outputs[0]);
}

constexpr AttributeRule kTransposeAttributes[] = {{"perm", AttributeKind::kIntegers}};
constexpr AttributeRule kDepthToSpaceAttributes[] = {{"blocksize", AttributeKind::kInteger},
                                                     {"mode", AttributeKind::kText}};
constexpr AttributeRule kSpaceToDepthAttributes[] = {{"blocksize", AttributeKind::kInteger}};

}  // namespace

const Operator kTranspose{"Transpose", 1, 1, kTransposeAttributes, infer_transpose, run_transpose};
const Operator kExpand{"Expand", 2, 2, {}, infer_expand, run_expand};
const Operator kTile{"Tile", 2, 2, {}, infer_tile, run_tile};
const Operator kDepthToSpace{"DepthToSpace", 1, 1, kDepthToSpaceAttributes, infer_depth_to_space, run_depth_to_space};
const Operator kSpaceToDepth{"SpaceToDepth", 1, 1, kSpaceToDepthAttributes, infer_space_to_depth, run_space_to_depth};

}  // namespace poise
