#pragma once
// What PoseResNet and its relatives have in common: ResNet and stride-2 deconvolutions, under the same names, so that
// one's weights start the other. Internal to models.

#include <array>
#include <cstdint>

#include "poise/models/layers.h"
#include "poise/models/pose_resnet.h"

namespace poise {

struct FeatureMap {
  ValueId value = kNoValue;
  std::int64_t channels = 0;
};

inline constexpr double kHeadDeviation = 0.001;  // lib/models/pose_resnet.py, init_weights

/// Errors: kInvalidArgument, naming the option.
Status check(const PoseResNetOptions& options);
/// The input and the four stages' maps, of strides 4, 8, 16 and 32. `options` have passed check().
std::array<FeatureMap, 4> add_trunk(Layers& net, const PoseResNetOptions& options);
/// The i-th deconvolution and its normalisation; ReLU is left to the caller, see deconv_name() and add_lateral().
FeatureMap add_deconv(Layers& net, const FeatureMap& x, int i, const PoseResNetOptions& options);
/// Adds the trunk's map of the i-th deconvolution's size (i is 0 to 2: strides 16, 8 and 4) through a 1x1 convolution
/// of its own, "lateral_layers.i": what is small keeps its place (Lin et al., "Feature Pyramid Networks", CVPR 2017).
FeatureMap add_lateral(Layers& net, const FeatureMap& x, int i, const std::array<FeatureMap, 4>& trunk);
/// Of deconvolution i: one Sequential in the checkpoint, whose deconvolution, normalisation and ReLU take three
/// numbers.
std::string deconv_name(int i, int part);

}  // namespace poise
