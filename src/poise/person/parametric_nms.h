#pragma once
// AlphaPose's suppression of doubles: likeness counts joints that lie together, and what is dropped still moves what is
// kept. Source: Fang et al., RMPE, ICCV 2017, section 3.3; AlphaPose, alphapose/utils/pPose_nms.py.

#include <span>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

/// The constants of pPose_nms.py, which were learned there.
struct ParametricNmsOptions {
  float score_width = 1;         // delta1: of the tanh around joint scores
  float distance_weight = 1.7F;  // mu
  float distance_width = 2.65F;  // delta2, pixels
  float alike = 22.48F;          // gamma: above, two poses are one person
  int matches = 5;               // so are they with as many joints within reach
  float reach = 0.1F;            // of the box's longer side; at most 7 pixels to match, 15 to merge
  float min_score = 0.3F;        // a person whose best joint scores less is dropped
};

struct MergedPose {
  int index = 0;  // of the pose that was kept
  Pose pose;      // its joints moved to the mean, by score, of those of its doubles within reach
};

/// Best mean joint score first; the person's score becomes the mean plus 1.25 times the best joint score, plus the box
/// score, as there: above 1. Poses have the same number of joints. Pure.
std::vector<MergedPose> parametric_nms(std::span<const Pose> poses, const ParametricNmsOptions& options = {});

}  // namespace poise
