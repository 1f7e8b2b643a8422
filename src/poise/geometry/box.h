#pragma once
#include "poise/geometry/point.h"

namespace poise {

/// Top-left corner and extent in pixels, as COCO writes boxes.
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

/// The ground-truth clean of Simple Baselines (lib/dataset/coco.py, _load_coco_keypoint_annotation_kernal):
/// x1 = max(0, x), y1 = max(0, y), x2 = min(W-1, x1 + max(0, w-1)), y2 likewise; the box is [x1, y1, x2-x1, y2-y1].
/// An empty box (width or height <= 0) comes back where nothing of it lies inside the image. Pure.
Box clean_box(const Box& box, Size image);

}  // namespace poise
