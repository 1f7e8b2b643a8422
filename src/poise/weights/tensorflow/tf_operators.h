#pragma once
// TensorFlow's operators, each turned into nodes of ours. Internal to weights/tensorflow.

#include <span>
#include <string_view>
#include <vector>

#include "poise/weights/tensorflow/tf_builder.h"

namespace poise {

/// What an operator gives, one a output, in its order.
using Translated = Result<std::vector<Laid>>;

struct TfOperator {
  std::string_view name;
  Translated (*translate)(TfBuilder& builder, const TfNode& node);
  /// Its outputs hold numbers of its first input that it only takes elsewhere: they need no rounding where the grid is
  /// the same.
  bool moves = false;
};

std::span<const TfOperator> tf_layers();      // convolutions, poolings, what is dense, resizing, normalization
std::span<const TfOperator> tf_arithmetic();  // element by element, and over axes
std::span<const TfOperator> tf_movement();    // what takes numbers elsewhere
std::span<const TfOperator> tf_shapes();      // what asks for shapes and makes constants

/// Relu6 and the like behind a value.
Result<ValueId> activated(TfBuilder& builder, ValueId id, const TfNode& node);
inline Translated one(Laid laid) { return std::vector<Laid>{laid}; }
/// Errors: kMalformed, fewer or more inputs.
Status expect_inputs(const TfNode& node, std::size_t least, std::size_t most);
/// An axis in [0, rank), counted from the end where negative. Errors: kMalformed.
Result<std::int64_t> axis_of(std::int64_t axis, std::size_t rank);

}  // namespace poise
