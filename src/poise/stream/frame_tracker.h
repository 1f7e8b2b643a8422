#pragma once
// People followed from picture to picture for callers who have one frame at a time and want its people at once. Whoever
// has a whole source lets run_stream() overlap its frames instead. One thread at a time.

#include <memory>
#include <optional>
#include <vector>

#include "poise/infer/pose_finder.h"
#include "poise/track/flow.h"
#include "poise/track/one_euro.h"
#include "poise/track/tracker.h"

namespace poise {

/// What the finder keeps of poses of its boxes, and the ids that the tracker gives them: the end of each frame. Poses
/// are in the order of Tracker::propose()'s boxes, those of carried boxes last; doubles go among the others alone,
/// since whether a carried box shows somebody else is the tracker's to say. No tracker: no ids.
void link_people(const PoseFinder& finder, Tracker* tracker, std::vector<Pose>& poses);

struct FrameTrackerOptions {
  TrackerOptions tracker = {};
  bool flow = true;                                         // joints are carried by Lucas-Kanade, else by motion alone
  std::optional<OneEuroOptions> smooth = OneEuroOptions{};  // nothing: joints stay as they were found
  int detect_every = 1;  // frames; between them people are looked for where they are carried
};

class FrameTracker {
 public:
  explicit FrameTracker(Skeleton skeleton, const FrameTrackerOptions& options = {});

  /// Everyone in the next frame, with their ids. `finder`: of the tracker's skeleton, any sibling; `seconds`: the
  /// frame's time, not before the last one's. After an error the frame counts as one in which nobody was seen. Errors:
  /// kInvalidArgument (an empty image, times that go back, another skeleton, boxes from a file), those of the networks.
  Result<FrameResult> next(PoseFinder& finder, const ImageView& image, double seconds);

  const Tracker& tracker() const { return tracker_; }
  const FrameTrackerOptions& options() const { return options_; }

 private:
  Result<std::vector<Pose>> look(PoseFinder& finder, const ImageView& image, bool look_for_people);

  FrameTrackerOptions options_;
  Tracker tracker_;
  std::unique_ptr<Flow> flow_;
  std::optional<OneEuro> steady_;
  std::int64_t frames_ = 0;
  std::optional<double> last_;  // seconds
};

}  // namespace poise
