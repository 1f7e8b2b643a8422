#pragma once
// Points and limbs on a picture: left green, right orange, centre blue; thickness follows the person's size; a dark
// rim keeps them readable on any ground.

#include <span>

#include "poise/geometry/affine.h"
#include "poise/image/image.h"
#include "poise/person/pose.h"

namespace poise {

struct DrawOptions {
  float min_score = 0.3F;  // joints below are left out, with their limbs
  float thickness = 0.0F;  // limb width in pixels; 0: from the person's size, short limbs thinner
  bool box = false;        // draw the box too
};

/// Draws on `image` in place. Joints outside it are clipped. poses: of `skeleton`.
void draw(Image& image, const Pose& pose, const Skeleton& skeleton, const DrawOptions& options = {});

/// Truth as a perfect prediction, to be drawn: score 1 where the joint is in the picture, else 0.
Pose as_pose(const Annotation& truth);

/// One picture of all joints' heatmaps laid over the photograph: `heatmaps` is (joints, h, w) and
/// heatmap_from_image tells where it lies. Values are clipped to [0, 1].
void draw_heatmaps(Image& image, const float* heatmaps, int joints, Size heatmap, const Affine& heatmap_from_image);

}  // namespace poise
