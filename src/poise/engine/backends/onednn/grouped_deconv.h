#pragma once
// A kernel of our own for grouped transposed convolutions: libraries are slow on them, and at least one is wrong.

#include "poise/graph/graph.h"
#include "poise/graph/ops/conv.h"

namespace poise::onednn {

struct GroupedDeconv {
  ConvAttributes attributes;
  std::int64_t batch = 0, in_channels = 0, in_height = 0, in_width = 0;
  Fusion fusion;  // its activation is applied; a residual is not
  Tensor weight;  // row-major (in, out/group, kh, kw); for depthwise_blocked (kh, kw, channels padded to the block)
  Tensor bias;    // padded to the block; empty: none
};

/// Any groups, row-major (N, C, H, W) in and out. Parallel over output planes.
void run_grouped_plain(const GroupedDeconv& deconv, const float* source, float* destination);

/// One channel a group, source and destination in blocks of `block` (8 or 16) channels.
template <int block>
void run_depthwise_blocked(const GroupedDeconv& deconv, const float* source, float* destination);

/// The weight and bias in the order run_depthwise_blocked reads them.
Tensor depthwise_weight(const Tensor& weight, int block);
Tensor padded_bias(const Tensor& bias, std::int64_t channels, int block);

}  // namespace poise::onednn
