#pragma once
// A codec that the library does not know: two outputs, where each joint is along x and along y, highest where it is.

#include <algorithm>
#include <vector>

#include "poise/codec/pose_codec.h"

namespace poise::kit {

class AxesCodec : public PoseCodec {
 public:
  const char* name() const override { return "axes"; }
  Json parameters() const override { return Json::object(); }

  Result<PoseAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton,
                           Size input) const override {
    POISE_TRY(const std::size_t x, find_output(outputs, "along_x"));
    POISE_TRY(const std::size_t y, find_output(outputs, "along_y"));
    PoseAnswer answer{input, skeleton.flip_index(), {x, y}};
    for (const std::size_t index : answer.outputs) {
      const Shape& shape = outputs[index].shape;
      if (shape.size() != 3 || shape[1] != skeleton.size()) return unsupported("axes are (N, joints, cells)");
      answer.shapes.emplace_back(shape.begin() + 1, shape.end());
    }
    return answer;
  }

  std::vector<Keypoint> decode(const PoseAnswer& answer, std::span<const float* const> values) const override {
    std::vector<Keypoint> keypoints(static_cast<std::size_t>(answer.joints()));
    for (std::size_t j = 0; j < keypoints.size(); ++j) {
      const float* x = values[0] + j * cells(answer, 0);
      const float* y = values[1] + j * cells(answer, 1);
      const float* const at_x = std::max_element(x, x + cells(answer, 0));
      const float* const at_y = std::max_element(y, y + cells(answer, 1));
      keypoints[j] = {{static_cast<float>(at_x - x) * step(answer, 0), static_cast<float>(at_y - y) * step(answer, 1)},
                      std::min(*at_x, *at_y)};
    }
    return keypoints;
  }

  void merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                     std::span<const float* const> flipped) const override {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::size_t count = cells(answer, axis);
      for (std::size_t j = 0; j < answer.flip_index.size(); ++j) {
        const float* other = flipped[axis] + static_cast<std::size_t>(answer.flip_index[j]) * count;
        float* own = values[axis] + j * count;
        for (std::size_t i = 0; i < count; ++i) own[i] = (own[i] + other[axis == 0 ? count - 1 - i : i]) / 2;
      }
    }
  }

  Result<Shape> target_shape(const PoseAnswer& answer) const override {
    return Shape{answer.joints(), answer.shapes[0][1] + answer.shapes[1][1]};
  }

  void encode(const PoseAnswer& answer, std::span<const Point> joints, std::span<const bool> present,
              std::span<float> targets, std::span<float> weights) const override {
    std::fill(targets.begin(), targets.end(), 0.0F);
    for (std::size_t j = 0; j < joints.size(); ++j) {
      const float x = joints[j].x / step(answer, 0) + 0.5F, y = joints[j].y / step(answer, 1) + 0.5F;
      const std::size_t columns = cells(answer, 0), rows = cells(answer, 1);
      weights[j] = present[j] && x >= 0 && y >= 0 && x < static_cast<float>(columns) && y < static_cast<float>(rows);
      if (weights[j] == 0) continue;
      targets[j * columns + static_cast<std::size_t>(x)] = 1;
      targets[joints.size() * columns + j * rows + static_cast<std::size_t>(y)] = 1;
    }
  }

 private:
  static std::size_t cells(const PoseAnswer& answer, std::size_t axis) {
    return static_cast<std::size_t>(answer.shapes[axis][1]);
  }
  static float step(const PoseAnswer& answer, std::size_t axis) {
    return static_cast<float>(axis == 0 ? answer.input.width : answer.input.height) /
           static_cast<float>(cells(answer, axis));
  }
};

inline PoseCodecFamily axes_codec_family() {
  return {"axes", {}, [](const Json&) { return Result<PoseCodecPtr>(std::make_shared<AxesCodec>()); }};
}

}  // namespace poise::kit
