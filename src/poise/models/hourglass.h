#pragma once
// Stacked Hourglass: stacks that pool to 4x4 and come back up, each with heatmaps of its own that the next one sees.
// Source: Newell, Yang and Deng, ECCV 2016, section 3. Layout and parameter names of bearpaw/pytorch-pose,
// pose/models/hourglass.py, one residual module a place (its hg_s1_b1, hg_s2_b1 and hg_s8_b1 checkpoints). Pure.

#include "poise/geometry/point.h"
#include "poise/graph/graph.h"
#include "poise/models/family.h"

namespace poise {

struct HourglassOptions {
  int stacks = 8;        // 1 to 16
  int features = 256;    // channels of the stacks, a multiple of 4; the stem has a quarter and a half of them
  int depth = 4;         // times each stack halves
  Size input{256, 256};  // sides are multiples of 4 * 2^depth
  int joints = 16;
  std::uint64_t seed = 0;  // of the initial weights, He et al.
};

/// (N, 3, H, W) -> (N, joints, H/4, W/4), one output a stack in order, the last the one to use (`heatmaps`); N is free.
/// Errors: kInvalidArgument, naming the option.
Result<Graph> hourglass(const HourglassOptions& options);

/// Its defaults with parameters by name laid over them. Errors: kInvalidArgument, naming the parameter.
Result<HourglassOptions> hourglass_options(const Json& parameters);
const NetworkFamily& hourglass_family();

}  // namespace poise
