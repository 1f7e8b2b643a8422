#pragma once
// MoveNet's single pose: joints and scores as the network itself decodes them. Source: tfhub.dev/google/movenet, model
// cards of singlepose/lightning and singlepose/thunder. Pure.

#include "poise/codec/pose_codec.h"

namespace poise {

/// The network's answer is (N, 1, joints, 3): y, x as shares of the input, and a score in [0, 1]; called "output_0"
/// where there are others. A network's decoding is part of it: none of this codec can be taught. Shares count from the
/// edges of the box. A person's score is the mean of all joints': those that are not there score near 0, and that
/// counts (on COCO's people the order it gives is worth .01 of AP beside the mean of the surer joints).
///
/// merge_flipped(): of two views that agree within a twentieth of the input's width, the mean, weighted by the squares
/// of their scores; else the surer one; the score is their mean.
PoseCodecPtr movenet();

/// No card members of its own.
PoseCodecFamily movenet_family();

}  // namespace poise
