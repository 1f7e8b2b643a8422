#pragma once
// Average precision of boxes at one overlap, as COCO counts it (cocoeval.py): greedily by score, one found box a true
// one, those that meet none but an ignored place not counted. For training; metrics/coco_eval has all of COCO's
// figures.

#include <functional>
#include <span>
#include <vector>

#include "poise/geometry/box.h"

namespace poise {

struct ScoredBox {
  Box box;
  float score = 0;
};

struct JudgedBox {
  float score = 0;
  bool right = false;
};

/// Of one picture. `is_ignored` says of a box that meets no true one whether it counts for nothing; empty: all count.
std::vector<JudgedBox> judge_boxes(std::span<const ScoredBox> found, std::span<const Box> truth, float min_iou,
                                   const std::function<bool(const Box&)>& is_ignored = {});

/// The mean over 101 recalls of the highest precision at that recall or more; 0 without truths. Pure.
double average_precision(std::vector<JudgedBox> judged, std::size_t truths);

}  // namespace poise
