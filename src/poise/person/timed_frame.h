#pragma once
// What was found in one frame of a video: the currency of everything that follows people through time. Any threads.

#include <cstdint>
#include <map>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

struct TimedFrame {
  std::int64_t index = 0;  // of the frame in its video, from 0; frames that were passed over are counted
  double seconds = 0;      // its presentation time, from the video's first frame
  FrameResult result;      // poses carry their track's id (Pose::track_id)
  /// Joints, by index and in order, that come from frames before and after instead of this one (offline smoothing), of
  /// the pose with this track_id. All of its joints: the person was not seen in this frame.
  std::map<int, std::vector<int>> filled;

  /// Of this pose; null where all of it is of this frame.
  const std::vector<int>* filled_of(const Pose& pose) const {
    const auto joints = pose.track_id ? filled.find(*pose.track_id) : filled.end();
    return joints == filled.end() ? nullptr : &joints->second;
  }
};

}  // namespace poise
