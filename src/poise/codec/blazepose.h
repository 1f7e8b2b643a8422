#pragma once
// BlazePose's landmarks: a person's joints in an upright square, refined by heatmaps. Source: Bazarevsky et al.,
// "BlazePose", 2020; MediaPipe, modules/pose_landmark and calculators/util/refine_landmarks_from_heatmap_calculator.cc.
// Pure.

#include "poise/codec/pose_codec.h"

namespace poise {

/// The network's answer is landmarks (N, 195), 39 times x, y, z, visibility, presence, of which the first 33 are
/// joints, x and y in pixels of the input, the last two logits; a flag (N, 1) from 0 to 1, whether there is a person;
/// and, where the network gives them, heatmaps (N, 39, 64, 64) or (N, 64, 64, 39), logits. They are told by their
/// shapes. None of this codec can be taught.
///
/// decode(): where a heatmap's largest sigmoid around the joint's cell (7x7) is at least .5, the joint is their centre
/// of mass; score: the joint's visibility, 0 of all where the flag is not above .5.
///
/// merge_flipped(): the mean of both, mirrored in the input's width, of all but the heatmaps, which stay.
PoseCodecPtr blazepose();

/// No card members of its own.
PoseCodecFamily blazepose_family();

}  // namespace poise
