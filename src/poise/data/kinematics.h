#pragma once
// People made up, to learn lifting from: bodies with bone lengths and joint limits in poses of everyday and beyond,
// before cameras anywhere around them, seen with a detector's faults. Any threads.

#include <cstdint>
#include <vector>

#include "poise/base/random.h"
#include "poise/data/examples.h"
#include "poise/geometry/camera.h"

namespace poise {

struct KinematicOptions {
  double noise = 0.015;     // the largest deviation of a joint's place, as a share of the person's size in the picture
  double fixed_noise = -1;  // from 0 on: this deviation in pixels for everyone instead, of pictures of 1000 pixels a
                            // side, and nothing else is wrong
  double lost = 0.04;       // joints that are not seen
  double cut = 0.1;         // people whose legs are not seen
};

/// COCO's 17 joints in metres in a camera's axes (x right, y down, z ahead), and where the camera sees them at depth 1.
struct MadePose {
  std::vector<Point3> joints;
  std::vector<Pixel> rays;  // NaN: not seen
  double focal = 1000;      // pixels, of a picture of 1000 by 1000
};
/// Someone of 1.45 to 1.95 m who stands, walks, sits, reaches or lies. A function of `random` alone.
MadePose make_pose(Random random, const KinematicOptions& options = {});

/// Examples for a network that lifts: image (51) as codec/lifting.h has it, targets (51), weights (17), all 1. Each is
/// new in each epoch.
ExamplesPtr made_poses(std::size_t count, const KinematicOptions& options);

}  // namespace poise
