#include "poise/codec/gaussian_heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "poise/base/check.h"
#include "poise/base/counted.h"
#include "poise/codec/card_members.h"

namespace poise {
namespace {

constexpr const char* kName = "gaussian_heatmap";
constexpr std::array<card::Word<Refine>, 3> kRefines{
    {{"none", Refine::kNone}, {"quarter", Refine::kQuarter}, {"dark", Refine::kDark}}};

Size map_size(const PoseAnswer& answer) {
  const Shape& shape = answer.shapes.at(0);
  return {static_cast<int>(shape[2]), static_cast<int>(shape[1])};
}

/// Input pixels a heatmap pixel.
float stride(const PoseAnswer& answer) {
  return static_cast<float>(answer.input.width) / static_cast<float>(map_size(answer).width);
}

/// One scale, from the widths, and middle on middle: no more than a factor where the shapes are alike.
Affine input_from_maps(const PoseAnswer& answer) {
  const Size map = map_size(answer);
  const double scale = static_cast<double>(answer.input.width) / map.width;
  return {.a = scale, .e = scale, .f = (answer.input.height - scale * map.height) / 2};
}

std::size_t area(Size size) { return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height); }

// int(joint / stride + 0.5): towards zero, so that a joint up to 1.5 heatmap pixels left of the map lands in column 0.
// False where the quotient is no sensible pixel (NaN included): such a joint is outside any map.
bool centre_of(float joint, float stride, int& centre) {
  const float quotient = joint / stride + 0.5F;
  if (!(std::fabs(quotient) < 1e6F)) return false;
  centre = static_cast<int>(quotient);
  return true;
}

void draw_gaussian(float* map, Size size, int centre_x, int centre_y, std::span<const double> bell) {
  const int radius = static_cast<int>(bell.size()) - 1;
  const int left = std::max(0, centre_x - radius);
  const int right = std::min(size.width - 1, centre_x + radius);
  const int top = std::max(0, centre_y - radius);
  const int bottom = std::min(size.height - 1, centre_y + radius);
  for (int y = top; y <= bottom; ++y) {
    const double row = bell[static_cast<std::size_t>(std::abs(y - centre_y))];
    for (int x = left; x <= right; ++x) {
      map[static_cast<std::ptrdiff_t>(y) * size.width + x] =
          static_cast<float>(row * bell[static_cast<std::size_t>(std::abs(x - centre_x))]);
    }
  }
}

struct Peak {
  std::size_t index = 0;
  float value = 0;  // 0 for a map without a number in it
};

// First arg-max. Two passes without branches in them, because one pass that tracks the index does not vectorise.
Peak find_peak(const float* map, std::size_t count) {
  constexpr std::size_t kLanes = 32;  // of 16 gcc 12 makes single floats in registers: half as fast
  std::array<float, kLanes> lanes{};
  lanes.fill(-std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = map[i + lane] > lanes[lane] ? map[i + lane] : lanes[lane];
    }
  }
  float best = *std::max_element(lanes.begin(), lanes.end());
  for (; i < count; ++i) best = map[i] > best ? map[i] : best;

  constexpr std::size_t kBlock = 64;
  for (i = 0; i + kBlock <= count; i += kBlock) {
    int hits = 0;
    for (std::size_t k = 0; k < kBlock; ++k) hits |= static_cast<int>(map[i + k] == best);
    if (hits != 0) break;
  }
  for (; i < count; ++i) {
    if (map[i] == best) return {i, best};
  }
  return {};  // nothing but NaN
}

float sign(float value) { return static_cast<float>(static_cast<int>(value > 0) - static_cast<int>(value < 0)); }

// lib/core/inference.py, get_final_preds: both coordinates must be inside before either moves; 1 itself is not.
void refine_quarter(const float* map, Size size, int x, int y, Point& point) {
  if (!(x > 1 && x < size.width - 1 && y > 1 && y < size.height - 1)) return;
  const float* at = map + static_cast<std::ptrdiff_t>(y) * size.width + x;
  point.x += 0.25F * sign(at[1] - at[-1]);
  point.y += 0.25F * sign(at[size.width] - at[-size.width]);
}

