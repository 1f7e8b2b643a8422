#include "poise/codec/gaussian_heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "poise/base/check.h"

namespace poise {
namespace {

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
  constexpr std::size_t kLanes = 16;
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
// size, 0.3 * ((size - 1) / 2 - 1) + 0.8 (getGaussianKernel); the map is surrounded by zeros.
class Blur {
 public:
  Blur(float sigma, Size size)
      : sigma_(sigma), size_(size), radius_(std::max(1, static_cast<int>(std::lround(3.0F * sigma)) - 1)) {
    const double own = 0.3 * (radius_ - 1) + 0.8;
    double total = 0;
    for (int i = -radius_; i <= radius_; ++i) total += std::exp(-i * i / (2 * own * own));
    for (int i = -radius_; i <= radius_; ++i) {
      weights_.push_back(static_cast<float>(std::exp(-i * i / (2 * own * own)) / total));
    }
    padded_.resize(static_cast<std::size_t>(size.width) + 2 * static_cast<std::size_t>(radius_));
    rows_.resize(area(size));
    blurred_.resize(area(size));
  }

  bool fits(float sigma, Size size) const { return sigma == sigma_ && size == size_; }

  /// Valid until the next call.
  const float* operator()(const float* map) {
    const int width = size_.width;
    for (int y = 0; y < size_.height; ++y) {
      std::copy_n(map + static_cast<std::ptrdiff_t>(y) * width, width, padded_.begin() + radius_);
      float* out = rows_.data() + static_cast<std::ptrdiff_t>(y) * width;
      std::fill_n(out, width, 0.0F);
      for (int k = 0; k <= 2 * radius_; ++k) add(weights_[static_cast<std::size_t>(k)], padded_.data() + k, out);
    }
    std::fill(blurred_.begin(), blurred_.end(), 0.0F);
    for (int y = 0; y < size_.height; ++y) {
      float* out = blurred_.data() + static_cast<std::ptrdiff_t>(y) * width;
      for (int k = std::max(0, radius_ - y); k <= std::min(2 * radius_, size_.height - 1 - y + radius_); ++k) {
        add(weights_[static_cast<std::size_t>(k)], rows_.data() + static_cast<std::ptrdiff_t>(y + k - radius_) * width,
            out);
      }
    }
    return blurred_.data();
  }

