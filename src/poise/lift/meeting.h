#pragma once
// Who is who between cameras: poses of one moment, brought together by how well they fit one body. Internal to lift.
// Pure.

#include <span>
#include <vector>

#include "poise/geometry/camera.h"
#include "poise/person/pose.h"

namespace poise {

struct SeenPose {
  int camera = 0;
  const Pose* pose = nullptr;
};

struct MeetingOptions {
  float min_score = 0.3F;  // joints below are not looked at
  double max_error = 15;   // pixels: pairs of poses whose joints meet no better, in the median, are two people
  int min_joints = 5;      // that two poses must share
};

/// Groups of indices into `seen`, the best first, one pose a camera at most; those that nobody meets are alone.
std::vector<std::vector<std::size_t>> meet(std::span<const Camera> cameras, std::span<const SeenPose> seen,
                                           const MeetingOptions& options);

}  // namespace poise
