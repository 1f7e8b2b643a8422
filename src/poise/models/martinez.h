#pragma once
// A pose of one picture lifted to space: linear layers with two shortcuts. Source: Martinez, Hossain, Romero and
// Little, ICCV 2017, section 3; parameter names of weigq/3d_pose_baseline_pytorch, src/model.py. Pure.

#include "poise/graph/graph.h"
#include "poise/models/family.h"

namespace poise {

struct MartinezOptions {
  int joints_in = 16;      // of the picture
  int values = 2;          // of each: x and y, and with 3 whether it is known
  int joints_out = 16;     // in space
  int width = 1024;        // of the linear layers
  int blocks = 2;          // with a shortcut round two layers each
  std::uint64_t seed = 0;  // of the initial weights, He et al. by fan in, biases too
};

/// (N, joints_in * values) -> `joints` (N, joints_out * 3). Dropout, .5 in training, is left out of the definition.
/// Errors: kInvalidArgument, naming the option.
Result<Graph> martinez(const MartinezOptions& options);
const NetworkFamily& martinez_family();

}  // namespace poise
