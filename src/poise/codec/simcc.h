#pragma once
// SimCC: each joint as two classifications, over columns and over rows finer than pixels. Source: Li et al., "SimCC",
// ECCV 2022; RTMPose: Jiang et al. 2023; MMPose, mmpose/codecs/simcc_label.py and utils/post_processing.py. Pure.

#include "poise/codec/pose_codec.h"

namespace poise {

inline constexpr float kMaxSimccSigma = 256.0F;

struct SimCC {
  float sigma = 4.9F;  // of taught Gaussians along x, in bins; along y it is sqrt(height / width) times as much
};

/// The network's answer is x (N, joints, width times a ratio) and y (N, joints, height times the same), called
/// "simcc_x" and "simcc_y" where there are others; RTMPose's ratio is 2. Bin i is i / ratio pixels.
///
/// decode(): the arg-max of each, the first on ties; score: the smaller of the two maxima (get_simcc_maximum). Where
/// that is not above 0, the point is bin -1 of both, as there; NaN is no maximum.
///
/// encode(): targets (joints, bins of x and then of y), Gaussians with a peak of 1 at the joint's bin, rounded. Weight
/// 0 too where a Gaussian falls outside altogether, or the joint is not a number.
///
/// merge_flipped(): x turned back, no shift.
PoseCodecPtr simcc(const SimCC& parameters = {});

/// Card member "sigma" (4.9).
PoseCodecFamily simcc_family();

}  // namespace poise
