#pragma once
// Whose gestures count. Internal to gesture.

#include <optional>

#include "poise/gesture/body.h"
#include "poise/person/timed_frame.h"

namespace poise {

/// One person of a frame, the same from frame to frame: by the track's id or, where poses have none, by where somebody
/// was. Another only once that one was not seen for LeaderOptions::patience.
class Leader {
 public:
  Leader(const LeaderOptions& options, BodyJoints joints, float min_score)
      : options_(options), joints_(joints), min_score_(min_score) {}

  /// The leader's pose in the frame; null where there is none. `changed`: it is another than the last one.
  const Pose* find(const TimedFrame& frame, bool& changed);
  void forget() { last_.reset(); }

 private:
  struct Seen {
    std::optional<int> id;
    Box box;  // about the joints
    double seconds = 0;
  };
  bool is_last(const Pose& pose) const;
  const Pose* choose(const TimedFrame& frame) const;

  LeaderOptions options_;
  BodyJoints joints_;
  float min_score_;
  std::optional<Seen> last_;
};

}  // namespace poise
