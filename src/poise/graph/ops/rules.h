#pragma once
// What the operators' files share; nothing outside this folder and infer_shapes needs it.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "poise/graph/ops/operator.h"

namespace poise {

using InferResult = Result<std::vector<ValueInfo>>;

/// Whether input i is given: it may be left out at the end or be kNoValue.
bool has_input(const Node& node, std::size_t i);

/// Error where an input is of another type: "the input is int64, it must be float32".
Status expect_type(const ValueInfo& info, std::string_view what, std::initializer_list<DType> types);
Status expect_float(const ValueInfo& info, std::string_view what);
/// Error where the input's shape is another: "the bias is 3, it must be 64".
Status expect_shape(const ValueInfo& info, std::string_view what, const Shape& shape);

/// An axis of the attribute, counted from the end where negative, in [0, size).
Result<std::size_t> resolve_axis(std::int64_t axis, std::size_t size);

/// One computed output.
InferResult one_output(DType type, Shape shape);

/// Errors: kTooLarge above 2^31 elements or on overflow, kMalformed on a negative extent.
Result<std::int64_t> bounded_count(const Shape& shape);

/// A computed value has positive extents and passes bounded_count: an empty one would only surprise the layers behind
/// it.
Status check_computed(const Shape& shape);
/// The same of an operator's output, unless it is a constant that the graph already holds.
Status check_output(const ValueInfo& output);

/// Copies all elements; same count and type.
void copy_elements(const Tensor& from, Tensor& to);

// The entries that list.cc gathers.
extern const Operator kAdd, kSub, kMul, kDiv;
extern const Operator kRelu, kSigmoid, kClip, kIdentity;
extern const Operator kBatchNormalization, kConcat, kConstant, kConv, kConvTranspose, kFlatten, kGemm;
extern const Operator kGlobalAveragePool, kMaxPool, kReshape;

}  // namespace poise
