#pragma once
// What the operators' files share; nothing outside this folder and infer_shapes needs it. Pure.

#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "poise/graph/ops/operator.h"

namespace poise {

using InferResult = Result<std::vector<ValueInfo>>;

/// Of inputs or outputs: as many as there are.
inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

/// Whether input i is given: it may be left out at the end or be kNoValue.
bool has_input(const Node& node, std::size_t i);

/// Error where an input is of another type: "the input is int64, it must be float32".
Status expect_type(const ValueInfo& info, std::string_view what, std::initializer_list<DType> types);
Status expect_float(const ValueInfo& info, std::string_view what);
/// Error where the input's shape is another: "the bias is 3, it must be 64".
Status expect_shape(const ValueInfo& info, std::string_view what, const Shape& shape);
/// Error where the input is a constant without elements: what is computed never is.
Status expect_elements(const ValueInfo& info, std::string_view what);
/// The same, where the output has elements: of nothing, nothing may be made.
Status expect_elements(const ValueInfo& info, std::string_view what, const Shape& output);
/// Error where a value that decides on an output's shape is not known: "the input starts is computed ...".
Status expect_known(const ValueInfo& info, std::string_view what);
/// The same of a list (or one number) of int64 or int32.
Status expect_list(const ValueInfo& info, std::string_view what);
/// The elements of an int64 or int32 tensor.
std::vector<std::int64_t> list_of(const Tensor& tensor);

/// An axis of the attribute, counted from the end where negative, in [0, size).
Result<std::size_t> resolve_axis(std::int64_t axis, std::size_t size);
/// 1 for each of the axes named, 0 for the rest. Errors: kMalformed, out of range or named twice.
Result<std::vector<char>> mark_axes(std::span<const std::int64_t> axes, std::size_t size);

/// A shape seen from one of its axes: elements are at (outer * extent + i) * inner + rest.
struct Parts {
  std::int64_t outer, extent, inner;
};
Parts split_at(const Shape& shape, std::size_t axis);

/// One computed output.
InferResult one_output(DType type, Shape shape);
/// One output whose shape is known once the network has run.
InferResult open_output(DType type);
/// One float32 output of the shape of the first input, which is float32.
InferResult infer_same_float(const Node& node, std::span<const ValueInfo> inputs);

/// Errors: kTooLarge above 2^31 elements or 64 axes or on overflow, kMalformed on a negative extent.
Result<std::int64_t> bounded_count(const Shape& shape);

/// A computed value has positive extents and passes bounded_count: an empty one would only surprise the layers behind
/// it.
Status check_computed(const Shape& shape);
/// The same of an operator's output, unless it is a constant that the graph already holds, or an empty list of
/// integers: part of a shape.
Status check_output(const ValueInfo& output);

/// Copies all elements; same count and type.
void copy_elements(const Tensor& from, Tensor& to);

/// NumPy's broadcasting of two shapes. Errors: kMalformed, naming both.
Result<Shape> broadcast(const Shape& a, const Shape& b);
/// Elements to step by along each axis of the output; 0 where the input is repeated.
Shape broadcast_steps(const Shape& input, const Shape& output);

// The entries that list.cc gathers.
extern const Operator kAdd, kSub, kMul, kDiv, kMod, kPow, kMin, kMax, kSum, kMean, kWhere;
extern const Operator kEqual, kGreater, kGreaterOrEqual, kLess, kLessOrEqual, kAnd, kOr, kXor, kNot;
extern const Operator kRelu, kSigmoid, kClip, kIdentity, kLeakyRelu, kPRelu, kHardSigmoid, kHardSwish, kElu, kSelu;
extern const Operator kCelu, kGelu, kMish, kSoftsign, kSwish, kThresholdedRelu;
extern const Operator kAbs, kNeg, kFloor, kCeil, kRound, kExp, kLog, kSqrt, kReciprocal, kErf, kTanh, kSoftplus;
extern const Operator kCos, kSign, kSin;
extern const Operator kConv, kConvTranspose, kGemm, kMatMul, kEinsum;
extern const Operator kAveragePool, kMaxPool, kGlobalAveragePool, kGlobalMaxPool, kResize, kGridSample;
extern const Operator kBatchNormalization, kInstanceNormalization, kLayerNormalization, kLrn, kSoftmax, kLogSoftmax;
extern const Operator kGroupNormalization, kLpNormalization, kRmsNormalization;
extern const Operator kReduceMax, kReduceMean, kReduceMin, kReduceSum, kArgMax, kArgMin;
extern const Operator kReduceL1, kReduceL2, kReduceLogSum, kReduceLogSumExp, kReduceProd, kReduceSumSquare;
extern const Operator kCumSum, kTopK, kTrilu;
extern const Operator kConcat, kExpand, kFlatten, kGather, kPad, kReshape, kSlice, kSplit, kSqueeze, kUnsqueeze, kTile;
extern const Operator kGatherElements, kGatherNd, kScatterElements, kScatterNd;
extern const Operator kTranspose, kDepthToSpace, kSpaceToDepth;
extern const Operator kNonMaxSuppression, kRoiAlign;
extern const Operator kConstant, kConstantOfShape, kNonZero, kRange, kShape, kSize;
extern const Operator kCast, kCastLike, kDropout, kQuantizeLinear, kDequantizeLinear;

}  // namespace poise
