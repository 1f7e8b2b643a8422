// Readers of poses as text, each asked: CSV, MPII's JSON, OpenPose's, PoseTrack's and ours.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "poise/formats/pose_readers.h"

namespace {

void check(const poise::Status& status, const poise::PoseSet& set) {
  if (!status.ok()) {
    if (status.error().message.empty()) std::abort();
    return;
  }
  const auto joints = static_cast<std::size_t>(set.skeleton.size());
  for (const poise::PoseSet::Image& image : set.images) {
    for (const poise::Pose& pose : image.poses) {
      if (pose.keypoints.size() != joints) std::abort();
    }
    for (const poise::Annotation& truth : image.truths) {
      if (truth.keypoints.size() != joints) std::abort();
    }
  }
}

void check(const poise::Result<poise::PoseSet>& set) {
  if (set.ok()) {
    check(poise::Status(), *set);
  } else {
    check(poise::Status(set.error()), {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(poise::csv_pose_set(text));
  const auto json = poise::parse_json(text);
  if (!json.ok()) return 0;
  check(poise::mpii_from_json(*json));
  std::optional<poise::Skeleton> skeleton;
  const auto poses = poise::openpose_poses(*json, skeleton);
  if (poses.ok() && !poses->empty() && !skeleton) std::abort();
  const auto sequence = poise::parse_posetrack(*json);
  if (sequence.ok()) {
    check(poise::posetrack_pose_set(*sequence));
    if (!poise::parse_posetrack(poise::posetrack17_json(*sequence)).ok()) std::abort();
  } else {
    check(poise::Status(sequence.error()), {});
  }
  poise::PoseSet set;
  check(poise::add_poses_json(*json, set), set);
  return 0;
}
