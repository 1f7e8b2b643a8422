#pragma once
// People on a picture: joints, limbs, boxes and what is known of them. Left is green, right orange, the centre blue;
// widths follow the person's size, the face is finer, and a dark rim keeps lines readable on any ground. Coordinates
// may be anything: what lies outside the picture is clipped. Distinct pictures may be drawn on in any threads.

#include <cstdint>
#include <span>

#include "poise/geometry/affine.h"
#include "poise/image/image.h"
#include "poise/person/pose.h"

namespace poise {

enum class DrawColours : std::uint8_t {
  kSide,    // of the person's own sides; of several people, each one's centre and box have a colour of their own
  kPerson,  // one a person, their left lighter and their right darker
};

/// What the library draws where nothing is said; the program's defaults are the same.
struct DrawOptions {
  float min_score = 0.3F;   // joints that score less are left out, with their limbs
  float line_width = 0.0F;  // of limbs, in pixels; 0: from the person's size, short limbs and faces thinner
  float alpha = 1.0F;       // opacity of all that is drawn, 0 to 1
  DrawColours colours = DrawColours::kSide;
  bool joints = true;
  bool limbs = true;
  bool boxes = false;
  bool labels = false;  // what it is: "person"
  bool scores = false;  // the person's
  bool ids = false;     // the track's number; without tracks the place in the list, from 1
};

/// Draws on `image` in place, whose order of bytes is kept. The first of the list lies on top. poses: of `skeleton`.
void draw(const MutableImageView& image, std::span<const Pose> poses, const Skeleton& skeleton,
          const DrawOptions& options = {});
inline void draw(Image& image, std::span<const Pose> poses, const Skeleton& skeleton, const DrawOptions& options = {}) {
  draw(image.mutable_view(), poses, skeleton, options);
}
inline void draw(const MutableImageView& image, const Pose& pose, const Skeleton& skeleton,
                 const DrawOptions& options = {}) {
  draw(image, std::span(&pose, 1), skeleton, options);
}
inline void draw(Image& image, const Pose& pose, const Skeleton& skeleton, const DrawOptions& options = {}) {
  draw(image.mutable_view(), std::span(&pose, 1), skeleton, options);
}

/// Truth as a perfect prediction, to be drawn: score 1 where the joint is in the picture, else 0.
Pose as_pose(const Annotation& truth);

/// One picture of all joints' heatmaps laid over the photograph: `heatmaps` is (joints, h, w) and
/// heatmap_from_image tells where it lies. Values are clipped to [0, 1].
void draw_heatmaps(const MutableImageView& image, const float* heatmaps, int joints, Size heatmap,
                   const Affine& heatmap_from_image);
inline void draw_heatmaps(Image& image, const float* heatmaps, int joints, Size heatmap,
                          const Affine& heatmap_from_image) {
  draw_heatmaps(image.mutable_view(), heatmaps, joints, heatmap, heatmap_from_image);
}

}  // namespace poise
