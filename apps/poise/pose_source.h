#pragma once
// Recorded poses, as track writes them, in place of a camera: from a file, or from standard input as they come.

#include <functional>
#include <memory>
#include <string>

#include "poise/person/timed_frame.h"

namespace poise::app {

class PoseSource {
 public:
  virtual ~PoseSource() = default;
  virtual const Skeleton& skeleton() const = 0;
  /// Nothing at the end, and after Ctrl-C.
  virtual Result<std::optional<TimedFrame>> next() = 0;
};

/// Whether it is a recording's name.
bool names_recording(const std::string& source);

/// `at_its_pace`: each frame comes when its time has come. "-": lines of standard input, each when it is there. Errors:
/// those of read_pose_frames and of PoseLines; kMalformed (standard input ends before a first line).
Result<std::unique_ptr<PoseSource>> open_poses(const std::string& source, bool at_its_pace);

}  // namespace poise::app
