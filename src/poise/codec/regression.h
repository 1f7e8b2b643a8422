#pragma once
// Regression: the joints' coordinates themselves. Source: Toshev and Szegedy, DeepPose, CVPR 2014; Li et al., "Human
// Pose Regression with Residual Log-likelihood Estimation" (RLE), ICCV 2021; MMPose, mmpose/codecs/regression_label.py
// and models/heads/regression_heads. Pure.

#include "poise/codec/pose_codec.h"

namespace poise {

/// What a coordinate of a network is.
enum class CoordinateUnit {
  kShare,    // of the input's side, 0 to 1 (MMPose)
  kCentred,  // of the input's side, 0 in the middle, -0.5 to 0.5 (DeepPose, section 3.1)
  kPixels,   // of the input
};

struct Regression {
  CoordinateUnit unit = CoordinateUnit::kShare;
};

/// The network's answer is (N, 2 joints) or (N, joints, 2): x and y of each; or (N, joints, 4), RLE's, with the logits
/// of how unsure x and y are behind them; called "coordinates" where there are others.
///
/// decode(): score: 1 minus the mean of the two sigmoids, as MMPose has it; 1 where the network says nothing of it.
///
/// encode(): targets (2 joints), in the unit; weight 0 where the joint is not a number. RLE's networks cannot be
/// taught.
///
/// merge_flipped(): the mean of the coordinates, mirrored in the input's columns, and of the logits.
PoseCodecPtr regression(const Regression& parameters = {});

/// Card member "unit" share|centred|pixels (share).
PoseCodecFamily regression_family();

}  // namespace poise
