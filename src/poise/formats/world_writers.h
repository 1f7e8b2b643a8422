#pragma once
// One writer a form of poses in space, a text out. Internal to formats; write_world_poses is for users. Pure.

#include <string>
#include <vector>

#include "poise/formats/world_poses.h"

namespace poise {

/// One person, a moment for each frame from their first to their last.
struct WorldTrack {
  struct Moment {
    std::int64_t frame = 0;
    double seconds = 0;
    const WorldPose* pose = nullptr;  // null: not there in this frame
  };
  int id = 0;
  double frames_per_second = 30;
  std::vector<Moment> moments;
};

std::string world_trc(const WorldPoseSet& set, const WorldTrack& track, const std::string& name);
/// Errors: kUnsupported (a skeleton without hips or shoulders).
Result<std::string> world_bvh(const WorldPoseSet& set, const WorldTrack& track);

}  // namespace poise
