#include "poise/codec/one_stage_codec.h"

#include <array>
#include <utility>

#include "poise/codec/one_stage/families.h"

namespace poise {

std::span<const OneStageCodecFamily> one_stage_codec_families() {
  static const std::array kFamilies = {
      yolo_pose_family(),
      rtmo_family(),
      movenet_multipose_family(),
      part_affinity_family(),
  };
  return kFamilies;
}

const OneStageCodecFamily* find_one_stage_codec(const std::string& name) {
  for (const OneStageCodecFamily& family : one_stage_codec_families()) {
    if (name == family.name) return &family;
  }
  return nullptr;
}

std::vector<FoundPerson> suppress(std::vector<FoundPerson> found, float iou, int max) {
  std::vector<Detection> boxes;
  boxes.reserve(found.size());
  for (const FoundPerson& person : found) boxes.push_back(person.found);
  std::vector<FoundPerson> kept;
  for (const std::size_t i : suppress_indices(boxes, iou, max)) kept.push_back(std::move(found[i]));
  return kept;
}

}  // namespace poise
