#include "poise/skeleton/skeleton.h"

namespace poise {

/// Order, pairs and limbs: the person category of COCO's person_keypoints_*.json, counted from 0. Sigmas: pycocotools
/// cocoeval.py, Params.kpt_oks_sigmas. Weights: Simple Baselines lib/dataset/coco.py, COCODataset.joints_weight.
Skeleton coco17() {
  return {.name = "coco17",
          .joints = {{"nose", Side::kCentre, 0.026F, 1.0F},
                     {"left_eye", Side::kLeft, 0.025F, 1.0F},
                     {"right_eye", Side::kRight, 0.025F, 1.0F},
                     {"left_ear", Side::kLeft, 0.035F, 1.0F},
                     {"right_ear", Side::kRight, 0.035F, 1.0F},
                     {"left_shoulder", Side::kLeft, 0.079F, 1.0F},
                     {"right_shoulder", Side::kRight, 0.079F, 1.0F},
                     {"left_elbow", Side::kLeft, 0.072F, 1.2F},
                     {"right_elbow", Side::kRight, 0.072F, 1.2F},
                     {"left_wrist", Side::kLeft, 0.062F, 1.5F},
                     {"right_wrist", Side::kRight, 0.062F, 1.5F},
                     {"left_hip", Side::kLeft, 0.107F, 1.0F},
                     {"right_hip", Side::kRight, 0.107F, 1.0F},
                     {"left_knee", Side::kLeft, 0.087F, 1.2F},
                     {"right_knee", Side::kRight, 0.087F, 1.2F},
                     {"left_ankle", Side::kLeft, 0.089F, 1.5F},
                     {"right_ankle", Side::kRight, 0.089F, 1.5F}},
          .flip_pairs = {{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}, {11, 12}, {13, 14}, {15, 16}},
          .limbs = {{15, 13},
                    {13, 11},
                    {16, 14},
                    {14, 12},
                    {11, 12},
                    {5, 11},
                    {6, 12},
                    {5, 6},
                    {5, 7},
                    {6, 8},
                    {7, 9},
                    {8, 10},
                    {1, 2},
                    {0, 1},
                    {0, 2},
                    {1, 3},
                    {2, 4},
                    {3, 5},
                    {4, 6}},
          .base = "",
          .derivations = {}};
}

}  // namespace poise
