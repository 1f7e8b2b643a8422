#pragma once
// Networks that find everyone at once, one file each: what their outputs look like and what they mean. K is the number
// of joints. Internal to codec.

#include "poise/codec/one_stage_codec.h"

namespace poise {

/// Ultralytics' YOLO-pose, in input pixels. As exported: columns (1, 4 + classes + K D, n), one for each cell of the
/// strides: centre and size, the classes in [0, 1], which are the score, and for each joint x, y and, where D is 3, how
/// sure it is, in [0, 1]; where D is 2 joints are as sure as their person. With suppression inside (nms=True) or none
/// needed (v26): rows (1, m, 6 + K D), left, top, right, bottom, score, class, joints. Source:
/// ultralytics/nn/modules/head.py, Pose; models/yolo/pose/predict.py. Card member "dimensions": D, 2 or 3 (3).
OneStageCodecFamily yolo_pose_family();

/// MMPose's RTMO as mmdeploy exports it: dets (1, n, 5), left, top, right, bottom, score, and keypoints (1, n, K, 3),
/// x, y, score, all in input pixels; its own suppression may have come before, or not. Source:
/// mmpose/models/heads/hybrid_heads/ rtmo_head.py, mmdeploy's rewriting of it.
OneStageCodecFamily rtmo_family();

/// MoveNet's multi-pose: (1, people, 3 K + 5): y, x, score of each joint, then top, left, bottom, right, score of the
/// person, coordinates as shares of the input. Source: tfhub.dev/google/movenet/multipose/lightning, model card.
OneStageCodecFamily movenet_multipose_family();

/// Part affinity fields of OpenPose's COCO model: heatmaps (1, 19, h, w), the last of the background, and fields (1,
/// 38, h, w); of several stages the last. Card member "grouping": "lightweight", as in Daniil-Osokin's
/// lightweight-human-pose-estimation.pytorch, modules/keypoints.py (a limb's score is the mean of its agreeing samples;
/// three parts make a person), or "openpose", as in the authors' evaluation code (the mean of all samples, less what it
/// is longer than half the picture; people whom a limb shows to be one are joined; four parts). The threshold is of a
/// person's sum of peaks and limbs by its parts, as in both: .2 and .4; the score that is handed out is the sum as a
/// share of a whole person's. Joints nobody found are at 0, 0 with a score of 0.
OneStageCodecFamily part_affinity_family();

}  // namespace poise