// The blur of DARK's code: kernel 11 for sigma 2, 17 for sigma 3, whose own sigma follows OpenCV's rule for a kernel
// size, 0.3 * ((size - 1) / 2 - 1) + 0.8 (getGaussianKernel); the map is surrounded by zeros. Made only where it is
// looked at: on the pixels around a peak.
class LocalBlur {
 public:
  static constexpr int kReach = 2;  // from the peak
  static constexpr int kSide = 2 * kReach + 1;

  explicit LocalBlur(float sigma) : radius_(std::max(1, static_cast<int>(std::lround(3.0F * sigma)) - 1)) {
    const double own = 0.3 * (radius_ - 1) + 0.8;
    double total = 0;
    for (int i = -radius_; i <= radius_; ++i) total += std::exp(-i * i / (2 * own * own));
    for (int i = -radius_; i <= radius_; ++i) {
      weights_[static_cast<std::size_t>(std::int64_t{i} + radius_)] =
          static_cast<float>(std::exp(-i * i / (2 * own * own)) / total);
    }
  }

  /// The blurred map around (x, y), which has kReach pixels on every side.
  void look(const float* map, Size size, int x, int y) {
    for (auto& row : around_) row.fill(0.0F);
    const int top = std::max(0, y - kReach - radius_);
    const int bottom = std::min(size.height - 1, y + kReach + radius_);
    for (int line = top; line <= bottom; ++line) {
      const float* row = map + static_cast<std::ptrdiff_t>(line) * size.width;
      std::array<float, kSide> across{};
      for (int i = 0; i < kSide; ++i) {
        const int centre = x + i - kReach;
        const int left = std::max(0, centre - radius_);
        const int right = std::min(size.width - 1, centre + radius_);
        float sum = 0;
        for (int column = left; column <= right; ++column) sum += weight(column - centre) * row[column];
        across[static_cast<std::size_t>(i)] = sum;
      }
      for (int i = 0; i < kSide; ++i) {
        const int distance = line - (y + i - kReach);
        if (std::abs(distance) > radius_) continue;
        for (int k = 0; k < kSide; ++k) {
          around_[static_cast<std::size_t>(i)][static_cast<std::size_t>(k)] +=
              weight(distance) * across[static_cast<std::size_t>(k)];
        }
      }
    }
  }
  float at(int dx, int dy) const {
    return around_[static_cast<std::size_t>(std::int64_t{dy} + kReach)]
                  [static_cast<std::size_t>(std::int64_t{dx} + kReach)];
  }
  float largest() const {
    float most = around_[0][0];
    for (const auto& row : around_) most = std::max(most, *std::max_element(row.begin(), row.end()));
    return most;
  }

 private:
  float weight(int distance) const { return weights_[static_cast<std::size_t>(std::int64_t{distance} + radius_)]; }

  static constexpr int kWidest = 2 * (3 * static_cast<int>(kMaxSigma) + 1) + 1;
  int radius_;
  std::array<float, kWidest> weights_{};
  std::array<std::array<float, kSide>, kSide> around_{};
};

// DARK, equations 6 to 9: one Newton step on the logarithm, with the second differences two pixels apart. Its code
// blurs the whole map and scales it to the old maximum; here the maximum is that of the pixels around the peak, which
// matters only where a neighbour falls under the floor of the logarithm.
Point dark_step(const float* map, Size size, int x, int y, float peak, LocalBlur& blur) {
  if (!(x > 1 && x < size.width - 2 && y > 1 && y < size.height - 2)) return {};
  blur.look(map, size, x, y);
  const double scale = static_cast<double>(peak) / blur.largest();
  if (!std::isfinite(scale)) return {};
  const auto log_at = [&](int dx, int dy) { return std::log(std::max(1e-10, blur.at(dx, dy) * scale)); };
  const double here = log_at(0, 0);
  const double gx = 0.5 * (log_at(1, 0) - log_at(-1, 0));
  const double gy = 0.5 * (log_at(0, 1) - log_at(0, -1));
  const double xx = 0.25 * (log_at(2, 0) - 2 * here + log_at(-2, 0));
  const double yy = 0.25 * (log_at(0, 2) - 2 * here + log_at(0, -2));
  const double xy = 0.25 * (log_at(1, 1) - log_at(1, -1) - log_at(-1, 1) + log_at(-1, -1));
  const double determinant = xx * yy - xy * xy;
  if (!(determinant > 0 && xx < 0)) return {};  // no maximum: flat, a ridge or a saddle
  const double step_x = (xy * gy - yy * gx) / determinant;
  const double step_y = (xy * gx - xx * gy) / determinant;
  // Beyond the pixels the derivatives were taken from there is nothing to know.
  if (!(std::fabs(step_x) <= 2 && std::fabs(step_y) <= 2)) return {};
  return {static_cast<float>(step_x), static_cast<float>(step_y)};
}

