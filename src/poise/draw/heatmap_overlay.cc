#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "poise/draw/canvas.h"
#include "poise/draw/draw.h"

namespace poise {
namespace {

// Our own gradient, its lightness rising evenly: violet, magenta, coral, orange, pale yellow.
constexpr std::array<std::array<double, 3>, 5> kGradient = {
    {{70, 30, 190}, {175, 40, 190}, {240, 75, 110}, {255, 160, 50}, {255, 245, 170}}};
constexpr double kOpacity = 0.9;       // of the highest value
constexpr double kOpacityGamma = 0.5;  // below 1: weak answers show too

/// value in [0, 1].
std::array<double, 3> colour_of(double value) {
  const double at = value * (kGradient.size() - 1);
  const std::size_t low = std::min(static_cast<std::size_t>(at), kGradient.size() - 2);
  const double part = at - static_cast<double>(low);
  std::array<double, 3> colour{};
  for (std::size_t c = 0; c < 3; ++c)
    colour[c] = kGradient[low][c] + part * (kGradient[low + 1][c] - kGradient[low][c]);
  return colour;
}

/// The highest value of any joint, clipped to [0, 1]; what is not a number counts as 0.
std::vector<float> strongest(const float* heatmaps, int joints, std::size_t pixels) {
  std::vector<float> result(pixels, 0.0F);
  for (int joint = 0; joint < joints; ++joint, heatmaps += pixels) {
    for (std::size_t i = 0; i < pixels; ++i) {
      if (heatmaps[i] > result[i]) result[i] = std::min(heatmaps[i], 1.0F);
    }
  }
  return result;
}

}  // namespace

void draw_heatmaps(const MutableImageView& image, const float* heatmaps, int joints, Size heatmap,
                   const Affine& heatmap_from_image) {
  if (image.empty() || joints <= 0 || heatmap.width <= 0 || heatmap.height <= 0) return;
  const auto width = static_cast<std::size_t>(heatmap.width);
  const auto values = strongest(heatmaps, joints, width * static_cast<std::size_t>(heatmap.height));
  const auto value_at = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= heatmap.width || y >= heatmap.height) return 0.0;
    return static_cast<double>(values[static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)]);
  };
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const Point at = heatmap_from_image({static_cast<float>(x), static_cast<float>(y)});
      // Written so that what is not a number is outside too; beyond this the four neighbours are all 0.
      const bool inside = at.x > -1.0F && at.y > -1.0F && at.x < static_cast<float>(heatmap.width) &&
                          at.y < static_cast<float>(heatmap.height);
      if (!inside) continue;
      const int x0 = static_cast<int>(std::floor(at.x));
      const int y0 = static_cast<int>(std::floor(at.y));
      const double fx = static_cast<double>(at.x) - x0;
      const double fy = static_cast<double>(at.y) - y0;
      const double value = (1 - fy) * ((1 - fx) * value_at(x0, y0) + fx * value_at(x0 + 1, y0)) +
                           fy * ((1 - fx) * value_at(x0, y0 + 1) + fx * value_at(x0 + 1, y0 + 1));
      if (value <= 0) continue;
      const auto colour = colour_of(std::min(value, 1.0));
      const double alpha = kOpacity * std::pow(std::min(value, 1.0), kOpacityGamma);
      draw_detail::Paint(image.order, colour).blend(image.row(y), x, alpha);
    }
  }
}

}  // namespace poise
