#include "poise/skeleton/skeleton.h"

namespace poise {

/// MPII Human Pose (Andriluka and others, CVPR 2014): order of its annotations. MPII has no sigmas: these, the limbs
/// and the weights are MMPose's (configs/_base_/datasets/mpii.py). Flip pairs: Simple Baselines lib/dataset/mpii.py.
Skeleton mpii16() {
  return {.name = "mpii16",
          .joints = {{"right_ankle", Side::kRight, 0.089F, 1.5F},
                     {"right_knee", Side::kRight, 0.083F, 1.2F},
                     {"right_hip", Side::kRight, 0.107F, 1.0F},
                     {"left_hip", Side::kLeft, 0.107F, 1.0F},
                     {"left_knee", Side::kLeft, 0.083F, 1.2F},
                     {"left_ankle", Side::kLeft, 0.089F, 1.5F},
                     {"pelvis", Side::kCentre, 0.026F, 1.0F},
                     {"thorax", Side::kCentre, 0.026F, 1.0F},
                     {"upper_neck", Side::kCentre, 0.026F, 1.0F},
                     {"head_top", Side::kCentre, 0.026F, 1.0F},
                     {"right_wrist", Side::kRight, 0.062F, 1.5F},
                     {"right_elbow", Side::kRight, 0.072F, 1.2F},
                     {"right_shoulder", Side::kRight, 0.179F, 1.0F},
                     {"left_shoulder", Side::kLeft, 0.179F, 1.0F},
                     {"left_elbow", Side::kLeft, 0.072F, 1.2F},
                     {"left_wrist", Side::kLeft, 0.062F, 1.5F}},
          .flip_pairs = {{0, 5}, {1, 4}, {2, 3}, {10, 15}, {11, 14}, {12, 13}},
          .limbs = {{0, 1},
                    {1, 2},
                    {2, 6},
                    {6, 3},
                    {3, 4},
                    {4, 5},
                    {6, 7},
                    {7, 8},
                    {8, 9},
                    {8, 12},
                    {12, 11},
                    {11, 10},
                    {8, 13},
                    {13, 14},
                    {14, 15}},
          .base = "",
          .derivations = {}};
}

}  // namespace poise
