#pragma once
// Gaussian heatmaps: one map a joint, highest where it is. Source: Simple Baselines lib/dataset/JointsDataset.py
// generate_target, lib/core/inference.py; DARK refinement: Zhang et al., CVPR 2020, section 3. Pure.

#include "poise/codec/pose_codec.h"

namespace poise {

inline constexpr float kMaxSigma = 64.0F;

enum class Refine {
  kNone,     // arg-max
  kQuarter,  // a quarter pixel of the map towards the higher neighbour (Simple Baselines)
  kDark,     // Gaussian blur, log, one Newton step
};

struct GaussianHeatmap {
  float sigma = 2.0F;  // heatmap pixels, in (0, kMaxSigma]: 2 for 256-type inputs, 3 for 384-type
  Refine refine = Refine::kQuarter;
  bool flip_shift = true;  // SHIFT_HEATMAP: merge_flipped() moves the flipped maps
};

/// The network's answer is (N, joints, h, w), called "heatmaps" where there are others. Its pixels are w a width of the
/// input, and its middle is the input's (lib/utils/transforms.py transform_preds: no half pixel is added).
///
/// decode(): score = peak; first arg-max on ties; a peak <= 0 gives the map's first pixel; NaN never is a peak, a map
/// of nothing else scores 0. Refinement leaves peaks near the border as they are.
///
/// encode(): targets (joints, h, w) with a peak of 1 at the joint's pixel, rounded. Weight 0 too where the Gaussian
/// falls outside altogether (by more than one pixel, at the left and the top: the source's test), or the joint is not a
/// number. Maps that are not the input's shape cannot be taught.
///
/// merge_flipped(): with flip_shift, the flipped maps move one column to the right, column 0 staying as it was
/// (lib/core/function.py validate, SHIFT_HEATMAP).
PoseCodecPtr gaussian_heatmap(const GaussianHeatmap& parameters = {});

/// Card members "sigma" (2; refine dark needs it), "refine" none|quarter|dark (quarter), "flip_shift" (true).
PoseCodecFamily gaussian_heatmap_family();

}  // namespace poise
