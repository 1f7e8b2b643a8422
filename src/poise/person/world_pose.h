#pragma once
// Poses in space: what cameras triangulate, what is lifted from one camera. Plain values: any threads.

#include <cstdint>
#include <optional>
#include <vector>

#include "poise/geometry/space.h"

namespace poise {

struct WorldKeypoint {
  Point3 point;      // NaN: the joint is not known
  float score = 0;   // about [0, 1]
  float error = -1;  // of triangulated joints: root mean square of the distance in pixels to what the cameras saw
};

struct WorldPose {
  std::vector<WorldKeypoint> keypoints;  // one a joint of the skeleton, in its order
  float score = 0;                       // of the whole person
  std::optional<int> track_id;
};

struct WorldFrame {
  std::int64_t index = 0;  // of the video's frame, from 0
  double seconds = 0;
  std::vector<WorldPose> poses;
};

/// Which way is up where poses stand: the axes of cameras have y down, calibrated rooms mostly z up.
enum class UpAxis { kY, kMinusY, kZ };
const char* name_of(UpAxis up);  // "y", "-y", "z"
std::optional<UpAxis> up_axis_by_name(const char* name);

/// The turn to axes with y up, which motion files want.
Matrix3 y_up_from(UpAxis up);

}  // namespace poise
