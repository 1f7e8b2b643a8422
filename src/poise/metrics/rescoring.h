#pragma once
// From what a network says of each person to one score, and to one pose a person: what stands between an estimator and
// the metric, and moves it by a point or more.

#include <span>
#include <vector>

#include "poise/person/pose.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

enum class ScoreMode {
  kBox,             // the box's score alone
  kBoxTimesJoints,  // times the mean of the joint scores above a threshold (person_score; Simple Baselines, mmpose)
  kBoxPlusJoints,   // plus the joint scores' mean and largest (mmpose coco_metric.py, score_mode bbox_rle)
};

/// Pure. `visible_threshold` is for kBoxTimesJoints.
float rescore(const Pose& pose, ScoreMode mode, float visible_threshold = 0.2F);

struct SoftKept {
  int index = 0;
  float score = 0;  // lowered by each better one: s * exp(-oks^2 / threshold)
};

/// Soft OKS-NMS with Gaussian decay: nobody is dropped for being alike, but only the best `max_poses` by lowered score
/// are kept, best first (mmpose evaluation/functional/nms.py, soft_oks_nms; mmpose then goes on with the scores as they
/// were). areas[i] belongs to poses[i]. Pure.
std::vector<SoftKept> soft_oks_nms(std::span<const Pose> poses, std::span<const float> areas, const Skeleton& skeleton,
                                   float threshold = 0.9F, int max_poses = 20);

}  // namespace poise
