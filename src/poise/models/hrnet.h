#pragma once
// HRNet: branches of several resolutions kept side by side and mixed again and again; heatmaps from the finest.
// Source: Sun, Xiao, Liu and Wang, CVPR 2019, section 3; parameter names of lib/models/pose_hrnet.py of
// leoxiaobin/deep-high-resolution-net.pytorch. Pure functions of values: thread-safe.

#include "poise/geometry/point.h"
#include "poise/graph/graph.h"
#include "poise/models/family.h"

namespace poise {

struct HrnetOptions {
  int width = 32;        // channels of the finest branch; the others have 2, 4 and 8 times as many
  Size input{192, 256};  // sides are multiples of 32
  int joints = 17;
  int final_kernel = 1;    // 1 or 3
  std::uint64_t seed = 0;  // of the initial weights, N(0, 0.001)
};

/// (N, 3, H, W) -> (N, joints, H/4, W/4); N is free. Errors: kInvalidArgument, naming the option.
Result<Graph> hrnet(const HrnetOptions& options);

/// Its defaults with parameters by name laid over them. Errors: kInvalidArgument, naming the parameter.
Result<HrnetOptions> hrnet_options(const Json& parameters);
const NetworkFamily& hrnet_family();

}  // namespace poise
