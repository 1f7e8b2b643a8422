#include "poise/skeleton/skeleton.h"

namespace poise {

/// Body and feet: order, pairs, limbs, sigmas and weights of MMPose, configs/_base_/datasets/halpe26.py. Halpe's own
/// API has .08 for head, neck and hip and .089 for the feet.
Skeleton halpe26() {
  return {.name = "halpe26",
          .joints = {{"nose", Side::kCentre, 0.026F, 1.0F},          {"left_eye", Side::kLeft, 0.025F, 1.0F},
                     {"right_eye", Side::kRight, 0.025F, 1.0F},      {"left_ear", Side::kLeft, 0.035F, 1.0F},
                     {"right_ear", Side::kRight, 0.035F, 1.0F},      {"left_shoulder", Side::kLeft, 0.079F, 1.0F},
                     {"right_shoulder", Side::kRight, 0.079F, 1.0F}, {"left_elbow", Side::kLeft, 0.072F, 1.2F},
                     {"right_elbow", Side::kRight, 0.072F, 1.2F},    {"left_wrist", Side::kLeft, 0.062F, 1.5F},
                     {"right_wrist", Side::kRight, 0.062F, 1.5F},    {"left_hip", Side::kLeft, 0.107F, 1.0F},
                     {"right_hip", Side::kRight, 0.107F, 1.0F},      {"left_knee", Side::kLeft, 0.087F, 1.2F},
                     {"right_knee", Side::kRight, 0.087F, 1.2F},     {"left_ankle", Side::kLeft, 0.089F, 1.5F},
                     {"right_ankle", Side::kRight, 0.089F, 1.5F},    {"head", Side::kCentre, 0.026F, 1.0F},
                     {"neck", Side::kCentre, 0.026F, 1.0F},          {"hip", Side::kCentre, 0.066F, 1.2F},
                     {"left_big_toe", Side::kLeft, 0.079F, 1.5F},    {"right_big_toe", Side::kRight, 0.079F, 1.5F},
                     {"left_small_toe", Side::kLeft, 0.079F, 1.5F},  {"right_small_toe", Side::kRight, 0.079F, 1.5F},
                     {"left_heel", Side::kLeft, 0.079F, 1.5F},       {"right_heel", Side::kRight, 0.079F, 1.5F}},
          .flip_pairs =
              {{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}, {11, 12}, {13, 14}, {15, 16}, {20, 21}, {22, 23}, {24, 25}},
          .limbs = {{15, 13}, {13, 11}, {11, 19}, {16, 14}, {14, 12}, {12, 19}, {17, 18}, {18, 19}, {18, 5},
                    {5, 7},   {7, 9},   {18, 6},  {6, 8},   {8, 10},  {1, 2},   {0, 1},   {0, 2},   {1, 3},
                    {2, 4},   {3, 5},   {4, 6},   {15, 20}, {15, 22}, {15, 24}, {16, 21}, {16, 23}, {16, 25}},
          .base = "",
          .derivations = {}};
}

}  // namespace poise
