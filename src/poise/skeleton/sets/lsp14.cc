#include "poise/skeleton/skeleton.h"

namespace poise {

/// Leeds Sports Poses (Johnson and Everingham, BMVC 2010): order of its joints.mat. It has no sigmas or weights of its
/// own: joints that COCO has too take coco17's, neck and head_top have none. Limbs: as AI Challenger's 14 joints.
Skeleton lsp14() {
  return {.name = "lsp14",
          .joints = {{"right_ankle", Side::kRight, 0.089F, 1.5F},
                     {"right_knee", Side::kRight, 0.087F, 1.2F},
                     {"right_hip", Side::kRight, 0.107F, 1.0F},
                     {"left_hip", Side::kLeft, 0.107F, 1.0F},
                     {"left_knee", Side::kLeft, 0.087F, 1.2F},
                     {"left_ankle", Side::kLeft, 0.089F, 1.5F},
                     {"right_wrist", Side::kRight, 0.062F, 1.5F},
                     {"right_elbow", Side::kRight, 0.072F, 1.2F},
                     {"right_shoulder", Side::kRight, 0.079F, 1.0F},
                     {"left_shoulder", Side::kLeft, 0.079F, 1.0F},
                     {"left_elbow", Side::kLeft, 0.072F, 1.2F},
                     {"left_wrist", Side::kLeft, 0.062F, 1.5F},
                     {"neck", Side::kCentre, 0.0F, 1.0F},
                     {"head_top", Side::kCentre, 0.0F, 1.0F}},
          .flip_pairs = {{0, 5}, {1, 4}, {2, 3}, {6, 11}, {7, 10}, {8, 9}},
          .limbs = {{6, 7},
                    {7, 8},
                    {8, 12},
                    {12, 9},
                    {9, 10},
                    {10, 11},
                    {0, 1},
                    {1, 2},
                    {2, 3},
                    {3, 4},
                    {4, 5},
                    {13, 12},
                    {8, 2},
                    {9, 3}},
          .base = "",
          .derivations = {}};
}

}  // namespace poise
