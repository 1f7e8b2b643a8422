#pragma once
// Extra labels laid over a data set: joints that a teacher network found, and labels of the set that it contradicts
// (models/labels, scripts/teacher). Persons meet their labels by image id, so an image has one person. Thread-safe.

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include "poise/data/data_set.h"

namespace poise {

struct Overlay {
  struct Labels {
    std::vector<Point> points;  // one a name in `joints`
    std::vector<float> scores;  // 0: no such label
    std::vector<int> far;       // joints of coco17 whose own label is far from the teacher's
    std::vector<int> mirrored;  // ... is where the teacher sees its mirror joint
  };
  std::vector<std::string> joints;
  std::map<std::int64_t, Labels> by_image;
};

/// {"keypoints": [names], "annotations": [{"image_id", "keypoints": [x, y, score in hundredths, ...], "far"?: [...],
/// "mirrored"?: [...]}]}. Errors: kNotFound, kIo, kMalformed, kTooLarge (64 MiB); messages start with the path.
Result<Overlay> read_overlay(const std::filesystem::path& path);
Result<Overlay> parse_overlay(const Json& json);

struct OverlayOptions {
  float min_score = 0.3F;       // labels below are not taken
  float weight = 1.0F;          // of a joint taken from the teacher, [0, 1]; joints labelled already stay as they are
  bool veto_far = true;         // contradicted labels get weight 0 ...
  bool veto_mirrored = true;    //
  bool replace_vetoed = false;  // ... and the teacher's place where it has one
};

/// The set with the labels laid over, joints matched by name. Errors: kInvalidArgument (two persons of one image, no
/// image or no joint in common, options).
Result<DataSetPtr> with_overlay(DataSetPtr set, const Overlay& overlay, const OverlayOptions& options = {});

}  // namespace poise
