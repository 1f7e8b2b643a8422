#include "poise/codec/pose_codec.h"

#include <array>
#include <cmath>

#include "poise/base/counted.h"
#include "poise/codec/blazepose.h"
#include "poise/codec/gaussian_heatmap.h"
#include "poise/codec/movenet.h"
#include "poise/codec/regression.h"
#include "poise/codec/simcc.h"

namespace poise {

std::span<const PoseCodecFamily> pose_codec_families() {
  static const std::array kFamilies = {
      gaussian_heatmap_family(), simcc_family(), regression_family(), movenet_family(), blazepose_family(),
  };
  return kFamilies;
}

const PoseCodecFamily* find_pose_codec(const std::string& name, std::span<const PoseCodecFamily> families) {
  for (const PoseCodecFamily& family : families) {
    if (name == family.name) return &family;
  }
  return nullptr;
}

Result<std::size_t> find_output(std::span<const NetworkOutput> outputs, const std::string& name) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].name == name) return i;
  }
  if (outputs.size() == 1) return std::size_t{0};
  return unsupported("the network has " + counted(outputs.size(), "output") + ", none of them called \"" + name +
                     "\": call the one that is its answer so");
}

std::string describe(std::span<const NetworkOutput> outputs) {
  std::string text = outputs.size() == 1 ? "output " : "outputs ";
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    text += (i == 0 ? "" : ", ") + outputs[i].name + " (" + to_string(outputs[i].shape) + ")";
  }
  return text;
}

float PoseCodec::score_of(const std::vector<Keypoint>& keypoints, float box_score) const {
  return person_score(keypoints, box_score);
}

Pose decode_pose(const PoseCodec& codec, const PoseAnswer& answer, std::span<const float* const> values,
                 const Affine& image_from_input, const PersonBox& person) {
  Pose pose;
  pose.keypoints = codec.decode(answer, values);
  for (Keypoint& keypoint : pose.keypoints) {
    keypoint.point = image_from_input(keypoint.point);
    const bool finite = std::isfinite(keypoint.point.x) && std::isfinite(keypoint.point.y);
    if (!finite || !std::isfinite(keypoint.score)) keypoint = {{0, 0}, 0};
  }
  pose.box = person.box;
  pose.box_score = person.score;
  pose.score = codec.score_of(pose.keypoints, person.score);
  return pose;
}

}  // namespace poise
