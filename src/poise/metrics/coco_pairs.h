#pragma once
// Which detection was meant for which labelled person, for measures of what is read off their joints: by boxes that
// overlap and joints that lie alike, whatever the scores. Source: poseaudit 0.7 (poseaudit/pairing.py, pair), greedy.

#include <cstddef>
#include <utility>
#include <vector>

#include "poise/formats/coco_results_reader.h"

namespace poise {

struct CocoPairOptions {
  double min_iou = 0.3;         // of boxes, for a pair
  double min_similarity = 0.5;  // of joints, where the results have no boxes
};

struct CocoPairs {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;  // rows of the truth and of the results, by image
  std::vector<std::size_t> missed;                         // labelled persons without a detection
  std::size_t unmatched = 0;                               // detections without a person
  std::size_t crowds = 0;                                  // truths that are crowds: left out
  std::size_t without_joints = 0;                          // truths without a labelled joint: left out
};

/// Within an image and category the pair that ranks highest first: by the mean of IoU and object keypoint similarity
/// (area: the box's), of joints that both have. Results without boxes pair by how near their joints lie, at least two.
/// Pure.
CocoPairs pair_coco(const CocoTruth& truth, const CocoResults& results, const CocoPairOptions& options = {});

}  // namespace poise
