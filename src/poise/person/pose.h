#pragma once
// What we predict (Pose, with scores) and what is true (Annotation, with visibility): different types on purpose.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "poise/geometry/box.h"
#include "poise/geometry/point.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

struct Keypoint {
  Point point;      // image pixels unless the holder says otherwise
  float score = 0;  // as decoded: about [0, 1], a little beyond; results are written clamped (written_scores.h)
};

struct Pose {
  std::vector<Keypoint> keypoints;  // one a joint of the skeleton, in its order
  float score = 0;                  // of the whole person
  Box box;                          // the box it was estimated from, image pixels
  float box_score = 1;              // the detector's, 1 where boxes are given as true
  std::optional<int> track_id;
};

/// A box, turned about its centre.
struct TurnedBox {
  Box box;
  float degrees = 0;  // as CropOptions::rotation
};

/// A box to look for one person in.
struct PersonBox {
  Box box;
  float score = 1;
  /// Where the detector knows how somebody lies: the square about the person, turned so that it is upright in it. What
  /// networks that are taught on upright people cut out instead of the box (PoseCodec::wants_upright).
  std::optional<TurnedBox> upright = {};
  /// Where annotations give the box: their own, within the picture. `box` is a pixel smaller then, as Simple Baselines
  /// reads it; this is what networks cut out that count from edges (PoseCodec::wants_edges).
  std::optional<Box> annotated = {};
};

/// What became of one picture or video frame.
struct FrameResult {
  std::string source;                    // path as the user gave it, or relative to the folder given
  std::optional<std::int64_t> image_id;  // of the boxes file
  int width = 0;                         // of the picture the keypoints refer to
  int height = 0;
  int exif_orientation = 1;
  bool exif_applied = false;
  std::string box_source;  // "boxes.json", "yolox.onnx", "whole image"
  std::vector<Pose> poses;
};

enum class Visibility { kAbsent = 0, kOccluded = 1, kVisible = 2 };  // COCO's v

struct Annotation {
  struct TrueKeypoint {
    Point point;
    Visibility visibility = Visibility::kAbsent;
  };
  std::int64_t id = 0;
  std::vector<TrueKeypoint> keypoints;
  Box box;
  float area = 0;
  bool crowd = false;
};

/// The tight box of the joints that score at least `min_score`, `enlarge` of its extents larger, half on each side
/// (Simple Baselines: 15 %); nothing where fewer than `min_joints` do. Pure.
std::optional<Box> box_of_joints(const std::vector<Keypoint>& joints, float min_score, float enlarge,
                                 int min_joints = 2);

/// Person score of Simple Baselines (lib/dataset/coco.py, evaluate): the mean of the joint scores above
/// `visible_threshold` (0 if none), times the box score. Pure.
float person_score(const std::vector<Keypoint>& keypoints, float box_score, float visible_threshold = 0.2F);

/// Joints of `derived` computed from a pose of its base skeleton: mean of the sources, smallest score. Pure.
Pose derive(const Pose& pose, const Skeleton& derived);

}  // namespace poise
