#pragma once
// What was found in one frame of a video: the currency of everything that follows people through time. Any threads.

#include <cstdint>

#include "poise/person/pose.h"

namespace poise {

struct TimedFrame {
  std::int64_t index = 0;  // of the frame in its video, from 0; frames that were passed over are counted
  double seconds = 0;      // its presentation time, from the video's first frame
  FrameResult result;      // poses carry their track's id (Pose::track_id)
};

}  // namespace poise
