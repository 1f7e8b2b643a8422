#pragma once
// Boxes, and the convention that stands beside that of points (point.h): a box is COCO's, whose numbers count from the
// picture's edges. [x, y, width, height] covers the columns x to x + width - 1 and the rows y to y + height - 1, so
// that a whole picture is [0, 0, W, H]. Points count from the centre of the first pixel. The field takes the ones for
// the others, half a pixel apart, when it cuts out crops (crop/crop.h) and when it compares joints with boxes, and so
// do we, to agree with what networks were trained on; nothing is added or taken away on the way.

#include "poise/geometry/point.h"

namespace poise {

/// Left top corner and extent, in pixels.
struct Box {
  float x = 0;
  float y = 0;
  float width = 0;
  float height = 0;

  Point centre() const { return {x + width * 0.5F, y + height * 0.5F}; }
  float area() const { return width * height; }
  friend bool operator==(const Box&, const Box&) = default;
};

/// Intersection over union, in [0, 1]; 0 where either is empty. Pure.
float iou(const Box& a, const Box& b);

/// The part of the box inside the picture, empty where there is none. Pure.
Box inside(const Box& box, Size image);

/// The ground-truth clean of Simple Baselines (lib/dataset/coco.py, _load_coco_keypoint_annotation_kernal):
/// x1 = max(0, x), y1 = max(0, y), x2 = min(W-1, x1 + max(0, w-1)), y2 likewise; the box is [x1, y1, x2-x1, y2-y1].
/// An empty box (width or height <= 0) comes back where nothing of it lies inside the image. Pure.
Box clean_box(const Box& box, Size image);

}  // namespace poise
