#pragma once
// Poses of a video lifted to space: dilated convolutions over time. Source: Pavllo, Feichtenhofer, Grangier and Auli,
// CVPR 2019, section 3; facebookresearch/VideoPose3D, common/model.py, TemporalModel, whose parameter names these are.
// Pure.

#include "poise/graph/graph.h"
#include "poise/models/family.h"

namespace poise {

struct VideoPoseOptions {
  int levels = 3;          // of dilation: each sees three times as many frames, 27 with 3
  int width = 1024;        // channels
  int joints_in = 17;      // of the pictures, x and y each
  int joints_out = 17;     // in space
  std::uint64_t seed = 0;  // of the initial weights
};

/// Frames that one pose in space is made of: 3^levels.
int receptive_field(const VideoPoseOptions& options);

/// (N, joints_in * 2, T, 1) -> `joints` (N, joints_out * 3, T - receptive_field + 1, 1); N and T are free. A
/// convolution of time is one of three by one here, so weights of the authors' checkpoints are (out, in, 3, 1). Dropout
/// is left out of the definition. Errors: kInvalidArgument, naming the option.
Result<Graph> video_pose(const VideoPoseOptions& options);
const NetworkFamily& video_pose_family();

}  // namespace poise
