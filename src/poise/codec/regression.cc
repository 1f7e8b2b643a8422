#include "poise/codec/regression.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "poise/base/check.h"
#include "poise/codec/card_members.h"
#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

constexpr const char* kName = "regression";
constexpr std::array<card::Word<CoordinateUnit>, 3> kUnits{
    {{"share", CoordinateUnit::kShare}, {"centred", CoordinateUnit::kCentred}, {"pixels", CoordinateUnit::kPixels}}};

/// Numbers a joint: 2, or 4 with RLE's.
std::size_t numbers(const PoseAnswer& answer) {
  const std::int64_t all = element_count(answer.shapes.at(0)).value();
  return static_cast<std::size_t>(all / answer.joints());
}

class RegressionCodec : public PoseCodec {
 public:
  explicit RegressionCodec(const Regression& parameters) : own_(parameters) {}

  const char* name() const override { return kName; }
  Json parameters() const override { return Json::Object{{"unit", card::word_of(kUnits, own_.unit)}}; }

  Result<PoseAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton,
                           Size input) const override {
    const auto index = find_output(outputs, "coordinates");
    const std::int64_t joints = skeleton.size();
    const auto fits = [&](const Shape& shape) {
      return (shape.size() == 2 && shape[1] == 2 * joints) ||
             (shape.size() == 3 && shape[1] == joints && (shape[2] == 2 || shape[2] == 4));
    };
    if (!index.ok() || !fits(outputs[*index].shape)) {
      const std::string count = std::to_string(joints);
      return unsupported(describe(outputs) + ": codec regression reads (N, " + std::to_string(2 * joints) + "), (N, " +
                         count + ", 2) or (N, " + count + ", 4), as skeleton \"" + skeleton.name + "\" has " + count +
                         " joints, called coordinates where there are others");
    }
    const Shape& shape = outputs[*index].shape;
    return PoseAnswer{input, skeleton.flip_index(), {*index}, {Shape(shape.begin() + 1, shape.end())}};
  }

  std::vector<Keypoint> decode(const PoseAnswer& answer, std::span<const float* const> values) const override {
    POISE_CHECK(values.size() == 1);
    const std::size_t each = numbers(answer);
    std::vector<Keypoint> keypoints(static_cast<std::size_t>(answer.joints()));
    for (std::size_t j = 0; j < keypoints.size(); ++j) {
      const float* at = values[0] + j * each;
      keypoints[j] = {{pixel(at[0], answer.input.width), pixel(at[1], answer.input.height)},
                      each == 4 ? 1 - 0.5F * (sigmoid(at[2]) + sigmoid(at[3])) : 1.0F};
    }
    return keypoints;
  }

  void merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                     std::span<const float* const> flipped) const override {
    const std::size_t each = numbers(answer);
    const auto last = static_cast<float>(answer.input.width - 1);
    for (std::size_t j = 0; j < answer.flip_index.size(); ++j) {
      float* own = values[0] + j * each;
      const float* other = flipped[0] + static_cast<std::size_t>(answer.flip_index[j]) * each;
      const float x = number(last - pixel(other[0], answer.input.width), answer.input.width);
      own[0] = 0.5F * (own[0] + x);
      for (std::size_t k = 1; k < each; ++k) own[k] = 0.5F * (own[k] + other[k]);
    }
  }

  Result<Shape> target_shape(const PoseAnswer& answer) const override {
    if (numbers(answer) == 2) return answer.shapes.at(0);
    return unsupported("a network with RLE's sigmas is taught by a flow, which is not here");
  }

  void encode(const PoseAnswer& answer, std::span<const Point> joints, std::span<const bool> present,
              std::span<float> targets, std::span<float> weights) const override {
    POISE_CHECK(joints.size() == present.size() && joints.size() == weights.size());
    POISE_CHECK(targets.size() == joints.size() * 2);
    for (std::size_t j = 0; j < joints.size(); ++j) {
      const bool known = present[j] && std::isfinite(joints[j].x) && std::isfinite(joints[j].y);
      weights[j] = known ? 1.0F : 0.0F;
      targets[2 * j] = known ? number(joints[j].x, answer.input.width) : 0.0F;
      targets[2 * j + 1] = known ? number(joints[j].y, answer.input.height) : 0.0F;
    }
  }

 private:
  float pixel(float number, int side) const {
    const auto whole = static_cast<float>(side);
    if (own_.unit == CoordinateUnit::kPixels) return number;
    return (own_.unit == CoordinateUnit::kCentred ? number + 0.5F : number) * whole;
  }
  float number(float pixel, int side) const {
    if (own_.unit == CoordinateUnit::kPixels) return pixel;
    const float share = pixel / static_cast<float>(side);
    return own_.unit == CoordinateUnit::kCentred ? share - 0.5F : share;
  }

  Regression own_;
};

Result<PoseCodecPtr> create(const Json& json) {
  Regression own;
  POISE_RETURN_IF_ERROR(card::Reader(json).word("unit", kUnits, own.unit));
  return regression(own);
}

}  // namespace

PoseCodecPtr regression(const Regression& parameters) { return std::make_shared<RegressionCodec>(parameters); }

PoseCodecFamily regression_family() { return {kName, {"unit"}, create}; }

}  // namespace poise
