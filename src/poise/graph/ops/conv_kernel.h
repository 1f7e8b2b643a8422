#pragma once
// What the plain Conv and ConvTranspose share. Pure functions of values: thread-safe.

#include <span>

#include "poise/graph/graph.h"

namespace poise {

/// Types, and the bias's shape against the output's channels.
Status expect_conv_inputs(const Node& node, std::span<const ValueInfo> inputs, const Shape& output);

/// The bias of an output channel; 0 where there is none.
float channel_bias(std::span<const Tensor* const> inputs, std::int64_t channel);

struct Interval {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// The i in [0, inner) for which i * stride + offset lies in [0, outer).
Interval covered(std::int64_t inner, std::int64_t outer, std::int64_t stride, std::int64_t offset);

}  // namespace poise
