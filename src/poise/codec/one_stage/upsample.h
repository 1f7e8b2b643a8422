#pragma once
// Maps made finer as OpenCV's resize with INTER_CUBIC makes them (modules/imgproc/src/resize.cpp, interpolateCubic):
// pixels by their middles, borders repeated. Internal to codec.

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "poise/geometry/point.h"

namespace poise {

struct Plane {
  int width = 0, height = 0;
  std::vector<float> values;
  float at(int x, int y) const {
    return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  }
};

/// A map `times` as fine, a value at a time or whole. A view: the map outlives it.
class Bicubic {
 public:
  Bicubic(const float* map, Size size, int times) : map_(map), size_(size), times_(times) {
    for (int phase = 0; phase < times; ++phase) taps_.push_back(taps_of(phase));
  }
  int width() const { return size_.width * times_; }
  int height() const { return size_.height * times_; }

  /// Beyond the border is the border.
  float at(int x, int y) const {
    x = std::clamp(x, 0, width() - 1);
    y = std::clamp(y, 0, height() - 1);
    const Taps &across = taps_[static_cast<std::size_t>(x % times_)],
               &down = taps_[static_cast<std::size_t>(y % times_)];
    float sum = 0;
    for (int j = 0; j < 4; ++j) {
      const float* row =
          map_ + static_cast<std::ptrdiff_t>(inside(y / times_ + down.first + j, size_.height)) * size_.width;
      float line = 0;
      for (int i = 0; i < 4; ++i) {
        line += across.weight[static_cast<std::size_t>(i)] * row[inside(x / times_ + across.first + i, size_.width)];
      }
      sum += down.weight[static_cast<std::size_t>(j)] * line;
    }
    return sum;
  }

  Plane all() const {
    Plane plane{width(), height(), {}};
    plane.values.reserve(static_cast<std::size_t>(plane.width) * static_cast<std::size_t>(plane.height));
    for (int y = 0; y < plane.height; ++y) {
      for (int x = 0; x < plane.width; ++x) plane.values.push_back(at(x, y));
    }
    return plane;
  }

 private:
  struct Taps {
    int first = 0;  // from the pixel that holds it
    std::array<float, 4> weight{};
  };
  static int inside(int i, int count) { return std::clamp(i, 0, count - 1); }

  Taps taps_of(int phase) const {
    constexpr float kA = -0.75F;
    const float place = (static_cast<float>(phase) + 0.5F) / static_cast<float>(times_) - 0.5F;
    const int whole = place < 0 ? -1 : 0;
    const float x = place - static_cast<float>(whole);
    Taps taps;
    taps.first = whole - 1;
    taps.weight[0] = ((kA * (x + 1) - 5 * kA) * (x + 1) + 8 * kA) * (x + 1) - 4 * kA;
    taps.weight[1] = ((kA + 2) * x - (kA + 3)) * x * x + 1;
    taps.weight[2] = ((kA + 2) * (1 - x) - (kA + 3)) * (1 - x) * (1 - x) + 1;
    taps.weight[3] = 1 - taps.weight[0] - taps.weight[1] - taps.weight[2];
    return taps;
  }

  const float* map_;
  Size size_;
  int times_;
  std::vector<Taps> taps_;
};

}  // namespace poise
