#include "poise/gesture/leader.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace poise {
namespace {

/// About the joints that are seen.
Box extent_of(const Pose& pose, float min_score) {
  constexpr float kTight = 0;
  constexpr int kEnough = 1;
  return box_of_joints(pose.keypoints, min_score, kTight, kEnough).value_or(Box{});
}

}  // namespace

bool Leader::is_last(const Pose& pose) const {
  if (last_->id || pose.track_id) return last_->id == pose.track_id;
  constexpr float kSame = 0.3F;  // IoU from frame to frame
  return iou(last_->box, extent_of(pose, min_score_)) > kSame;
}

const Pose* Leader::choose(const TimedFrame& frame) const {
  const Pose* best = nullptr;
  float most = -std::numeric_limits<float>::max();
  for (const Pose& pose : frame.result.poses) {
    const auto torso = torso_of(pose, joints_, min_score_);
    if (!torso || *torso < options_.min_size * static_cast<float>(frame.result.height)) continue;
    const float off = std::abs(extent_of(pose, min_score_).centre().x - static_cast<float>(frame.result.width) / 2);
    const float value = options_.choice == LeaderOptions::Choice::kLargest ? *torso : -off;
    if (value <= most) continue;
    most = value;
    best = &pose;
  }
  return best;
}

const Pose* Leader::find(const TimedFrame& frame, bool& changed) {
  changed = false;
  const Pose* pose = nullptr;
  if (last_) {
    const auto& poses = frame.result.poses;
    const auto same = std::ranges::find_if(poses, [this](const Pose& one) { return is_last(one); });
    if (same != poses.end()) pose = &*same;
    if (pose == nullptr && frame.seconds - last_->seconds <= options_.patience) return nullptr;
  }
  if (pose == nullptr) {
    pose = choose(frame);
    changed = true;
    if (pose == nullptr) last_.reset();
  }
  if (pose != nullptr) last_ = Seen{pose->track_id, extent_of(*pose, min_score_), frame.seconds};
  return pose;
}

}  // namespace poise
