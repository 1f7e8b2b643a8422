#include "poise/codec/blazepose.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "poise/base/check.h"
#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

constexpr const char* kName = "blazepose";
constexpr std::size_t kJoints = 33;     // that are the person's
constexpr std::size_t kLandmarks = 39;  // with those that only help
constexpr std::size_t kNumbers = 5;     // x, y, z, visibility, presence
constexpr float kIsPerson = 0.5F;

/// The heatmaps, in either order of their axes.
struct Maps {
  const float* values = nullptr;
  int width = 0, height = 0;
  bool planar = true;
  float at(std::size_t joint, int x, int y) const {
    const auto cell = static_cast<std::size_t>(std::int64_t{y} * width + x);
    return planar ? values[joint * static_cast<std::size_t>(std::int64_t{width} * height) + cell]
                  : values[cell * kLandmarks + joint];
  }
};

std::optional<Maps> maps_of(const PoseAnswer& answer, std::span<const float* const> values) {
  if (values.size() < 3) return std::nullopt;
  const Shape& shape = answer.shapes[2];
  const bool planar = shape[0] == static_cast<std::int64_t>(kLandmarks);
  return Maps{values[2], static_cast<int>(shape[planar ? 2 : 1]), static_cast<int>(shape[planar ? 1 : 0]), planar};
}

/// Where the heatmap has its mass around the point, as a share of the map; the point itself where it is unsure.
Point refined(const Maps& maps, std::size_t joint, Point point) {
  constexpr int kReach = 3;      // kernel_size 7
  constexpr float kSure = 0.5F;  // min_confidence_to_refine
  const float across = point.x * static_cast<float>(maps.width), down = point.y * static_cast<float>(maps.height);
  // As MediaPipe's casts: towards zero.
  if (!(across > -1 && down > -1 && across < static_cast<float>(maps.width) &&
        down < static_cast<float>(maps.height))) {
    return point;
  }
  const int column = static_cast<int>(across), row = static_cast<int>(down);
  float sum = 0, x = 0, y = 0, most = 0;
  for (int v = std::max(0, row - kReach); v < std::min(maps.height, row + kReach + 1); ++v) {
    for (int u = std::max(0, column - kReach); u < std::min(maps.width, column + kReach + 1); ++u) {
      const float sure = sigmoid(maps.at(joint, u, v));
      sum += sure;
      most = std::max(most, sure);
      x += sure * static_cast<float>(u);
      y += sure * static_cast<float>(v);
    }
  }
  if (!(most >= kSure && sum > 0)) return point;
  return {x / static_cast<float>(maps.width) / sum, y / static_cast<float>(maps.height) / sum};
}

class BlazePoseCodec : public PoseCodec {
 public:
  const char* name() const override { return kName; }
  bool wants_upright() const override { return true; }
  Json parameters() const override { return Json::object(); }

  Result<PoseAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton,
                           Size input) const override {
    std::optional<std::size_t> landmarks, flag, maps;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Shape& shape = outputs[i].shape;
      constexpr auto kMaps = static_cast<std::int64_t>(kLandmarks);
      if (shape.size() == 2 && shape[1] == static_cast<std::int64_t>(kLandmarks * kNumbers)) landmarks = i;
      if (shape.size() == 2 && shape[1] == 1) flag = i;
      if (shape.size() == 4 && (shape[1] == kMaps || shape[3] == kMaps) && element_count(shape).ok()) maps = i;
    }
    if (!landmarks || !flag) {
      return unsupported(describe(outputs) +
                         ": codec blazepose reads landmarks (N, 195) and a flag (N, 1), and heatmaps "
                         "of 39 where there are any");
    }
    if (skeleton.size() != static_cast<int>(kJoints)) {
      return invalid_argument(describe(outputs) + " are of 33 joints, skeleton \"" + skeleton.name + "\" has " +
                              std::to_string(skeleton.size()) + ": it is blazepose33");
    }
    PoseAnswer answer{input, skeleton.flip_index(), {*landmarks, *flag}};
    if (maps) answer.outputs.push_back(*maps);
    for (const std::size_t index : answer.outputs) {
      const Shape& shape = outputs[index].shape;
      answer.shapes.emplace_back(shape.begin() + 1, shape.end());
    }
    return answer;
  }

  std::vector<Keypoint> decode(const PoseAnswer& answer, std::span<const float* const> values) const override {
    POISE_CHECK(values.size() >= 2);
    const auto maps = maps_of(answer, values);
    const auto width = static_cast<float>(answer.input.width), height = static_cast<float>(answer.input.height);
    const bool somebody = values[1][0] > kIsPerson;
    std::vector<Keypoint> keypoints(kJoints);
    for (std::size_t j = 0; j < kJoints; ++j) {
      const float* at = values[0] + j * kNumbers;
      Point point{at[0] / width, at[1] / height};
      if (maps) point = refined(*maps, j, point);
      keypoints[j] = {{point.x * width, point.y * height}, somebody ? sigmoid(at[3]) : 0.0F};
    }
    return keypoints;
  }

  void merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                     std::span<const float* const> flipped) const override {
    const auto width = static_cast<float>(answer.input.width);
    for (std::size_t j = 0; j < kJoints; ++j) {
      float* own = values[0] + j * kNumbers;
      const float* other = flipped[0] + static_cast<std::size_t>(answer.flip_index[j]) * kNumbers;
      own[0] = 0.5F * (own[0] + width - other[0]);
      for (std::size_t k = 1; k < kNumbers; ++k) own[k] = 0.5F * (own[k] + other[k]);
    }
    values[1][0] = 0.5F * (values[1][0] + flipped[1][0]);
  }

  Result<Shape> target_shape(const PoseAnswer& /*answer*/) const override {
    return unsupported("BlazePose's landmarks are not taught here");
  }

  void encode(const PoseAnswer& /*answer*/, std::span<const Point> /*joints*/, std::span<const bool> /*present*/,
              std::span<float> /*targets*/, std::span<float> /*weights*/) const override {
    POISE_CHECK(false);  // target_shape() says so
  }
};

Result<PoseCodecPtr> create(const Json& /*json*/) { return blazepose(); }

}  // namespace

PoseCodecPtr blazepose() { return std::make_shared<BlazePoseCodec>(); }

PoseCodecFamily blazepose_family() { return {kName, {}, create}; }

}  // namespace poise