 private:
  void add(float weight, const float* in, float* out) const {
    for (int x = 0; x < size_.width; ++x) out[x] += weight * in[x];
  }
  float sigma_;
  Size size_;
  int radius_;
  std::vector<float> weights_, padded_, rows_, blurred_;
};

// DARK, equations 6 to 9: one Newton step on the logarithm, with the second differences two pixels apart.
void refine_dark(const float* map, Size size, int x, int y, float peak, Blur& blur, Point& point) {
  if (!(x > 1 && x < size.width - 2 && y > 1 && y < size.height - 2)) return;
  const float* blurred = blur(map);
  const double scale = static_cast<double>(peak) / find_peak(blurred, area(size)).value;  // the maximum is kept
  if (!std::isfinite(scale)) return;
  const auto log_at = [&](int dx, int dy) {
    const float value = blurred[static_cast<std::ptrdiff_t>(y + dy) * size.width + x + dx];
    return std::log(std::max(1e-10, value * scale));
  };
  const double here = log_at(0, 0);
  const double gx = 0.5 * (log_at(1, 0) - log_at(-1, 0));
  const double gy = 0.5 * (log_at(0, 1) - log_at(0, -1));
  const double xx = 0.25 * (log_at(2, 0) - 2 * here + log_at(-2, 0));
  const double yy = 0.25 * (log_at(0, 2) - 2 * here + log_at(0, -2));
  const double xy = 0.25 * (log_at(1, 1) - log_at(1, -1) - log_at(-1, 1) + log_at(-1, -1));
  const double determinant = xx * yy - xy * xy;
  if (!(determinant > 0 && xx < 0)) return;  // no maximum: flat, a ridge or a saddle
  const double step_x = (xy * gy - yy * gx) / determinant;
  const double step_y = (xy * gx - xx * gy) / determinant;
  if (!(std::fabs(step_x) <= 2 && std::fabs(step_y) <= 2)) return;  // beyond the pixels the derivatives were taken from
  point.x += static_cast<float>(step_x);
  point.y += static_cast<float>(step_y);
}

}  // namespace

EncodedHeatmaps encode(const GaussianHeatmap& codec, std::span<const Point> joints, std::span<const bool> present,
                       Size heatmap) {
  POISE_CHECK(joints.size() == present.size());
  POISE_CHECK(codec.sigma > 0 && codec.sigma <= kMaxSigma && codec.stride > 0);
  POISE_CHECK(heatmap.width > 0 && heatmap.height > 0);
  const int radius = static_cast<int>(std::ceil(3.0F * codec.sigma));
  std::vector<double> bell;
  for (int i = 0; i <= radius; ++i) {
    bell.push_back(std::exp(-static_cast<double>(i) * i / (2.0 * codec.sigma * codec.sigma)));
  }
  EncodedHeatmaps out{Tensor({static_cast<std::int64_t>(joints.size()), heatmap.height, heatmap.width}),
                      std::vector<float>(joints.size(), 0.0F)};
  float* maps = out.heatmaps.floats().data();
  for (std::size_t joint = 0; joint < joints.size(); ++joint) {
    int x = 0;
    int y = 0;
    if (!present[joint] || !centre_of(joints[joint].x, codec.stride, x) || !centre_of(joints[joint].y, codec.stride, y))
      continue;
    // The source's test, its "br < 0" included: a patch that ends one pixel before the map keeps weight 1.
    if (x - radius >= heatmap.width || y - radius >= heatmap.height || x + radius + 1 < 0 || y + radius + 1 < 0)
      continue;
    out.weights[joint] = 1.0F;
    draw_gaussian(maps + joint * area(heatmap), heatmap, x, y, bell);
  }
  return out;
}

std::vector<Keypoint> decode(const GaussianHeatmap& codec, const float* heatmaps, int joints, Size heatmap,
                             Refine refine) {
  POISE_CHECK(joints >= 0 && heatmap.width > 0 && heatmap.height > 0);
  POISE_CHECK(codec.sigma > 0 && codec.sigma <= kMaxSigma);
  thread_local std::optional<Blur> blur;  // kept: every person's is the same
  const bool dark = refine == Refine::kDark;
  if (dark && (!blur || !blur->fits(codec.sigma, heatmap))) blur.emplace(codec.sigma, heatmap);
  std::vector<Keypoint> keypoints(static_cast<std::size_t>(joints));
  for (std::size_t joint = 0; joint < keypoints.size(); ++joint) {
    const float* map = heatmaps + joint * area(heatmap);
    const Peak peak = find_peak(map, area(heatmap));
    keypoints[joint].score = peak.value;
    if (!(peak.value > 0)) continue;
    const int x = static_cast<int>(peak.index % static_cast<std::size_t>(heatmap.width));
    const int y = static_cast<int>(peak.index / static_cast<std::size_t>(heatmap.width));
    Point& point = keypoints[joint].point;
    point = {static_cast<float>(x), static_cast<float>(y)};
    if (refine == Refine::kQuarter) refine_quarter(map, heatmap, x, y, point);
    if (dark) refine_dark(map, heatmap, x, y, peak.value, *blur, point);
  }
  return keypoints;
}

void merge_flipped(float* heatmaps, const float* flipped, int joints, Size heatmap, std::span<const int> flip_index,
                   bool shift) {
  POISE_CHECK(joints >= 0 && flip_index.size() == static_cast<std::size_t>(joints));
  POISE_CHECK(heatmap.width > 0 && heatmap.height > 0);
  for (std::size_t joint = 0; joint < flip_index.size(); ++joint) {
    POISE_CHECK(flip_index[joint] >= 0 && flip_index[joint] < joints);
    float* out = heatmaps + joint * area(heatmap);
    const float* in = flipped + static_cast<std::size_t>(flip_index[joint]) * area(heatmap);
    for (int y = 0; y < heatmap.height; ++y, out += heatmap.width, in += heatmap.width) {
      const float* last = in + heatmap.width - 1;  // of the mirrored row, the first
      out[0] = 0.5F * (out[0] + last[0]);
      const float* first = shift ? last + 1 : last;
      for (int x = 1; x < heatmap.width; ++x) out[x] = 0.5F * (out[x] + first[-x]);
    }
  }
}

}  // namespace poise