class GaussianHeatmapCodec : public PoseCodec {
 public:
  explicit GaussianHeatmapCodec(const GaussianHeatmap& parameters) : own_(parameters) {}

  const char* name() const override { return kName; }
  Json parameters() const override;
  Result<PoseAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input) const override;
  std::vector<Keypoint> decode(const PoseAnswer& answer, std::span<const float* const> values) const override;
  void merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                     std::span<const float* const> flipped) const override;
  Result<Shape> target_shape(const PoseAnswer& answer) const override;
  void encode(const PoseAnswer& answer, std::span<const Point> joints, std::span<const bool> present,
              std::span<float> targets, std::span<float> weights) const override;
  std::optional<PoseMaps> maps(const PoseAnswer& answer) const override {
    return PoseMaps{0, input_from_maps(answer).inverse()};
  }

 private:
  GaussianHeatmap own_;
};

Json GaussianHeatmapCodec::parameters() const {
  Json json = Json::object();
  json.set("sigma", own_.sigma);
  json.set("refine", card::word_of(kRefines, own_.refine));
  json.set("flip_shift", own_.flip_shift);
  return json;
}

Result<PoseAnswer> GaussianHeatmapCodec::check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton,
                                               Size input) const {
  const std::string wanted = describe(outputs) + ": codec gaussian_heatmap reads heatmaps (N, joints, h, w)";
  const auto found = find_output(outputs, "heatmaps");
  if (!found.ok()) return unsupported(wanted + ", called heatmaps where there are others");
  const std::size_t index = *found;
  const Shape& shape = outputs[index].shape;
  if (shape.size() != 4 || shape[2] < 1 || shape[3] < 1) return unsupported(wanted);
  if (shape[1] != skeleton.size()) {
    return invalid_argument("the network gives " + counted(shape[1], "heatmap") + ", skeleton \"" + skeleton.name +
                            "\" has " + counted(skeleton.size(), "joint") + ": name another skeleton");
  }
  return PoseAnswer{input, skeleton.flip_index(), {index}, {Shape(shape.begin() + 1, shape.end())}};
}

Result<Shape> GaussianHeatmapCodec::target_shape(const PoseAnswer& answer) const {
  const Size map = map_size(answer);
  if (std::abs(static_cast<float>(map.height) * stride(answer) - static_cast<float>(answer.input.height)) >= 0.5F) {
    return invalid_argument("a heatmap of " + std::to_string(map.width) + "x" + std::to_string(map.height) +
                            " times its stride is not the input, " + std::to_string(answer.input.width) + "x" +
                            std::to_string(answer.input.height));
  }
  return answer.shapes.at(0);
}

