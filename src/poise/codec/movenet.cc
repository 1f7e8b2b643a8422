#include "poise/codec/movenet.h"

#include <cmath>
#include <cstddef>

#include "poise/base/check.h"

namespace poise {
namespace {

constexpr const char* kName = "movenet";
constexpr std::size_t kNumbers = 3;  // y, x, score

class MoveNetCodec : public PoseCodec {
 public:
  const char* name() const override { return kName; }
  Json parameters() const override { return Json::object(); }
  bool wants_edges() const override { return true; }
  float score_of(const std::vector<Keypoint>& keypoints, float box_score) const override {
    constexpr float kBelowAll = -1.0F;
    return person_score(keypoints, box_score, kBelowAll);
  }

  Result<PoseAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton,
                           Size input) const override {
    const auto index = find_output(outputs, "output_0");
    const auto fits = [&](const Shape& shape) {
      return shape.size() == 4 && shape[1] == 1 && shape[2] == skeleton.size() && shape[3] == std::int64_t{kNumbers};
    };
    if (!index.ok() || !fits(outputs[*index].shape)) {
      return unsupported(describe(outputs) + ": codec movenet reads (N, 1, " + std::to_string(skeleton.size()) +
                         ", 3), as skeleton \"" + skeleton.name + "\" has " + std::to_string(skeleton.size()) +
                         " joints, called output_0 where there are others");
    }
    const Shape& shape = outputs[*index].shape;
    return PoseAnswer{input, skeleton.flip_index(), {*index}, {Shape(shape.begin() + 1, shape.end())}};
  }

  std::vector<Keypoint> decode(const PoseAnswer& answer, std::span<const float* const> values) const override {
    POISE_CHECK(values.size() == 1);
    std::vector<Keypoint> keypoints(static_cast<std::size_t>(answer.joints()));
    for (std::size_t j = 0; j < keypoints.size(); ++j) {
      const float* at = values[0] + j * kNumbers;
      // Shares of the input's sides, counted from its edge; points count from the first pixel's centre.
      keypoints[j] = {{at[1] * static_cast<float>(answer.input.width) - 0.5F,
                       at[0] * static_cast<float>(answer.input.height) - 0.5F},
                      at[2]};
    }
    return keypoints;
  }

  void merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                     std::span<const float* const> flipped) const override {
    constexpr float kAgree = 0.05F;  // of the input
    for (std::size_t j = 0; j < answer.flip_index.size(); ++j) {
      float* own = values[0] + j * kNumbers;
      const float* other = flipped[0] + static_cast<std::size_t>(answer.flip_index[j]) * kNumbers;
      const float y = other[0], x = 1 - other[1];
      const bool apart = std::hypot(x - own[1], y - own[0]) >= kAgree;
      constexpr float kLeast = 1e-6F;  // so that two scores of 0 have a mean
      float a = own[2] * own[2] + kLeast, b = other[2] * other[2] + kLeast;
      if (apart) (own[2] >= other[2] ? b : a) = 0;
      own[0] = (a * own[0] + b * y) / (a + b);
      own[1] = (a * own[1] + b * x) / (a + b);
      own[2] = 0.5F * (own[2] + other[2]);
    }
  }

  Result<Shape> target_shape(const PoseAnswer& /*answer*/) const override {
    return unsupported("MoveNet decodes within the network, which cannot be taught so");
  }

  void encode(const PoseAnswer& /*answer*/, std::span<const Point> /*joints*/, std::span<const bool> /*present*/,
              std::span<float> /*targets*/, std::span<float> /*weights*/) const override {
    POISE_CHECK(false);  // target_shape() says so
  }
};

Result<PoseCodecPtr> create(const Json& /*json*/) { return movenet(); }

}  // namespace

PoseCodecPtr movenet() { return std::make_shared<MoveNetCodec>(); }

PoseCodecFamily movenet_family() { return {kName, {}, create}; }

}  // namespace poise
