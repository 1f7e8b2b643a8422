#include "poise/skeleton/skeleton.h"

namespace poise {

/// BODY_25 of OpenPose: order and limbs, include/openpose/pose/poseParametersRender.hpp. Sigmas and weights: COCO's
/// where the joint is one of its 17; neck, middle of the hips and feet have none.
Skeleton openpose25() {
  return {.name = "openpose25",
          .joints = {{"nose", Side::kCentre, 0.026F, 1.0F},          {"neck", Side::kCentre, 0.0F, 1.0F},
                     {"right_shoulder", Side::kRight, 0.079F, 1.0F}, {"right_elbow", Side::kRight, 0.072F, 1.2F},
                     {"right_wrist", Side::kRight, 0.062F, 1.5F},    {"left_shoulder", Side::kLeft, 0.079F, 1.0F},
                     {"left_elbow", Side::kLeft, 0.072F, 1.2F},      {"left_wrist", Side::kLeft, 0.062F, 1.5F},
                     {"mid_hip", Side::kCentre, 0.0F, 1.0F},         {"right_hip", Side::kRight, 0.107F, 1.0F},
                     {"right_knee", Side::kRight, 0.087F, 1.2F},     {"right_ankle", Side::kRight, 0.089F, 1.5F},
                     {"left_hip", Side::kLeft, 0.107F, 1.0F},        {"left_knee", Side::kLeft, 0.087F, 1.2F},
                     {"left_ankle", Side::kLeft, 0.089F, 1.5F},      {"right_eye", Side::kRight, 0.025F, 1.0F},
                     {"left_eye", Side::kLeft, 0.025F, 1.0F},        {"right_ear", Side::kRight, 0.035F, 1.0F},
                     {"left_ear", Side::kLeft, 0.035F, 1.0F},        {"left_big_toe", Side::kLeft, 0.0F, 1.0F},
                     {"left_small_toe", Side::kLeft, 0.0F, 1.0F},    {"left_heel", Side::kLeft, 0.0F, 1.0F},
                     {"right_big_toe", Side::kRight, 0.0F, 1.0F},    {"right_small_toe", Side::kRight, 0.0F, 1.0F},
                     {"right_heel", Side::kRight, 0.0F, 1.0F}},
          .flip_pairs =
              {{2, 5}, {3, 6}, {4, 7}, {9, 12}, {10, 13}, {11, 14}, {15, 16}, {17, 18}, {19, 22}, {20, 23}, {21, 24}},
          .limbs = {{1, 8},  {1, 2},   {1, 5},   {2, 3},   {3, 4},   {5, 6},   {6, 7},   {8, 9},
                    {9, 10}, {10, 11}, {8, 12},  {12, 13}, {13, 14}, {1, 0},   {0, 15},  {15, 17},
                    {0, 16}, {16, 18}, {14, 19}, {19, 20}, {14, 21}, {11, 22}, {22, 23}, {11, 24}},
          .base = "",
          .derivations = {}};
}

}  // namespace poise
