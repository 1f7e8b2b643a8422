#pragma once
// Gaussian heatmaps, encode and decode. Source: Simple Baselines lib/dataset/JointsDataset.py generate_target,
// lib/core/inference.py; DARK refinement: Zhang et al., CVPR 2020, section 3.

#include <span>
#include <vector>

#include "poise/person/pose.h"
#include "poise/tensor/tensor.h"

namespace poise {

inline constexpr float kMaxSigma = 64.0F;

struct GaussianHeatmap {
  float sigma = 2.0F;   // heatmap pixels, in (0, kMaxSigma]: 2 for 256-type inputs, 3 for 384-type
  float stride = 4.0F;  // input pixels a heatmap pixel
};

enum class Refine {
  kNone,     // arg-max
  kQuarter,  // a quarter pixel towards the higher neighbour (Simple Baselines)
  kDark,     // Gaussian blur, log, one Newton step
};

/// Joints in input pixels -> (joints, height, width) targets with peak 1 at the rounded centre, and one weight a joint:
/// 0 where `present` is false or the Gaussian falls outside altogether (by more than one pixel, at the left and the
/// top: the source's test), or the joint is not a number. As many of `present` as of `joints`. Pure.
struct EncodedHeatmaps {
  Tensor heatmaps;             // (joints, height, width)
  std::vector<float> weights;  // one a joint
};
EncodedHeatmaps encode(const GaussianHeatmap& codec, std::span<const Point> joints, std::span<const bool> present,
                       Size heatmap);

/// (joints, height, width) row-major -> keypoints in heatmap pixels; score = peak; first arg-max on ties; a peak <= 0
/// gives (0, 0); NaN never is a peak, a map of nothing else scores 0. Refinement leaves peaks near the border as they
/// are. Pure.
std::vector<Keypoint> decode(const GaussianHeatmap& codec, const float* heatmaps, int joints, Size heatmap,
                             Refine refine = Refine::kQuarter);

/// out = (heatmaps + mirrored, pair-swapped flipped) / 2, in place on `heatmaps`; `flipped` is the output for the
/// mirrored input. With shift, the flipped maps move one column to the right, column 0 staying as it was
/// (lib/core/function.py validate, SHIFT_HEATMAP). flip_index: Skeleton::flip_index().
void merge_flipped(float* heatmaps, const float* flipped, int joints, Size heatmap, std::span<const int> flip_index,
                   bool shift);

}  // namespace poise
