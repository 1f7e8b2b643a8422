#pragma once
// The geometry of convolutions and poolings, read from a node. Pure functions of values: thread-safe.

#include <array>

#include "poise/graph/graph.h"

namespace poise {

/// Attributes of a two-dimensional Conv or ConvTranspose, with auto_pad resolved. Order: height, width.
struct ConvAttributes {
  std::array<std::int64_t, 2> kernel{1, 1};
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilations{1, 1};
  std::array<std::int64_t, 2> pads_begin{0, 0};
  std::array<std::int64_t, 2> pads_end{0, 0};
  std::array<std::int64_t, 2> output_padding{0, 0};  // ConvTranspose
  std::int64_t group = 1;
  Shape output;  // (N, C, H, W)
};

/// Conv: weight (out, in/group, kh, kw). Errors: kMalformed, kUnsupported (not two-dimensional).
Result<ConvAttributes> conv_attributes(const Node& node, const Shape& input, const Shape& weight);
/// ConvTranspose: weight (in, out/group, kh, kw).
Result<ConvAttributes> conv_transpose_attributes(const Node& node, const Shape& input, const Shape& weight);

/// MaxPool (and later AveragePool): kernel from the attribute, ceil_mode honoured.
Result<ConvAttributes> pool_attributes(const Node& node, const Shape& input);

}  // namespace poise