void GaussianHeatmapCodec::encode(const PoseAnswer& answer, std::span<const Point> joints,
                                  std::span<const bool> present, std::span<float> targets,
                                  std::span<float> weights) const {
  const Size map = map_size(answer);
  POISE_CHECK(joints.size() == present.size() && joints.size() == weights.size());
  POISE_CHECK(targets.size() == joints.size() * area(map));
  const int radius = static_cast<int>(std::ceil(3.0F * own_.sigma));
  std::vector<double> bell;
  for (int i = 0; i <= radius; ++i) {
    bell.push_back(std::exp(-static_cast<double>(i) * i / (2.0 * own_.sigma * own_.sigma)));
  }
  std::fill(targets.begin(), targets.end(), 0.0F);
  std::fill(weights.begin(), weights.end(), 0.0F);
  const float step = stride(answer);
  for (std::size_t joint = 0; joint < joints.size(); ++joint) {
    int x = 0;
    int y = 0;
    if (!present[joint] || !centre_of(joints[joint].x, step, x) || !centre_of(joints[joint].y, step, y)) continue;
    // The source's test, its "br < 0" included: a patch that ends one pixel before the map keeps weight 1.
    if (x - radius >= map.width || y - radius >= map.height || x + radius + 1 < 0 || y + radius + 1 < 0) continue;
    weights[joint] = 1.0F;
    draw_gaussian(targets.data() + joint * area(map), map, x, y, bell);
  }
}

std::vector<Keypoint> GaussianHeatmapCodec::decode(const PoseAnswer& answer,
                                                   std::span<const float* const> values) const {
  POISE_CHECK(values.size() == 1);
  const Size map = map_size(answer);
  const Affine to_input = input_from_maps(answer);
  LocalBlur blur(own_.sigma);
  std::vector<Keypoint> keypoints(static_cast<std::size_t>(answer.joints()));
  for (std::size_t joint = 0; joint < keypoints.size(); ++joint) {
    const float* heat = values[0] + joint * area(map);
    const Peak peak = find_peak(heat, area(map));
    keypoints[joint].score = peak.value;
    Point point;
    if (peak.value > 0) {
      const int x = static_cast<int>(peak.index % static_cast<std::size_t>(map.width));
      const int y = static_cast<int>(peak.index / static_cast<std::size_t>(map.width));
      point = {static_cast<float>(x), static_cast<float>(y)};
      if (own_.refine == Refine::kQuarter) refine_quarter(heat, map, x, y, point);
      if (own_.refine == Refine::kDark) {
        const Point step = dark_step(heat, map, x, y, peak.value, blur);
        point = {point.x + step.x, point.y + step.y};
      }
    }
    keypoints[joint].point = to_input(point);
  }
  return keypoints;
}

void GaussianHeatmapCodec::merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                                         std::span<const float* const> flipped) const {
  POISE_CHECK(values.size() == 1 && flipped.size() == 1);
  const Size map = map_size(answer);
  for (std::size_t joint = 0; joint < answer.flip_index.size(); ++joint) {
    POISE_CHECK(answer.flip_index[joint] >= 0 && answer.flip_index[joint] < answer.joints());
    float* out = values[0] + joint * area(map);
    const float* in = flipped[0] + static_cast<std::size_t>(answer.flip_index[joint]) * area(map);
    for (int y = 0; y < map.height; ++y, out += map.width, in += map.width) {
      const float* last = in + map.width - 1;  // of the mirrored row, the first
      out[0] = 0.5F * (out[0] + last[0]);
      const float* first = own_.flip_shift ? last + 1 : last;
      for (int x = 1; x < map.width; ++x) out[x] = 0.5F * (out[x] + first[-x]);
    }
  }
}

Result<PoseCodecPtr> create(const Json& json) {
  const card::Reader reader(json);
  GaussianHeatmap own;
  POISE_RETURN_IF_ERROR(reader.number("sigma", 0.1, kMaxSigma, own.sigma));
  POISE_RETURN_IF_ERROR(reader.word("refine", kRefines, own.refine));
  if (own.refine == Refine::kDark && json.find("sigma") == nullptr) {
    return card::wrong("refine", "is dark, which needs the member \"sigma\"");
  }
  POISE_RETURN_IF_ERROR(reader.boolean("flip_shift", own.flip_shift));
  return gaussian_heatmap(own);
}

}  // namespace

PoseCodecPtr gaussian_heatmap(const GaussianHeatmap& parameters) {
  POISE_CHECK(parameters.sigma > 0 && parameters.sigma <= kMaxSigma);
  return std::make_shared<GaussianHeatmapCodec>(parameters);
}

PoseCodecFamily gaussian_heatmap_family() { return {kName, {"sigma", "refine", "flip_shift"}, create}; }

}  // namespace poise
