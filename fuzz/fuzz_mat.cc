// .mat files of version 5 and what is made of them: whatever the bytes are, an error or finite joints. Version 7.3 is
// fuzz_mat_hdf5's.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "poise/formats/pose_readers.h"

namespace {

void check(const poise::Result<poise::PoseSet>& set) {
  if (!set.ok()) {
    if (set.error().message.empty()) std::abort();
    return;
  }
  const auto joints = static_cast<std::size_t>(set->skeleton.size());
  for (const poise::PoseSet::Image& image : set->images) {
    for (const poise::Annotation& truth : image.truths) {
      if (truth.keypoints.size() != joints) std::abort();
      for (const auto& joint : truth.keypoints) {
        if (!std::isfinite(joint.point.x) || !std::isfinite(joint.point.y)) std::abort();
      }
    }
    for (const poise::Pose& pose : image.poses) {
      if (pose.keypoints.size() != joints) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto variables = poise::parse_mat({data, size});
  if (!variables.ok()) {
    if (variables.error().message.empty()) std::abort();
    return 0;
  }
  if (poise::describe(*variables).empty()) std::abort();
  check(poise::lsp_from_mat(*variables));
  check(poise::mpii_from_mat(*variables));
  return 0;
}
