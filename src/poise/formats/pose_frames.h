#pragma once
// Poses of a video, frame after frame, from files: what is lifted and triangulated. No state: thread-safe.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "poise/formats/pose_set.h"
#include "poise/person/timed_frame.h"

namespace poise {

struct PoseFrames {
  Skeleton skeleton;
  std::vector<TimedFrame> frames;  // by rising index; a joint that was not found has NaN for its point and score 0
  std::vector<std::string> notes;  // what was left out or is odd, to be said aloud
};

/// The JSON Lines in which videos' poses are written, taken as they come, from a pipe too. One thread at a time.
class PoseLines {
 public:
  /// Line after line. Nothing where it holds no frame: the first one, which says what follows, and empty ones. Errors:
  /// kMalformed, with the line's number.
  Result<std::optional<TimedFrame>> take(std::string_view line);
  /// Once the first line was taken.
  const std::optional<Skeleton>& skeleton() const { return skeleton_; }

 private:
  Result<std::optional<TimedFrame>> read(std::string_view line);
  std::optional<Skeleton> skeleton_;
  std::size_t number_ = 0;
};

/// The JSON Lines in which videos' poses are written, or whatever read_pose_set() reads, whose pictures are then frames
/// in their order, `frames_per_second` of them. Someone alone in each frame who has no track_id gets 1. Errors: those
/// of read_pose_set; kInvalidArgument (truths).
Result<PoseFrames> read_pose_frames(const std::filesystem::path& path, const PoseReadOptions& options = {},
                                    double frames_per_second = 30);

}  // namespace poise
