#pragma once
// PoseResNet: ResNet, three stride-2 deconvolutions, one heatmap a joint.
// Source: Xiao, Wu and Wei, ECCV 2018, section 2; parameter names of lib/models/pose_resnet.py. Pure.

#include "poise/geometry/point.h"
#include "poise/graph/graph.h"
#include "poise/models/family.h"

namespace poise {

struct PoseResNetOptions {
  int depth = 50;  // 18 34 50 101 152
  enum class Style {
    kPytorch,
    kCaffe
  } style = Style::kPytorch;  // stride 2 in the 3x3 or in the first 1x1 (depth 50 up)
  Size input{192, 256};       // sides are multiples of 32, so that the heatmap is a quarter of the input
  int joints = 17;
  int deconv_layers = 3;  // 0 to 5
  int deconv_filters = 256;
  int deconv_kernel = 4;  // 4 3 2
  bool deconv_bias = false;
  bool lateral = false;    // not of the paper: the trunk's maps of strides 16, 8 and 4 join the deconvolutions'
  int final_kernel = 1;    // 1 or 3
  float width = 1.0F;      // multiplies 64-128-256-512 planes, to the nearest multiple of 8 (at least 8); up to 4
  std::uint64_t seed = 0;  // of the initial weights: head N(0, 0.001), trunk Kaiming
};

/// (N, 3, H, W) -> (N, joints, H/4, W/4) with three deconvolutions; N is free. Values are named as the authors'
/// checkpoint names them ("layer1.0.conv1.weight"). Errors: kInvalidArgument, naming the option.
Result<Graph> pose_resnet(const PoseResNetOptions& options);

/// Its defaults with parameters by name laid over them. Errors: kInvalidArgument, naming the parameter.
Result<PoseResNetOptions> pose_resnet_options(const Json& parameters);
const NetworkFamily& pose_resnet_family();

}  // namespace poise
