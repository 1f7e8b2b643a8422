#include "poise/codec/simcc.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "poise/base/check.h"
#include "poise/codec/card_members.h"

namespace poise {
namespace {

constexpr const char* kName = "simcc";

std::size_t bins(const PoseAnswer& answer, std::size_t axis) {
  return static_cast<std::size_t>(answer.shapes[axis][1]);
}

/// Bins a pixel.
float ratio(const PoseAnswer& answer, std::size_t axis) {
  return static_cast<float>(bins(answer, axis)) /
         static_cast<float>(axis == 0 ? answer.input.width : answer.input.height);
}

struct Peak {
  std::size_t bin = 0;
  float value = 0;  // 0 where there is no number
};

Peak find_peak(const float* values, std::size_t count) {
  Peak peak;
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isnan(values[i]) || (any && !(values[i] > peak.value))) continue;
    peak = {i, values[i]};
    any = true;
  }
  return peak;
}

/// False where nothing of it lies in the bins.
bool draw_gaussian(std::span<float> row, float joint, float bins_a_pixel, float sigma) {
  const float centre = std::round(joint * bins_a_pixel);
  const float reach = 3 * sigma;
  if (!(centre + reach >= 0 && centre - reach < static_cast<float>(row.size()))) return false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float away = (static_cast<float>(i) - centre) / sigma;
    row[i] = std::exp(-0.5F * away * away);
  }
  return true;
}

class SimCCCodec : public PoseCodec {
 public:
  explicit SimCCCodec(const SimCC& parameters) : own_(parameters) {}

  const char* name() const override { return kName; }
  Json parameters() const override { return Json::Object{{"sigma", own_.sigma}}; }

  Result<PoseAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton,
                           Size input) const override {
    const auto other = [&](const std::string& why) {
      return unsupported(describe(outputs) + ": codec simcc reads x (N, joints, bins) and y (N, joints, bins) of an " +
                         std::to_string(input.width) + "x" + std::to_string(input.height) + " input" + why);
    };
    auto x = find_output(outputs, "simcc_x"), y = find_output(outputs, "simcc_y");
    if ((!x.ok() || !y.ok()) && outputs.size() == 2) {
      x = std::size_t{0};
      y = std::size_t{1};
    }
    if (!x.ok() || !y.ok() || *x == *y) return other(", called simcc_x and simcc_y");
    PoseAnswer answer{input, skeleton.flip_index(), {*x, *y}};
    for (const std::size_t index : answer.outputs) {
      const Shape& shape = outputs[index].shape;
      if (shape.size() != 3 || shape[2] < 1) return other("");
      if (shape[1] != skeleton.size()) {
        return invalid_argument(describe(outputs) + " are of " + std::to_string(shape[1]) + " joints, skeleton \"" +
                                skeleton.name + "\" has " + std::to_string(skeleton.size()) +
                                ": name another skeleton");
      }
      answer.shapes.emplace_back(shape.begin() + 1, shape.end());
    }
    // One ratio, whose last bin may be cut off.
    const auto columns = static_cast<double>(bins(answer, 0)), rows = static_cast<double>(bins(answer, 1));
    if (std::abs(columns * input.height - rows * input.width) >= std::max(input.width, input.height)) {
      return other(", as many bins a pixel along both");
    }
    return answer;
  }

  std::vector<Keypoint> decode(const PoseAnswer& answer, std::span<const float* const> values) const override {
    POISE_CHECK(values.size() == 2);
    std::vector<Keypoint> keypoints(static_cast<std::size_t>(answer.joints()));
    for (std::size_t j = 0; j < keypoints.size(); ++j) {
      const Peak x = find_peak(values[0] + j * bins(answer, 0), bins(answer, 0));
      const Peak y = find_peak(values[1] + j * bins(answer, 1), bins(answer, 1));
      const float score = std::min(x.value, y.value);
      const bool found = score > 0;
      keypoints[j] = {{(found ? static_cast<float>(x.bin) : -1.0F) / ratio(answer, 0),
                       (found ? static_cast<float>(y.bin) : -1.0F) / ratio(answer, 1)},
                      score};
    }
    return keypoints;
  }

  void merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                     std::span<const float* const> flipped) const override {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::size_t count = bins(answer, axis);
      for (std::size_t j = 0; j < answer.flip_index.size(); ++j) {
        const float* other = flipped[axis] + static_cast<std::size_t>(answer.flip_index[j]) * count;
        float* own = values[axis] + j * count;
        for (std::size_t i = 0; i < count; ++i) own[i] = 0.5F * (own[i] + other[axis == 0 ? count - 1 - i : i]);
      }
    }
  }

  Result<Shape> target_shape(const PoseAnswer& answer) const override {
    return Shape{answer.joints(), answer.shapes[0][1] + answer.shapes[1][1]};
  }

  void encode(const PoseAnswer& answer, std::span<const Point> joints, std::span<const bool> present,
              std::span<float> targets, std::span<float> weights) const override {
    const std::size_t columns = bins(answer, 0), rows = bins(answer, 1);
    POISE_CHECK(joints.size() == present.size() && joints.size() == weights.size());
    POISE_CHECK(targets.size() == joints.size() * (columns + rows));
    const float tall = std::sqrt(static_cast<float>(answer.input.height) / static_cast<float>(answer.input.width));
    std::fill(targets.begin(), targets.end(), 0.0F);
    std::fill(weights.begin(), weights.end(), 0.0F);
    for (std::size_t j = 0; j < joints.size(); ++j) {
      if (!present[j]) continue;
      const std::span<float> x = targets.subspan(j * columns, columns);
      const std::span<float> y = targets.subspan(joints.size() * columns + j * rows, rows);
      if (draw_gaussian(x, joints[j].x, ratio(answer, 0), own_.sigma) &&
          draw_gaussian(y, joints[j].y, ratio(answer, 1), own_.sigma * tall)) {
        weights[j] = 1.0F;
      } else {
        std::fill(x.begin(), x.end(), 0.0F);
        std::fill(y.begin(), y.end(), 0.0F);
      }
    }
  }

 private:
  SimCC own_;
};

Result<PoseCodecPtr> create(const Json& json) {
  SimCC own;
  POISE_RETURN_IF_ERROR(card::Reader(json).number("sigma", 0.1, kMaxSimccSigma, own.sigma));
  return simcc(own);
}

}  // namespace

PoseCodecPtr simcc(const SimCC& parameters) {
  POISE_CHECK(parameters.sigma > 0 && parameters.sigma <= kMaxSimccSigma);
  return std::make_shared<SimCCCodec>(parameters);
}

PoseCodecFamily simcc_family() { return {kName, {"sigma"}, create}; }

}  // namespace poise
