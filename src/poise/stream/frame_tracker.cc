#include "poise/stream/frame_tracker.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "poise/track/lucas_kanade.h"

namespace poise {

void link_people(const PoseFinder& finder, Tracker* tracker, std::vector<Pose>& poses) {
  const bool looks_at_boxes = finder.one_stage() == nullptr;
  const std::size_t carried = tracker != nullptr && looks_at_boxes ? tracker->carried() : 0;
  const auto first_carried = poses.end() - static_cast<std::ptrdiff_t>(std::min(carried, poses.size()));
  std::vector<Pose> others(std::make_move_iterator(first_carried), std::make_move_iterator(poses.end()));
  poses.erase(first_carried, poses.end());
  if (finder.people().are_guesses()) {
    Estimate found;
    found.poses = std::move(poses);
    remove_doubles(found, finder.crop(), finder.skeleton(), finder.doubles());
    poses = std::move(found.poses);
  }
  std::move(others.begin(), others.end(), std::back_inserter(poses));
  if (tracker != nullptr) tracker->link(poses);
}

FrameTracker::FrameTracker(Skeleton skeleton, const FrameTrackerOptions& options)
    : options_(options), tracker_(std::move(skeleton), options.tracker) {
  if (options_.flow) flow_ = std::make_unique<LucasKanade>();
  if (options_.smooth) steady_.emplace(*options_.smooth);
}

Result<FrameResult> FrameTracker::next(PoseFinder& finder, const ImageView& image, double seconds) {
  if (image.empty()) return invalid_argument("the image is empty");
  if (!(finder.skeleton() == tracker_.skeleton())) {
    return invalid_argument("the tracker is of skeleton " + tracker_.skeleton().name + ", the finder's poses are of " +
                            finder.skeleton().name);
  }
  if (finder.people().boxes()) return invalid_argument("boxes from a file are of pictures, not of a video's frames");
  if (!std::isfinite(seconds) || (last_ && seconds < *last_)) {
    return invalid_argument("the frame's time is not finite, or before that of the last frame");
  }
  std::shared_ptr<const FlowStep> step;
  if (flow_ != nullptr) {
    POISE_TRY(step, flow_->next(image));
  }
  last_ = seconds;
  tracker_.begin(step.get(), seconds, image.size());
  const bool due = frames_++ % std::max(1, options_.detect_every) == 0 && !finder.people().is_whole_picture();
  auto poses = look(finder, image, due);
  if (!poses.ok()) {
    std::vector<Pose> nobody;
    tracker_.link(nobody);
    return poses.error();
  }
  FrameResult frame;
  frame.width = image.width;
  frame.height = image.height;
  frame.box_source = finder.people().name();
  frame.poses = std::move(*poses);
  link_people(finder, &tracker_, frame.poses);
  if (steady_) steady_->smooth(frame.poses, seconds);
  return frame;
}

/// Poses of the boxes that the tracker proposes, or of whom the network finds itself.
Result<std::vector<Pose>> FrameTracker::look(PoseFinder& finder, const ImageView& image, bool look_for_people) {
  std::vector<PersonBox> boxes;
  if (OneStage* network = finder.one_stage(); network != nullptr) {
    POISE_TRY(std::vector<Pose> poses, network->find(image));
    for (const Pose& pose : poses) boxes.push_back({pose.box, pose.box_score});
    tracker_.propose(boxes);
    return poses;
  }
  if (finder.people().is_whole_picture()) boxes.push_back({whole_box(image.size())});
  Detector* detector = finder.people().detector();
  if (detector != nullptr && look_for_people) {
    POISE_TRY(boxes, detector->detect(image));
  }
  boxes = tracker_.propose(boxes, look_for_people);
  POISE_TRY(Estimate estimate, finder.estimator()->estimate(image, boxes));
  return std::move(estimate.poses);
}

}  // namespace poise
