#include "poise/skeleton/skeleton.h"

namespace poise {

/// MediaPipe's 33 landmarks (mediapipe/python/solutions/pose.py, PoseLandmark; the corners of the mouth are mouth_left
/// and mouth_right there) and its connections. Sigmas and weights: COCO's where the joint is one of its 17.
Skeleton blazepose33() {
  return {.name = "blazepose33",
          .joints = {{"nose", Side::kCentre, 0.026F, 1.0F},          {"left_eye_inner", Side::kLeft, 0.0F, 1.0F},
                     {"left_eye", Side::kLeft, 0.025F, 1.0F},        {"left_eye_outer", Side::kLeft, 0.0F, 1.0F},
                     {"right_eye_inner", Side::kRight, 0.0F, 1.0F},  {"right_eye", Side::kRight, 0.025F, 1.0F},
                     {"right_eye_outer", Side::kRight, 0.0F, 1.0F},  {"left_ear", Side::kLeft, 0.035F, 1.0F},
                     {"right_ear", Side::kRight, 0.035F, 1.0F},      {"left_mouth", Side::kLeft, 0.0F, 1.0F},
                     {"right_mouth", Side::kRight, 0.0F, 1.0F},      {"left_shoulder", Side::kLeft, 0.079F, 1.0F},
                     {"right_shoulder", Side::kRight, 0.079F, 1.0F}, {"left_elbow", Side::kLeft, 0.072F, 1.2F},
                     {"right_elbow", Side::kRight, 0.072F, 1.2F},    {"left_wrist", Side::kLeft, 0.062F, 1.5F},
                     {"right_wrist", Side::kRight, 0.062F, 1.5F},    {"left_pinky", Side::kLeft, 0.0F, 1.0F},
                     {"right_pinky", Side::kRight, 0.0F, 1.0F},      {"left_index", Side::kLeft, 0.0F, 1.0F},
                     {"right_index", Side::kRight, 0.0F, 1.0F},      {"left_thumb", Side::kLeft, 0.0F, 1.0F},
                     {"right_thumb", Side::kRight, 0.0F, 1.0F},      {"left_hip", Side::kLeft, 0.107F, 1.0F},
                     {"right_hip", Side::kRight, 0.107F, 1.0F},      {"left_knee", Side::kLeft, 0.087F, 1.2F},
                     {"right_knee", Side::kRight, 0.087F, 1.2F},     {"left_ankle", Side::kLeft, 0.089F, 1.5F},
                     {"right_ankle", Side::kRight, 0.089F, 1.5F},    {"left_heel", Side::kLeft, 0.0F, 1.0F},
                     {"right_heel", Side::kRight, 0.0F, 1.0F},       {"left_foot_index", Side::kLeft, 0.0F, 1.0F},
                     {"right_foot_index", Side::kRight, 0.0F, 1.0F}},
          .flip_pairs = {{1, 4},
                         {2, 5},
                         {3, 6},
                         {7, 8},
                         {9, 10},
                         {11, 12},
                         {13, 14},
                         {15, 16},
                         {17, 18},
                         {19, 20},
                         {21, 22},
                         {23, 24},
                         {25, 26},
                         {27, 28},
                         {29, 30},
                         {31, 32}},
          .limbs = {{0, 1},   {1, 2},   {2, 3},   {3, 7},   {0, 4},   {4, 5},   {5, 6},   {6, 8},   {9, 10},
                    {11, 12}, {11, 13}, {13, 15}, {15, 17}, {15, 19}, {15, 21}, {17, 19}, {12, 14}, {14, 16},
                    {16, 18}, {16, 20}, {16, 22}, {18, 20}, {11, 23}, {12, 24}, {23, 24}, {23, 25}, {24, 26},
                    {25, 27}, {26, 28}, {27, 29}, {28, 30}, {29, 31}, {30, 32}, {27, 31}, {28, 32}},
          .base = "",
          .derivations = {}};
}

}  // namespace poise
