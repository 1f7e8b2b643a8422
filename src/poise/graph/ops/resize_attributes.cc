#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "poise/graph/ops/resize.h"
#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

using Mode = ResizeAttributes::Mode;
using Coordinates = ResizeAttributes::Coordinates;
using Rounding = ResizeAttributes::Rounding;

constexpr std::size_t kMostResizedAxes = 4;

template <typename T, std::size_t N>
Result<T> choose(const Node& node, const char* attribute, const char* fallback,
                 const std::array<std::pair<std::string_view, T>, N>& names) {
  const std::string given = node.text(attribute, fallback);
  for (const auto& [name, value] : names) {
    if (name == given) return value;
  }
  return unsupported(std::string(attribute) + " \"" + given + "\" is not supported: export with " + fallback);
}

// ONNX says floor(extent * scale); ONNX Runtime does it in float32, so that 9 * (1 / 3) is 3.
Result<Shape> scaled(const Shape& input, std::span<const float> scales) {
  Shape shape(input.size());
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    const float extent = scales[axis] * static_cast<float>(input[axis]);
    if (!(scales[axis] > 0) || !(extent < 2147483648.0F)) {
      return malformed("a scale of " + std::to_string(scales[axis]) + " for an extent of " +
                       std::to_string(input[axis]) + " makes no sense");
    }
    shape[axis] = scales[axis] == 1.0F ? input[axis] : static_cast<std::int64_t>(std::floor(extent));
  }
  return shape;
}

Error wrong_count(const char* what, std::int64_t count, const Shape& input) {
  return malformed("there are " + std::to_string(count) + " " + what + " for an input of " + to_string(input));
}

// The input's coordinate of an output's; in float32, as ONNX Runtime has it, so that ties fall as there.
float coordinate(const ResizeAttributes& a, std::size_t axis, std::int64_t input_extent, std::int64_t output) {
  const auto x = static_cast<float>(output);
  const float scale = a.scales[axis];
  switch (a.coordinates) {
    case Coordinates::kAlignCorners:
      if (a.output[axis] == 1) return 0.0F;
      return x * static_cast<float>(input_extent - 1) / static_cast<float>(a.output[axis] - 1);
    case Coordinates::kAsymmetric:
      return x / scale;
    case Coordinates::kTfHalfPixelForNn:
      return (x + 0.5F) / scale;
    case Coordinates::kPytorchHalfPixel:
      if (a.output[axis] == 1) return 0.0F;
      break;
    case Coordinates::kHalfPixel:
      break;
  }
  return (x + 0.5F) / scale - 0.5F;
}

float round_to(Rounding rounding, float x) {
  switch (rounding) {
    case Rounding::kPreferFloor:
      return std::ceil(x - 0.5F);
    case Rounding::kPreferCeil:
      return std::floor(x + 0.5F);
    case Rounding::kFloor:
      return std::floor(x);
    case Rounding::kCeil:
      break;
  }
  return std::ceil(x);
}

// Keys 1981, "Cubic convolution interpolation for digital image processing", equation 4.
double cubic_weight(double distance, double a) {
  const double d = std::fabs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return ((d - 5) * d + 8) * d * a - 4 * a;
}

}  // namespace

Result<ResizeAttributes> resize_attributes(const Node& node, const Shape& input, const Tensor* scales,
                                           const Tensor* sizes) {
  using ModeName = std::pair<std::string_view, Mode>;
  using CoordinatesName = std::pair<std::string_view, Coordinates>;
  using RoundingName = std::pair<std::string_view, Rounding>;
  ResizeAttributes a;
  POISE_TRY(a.mode, choose(node, "mode", "nearest",
                           std::array{ModeName{"nearest", Mode::kNearest}, ModeName{"linear", Mode::kLinear},
                                      ModeName{"cubic", Mode::kCubic}}));
  POISE_TRY(a.coordinates, choose(node, "coordinate_transformation_mode", "half_pixel",
                                  std::array{CoordinatesName{"half_pixel", Coordinates::kHalfPixel},
                                             CoordinatesName{"pytorch_half_pixel", Coordinates::kPytorchHalfPixel},
                                             CoordinatesName{"align_corners", Coordinates::kAlignCorners},
                                             CoordinatesName{"asymmetric", Coordinates::kAsymmetric},
                                             CoordinatesName{"tf_half_pixel_for_nn", Coordinates::kTfHalfPixelForNn}}));
  POISE_TRY(a.rounding,
            choose(node, "nearest_mode", "round_prefer_floor",
                   std::array{RoundingName{"round_prefer_floor", Rounding::kPreferFloor},
                              RoundingName{"round_prefer_ceil", Rounding::kPreferCeil},
                              RoundingName{"floor", Rounding::kFloor}, RoundingName{"ceil", Rounding::kCeil}}));
  a.cubic_a = node.real("cubic_coeff_a", -0.75F);
  a.exclude_outside = node.integer("exclude_outside", 0) != 0;

  const bool by_scales = scales != nullptr && scales->count() > 0;
  const bool by_sizes = sizes != nullptr && sizes->count() > 0;
  if (by_scales == by_sizes) return malformed("just one of its inputs scales and sizes must be given");
  const auto rank = static_cast<std::int64_t>(input.size());
  if (by_scales) {
    if (scales->count() != rank) return wrong_count("scales", scales->count(), input);
    a.scales.assign(scales->floats().begin(), scales->floats().end());
    POISE_TRY(a.output, scaled(input, a.scales));
  } else {
    if (sizes->count() != rank) return wrong_count("sizes", sizes->count(), input);
    a.output.assign(sizes->ints().begin(), sizes->ints().end());
    POISE_RETURN_IF_ERROR(check_computed(a.output));
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
      a.scales.push_back(static_cast<float>(a.output[axis]) / static_cast<float>(input[axis]));
    }
  }
  if (std::count(a.scales.begin(), a.scales.end(), 1.0F) + std::ptrdiff_t{kMostResizedAxes} < rank) {
    return unsupported("more than " + std::to_string(kMostResizedAxes) + " axes are to be resized");
  }
  return a;
}

std::size_t tap_count(const ResizeAttributes& a) {
  if (a.mode == Mode::kNearest) return 1;
  return a.mode == Mode::kLinear ? 2 : 4;
}

std::vector<Tap> resize_taps(const ResizeAttributes& a, std::size_t axis, std::int64_t input_extent) {
  const auto last = static_cast<float>(input_extent - 1);
  const auto clamp = [input_extent](std::int64_t i) { return std::clamp<std::int64_t>(i, 0, input_extent - 1); };
  std::vector<Tap> taps;
  taps.reserve(static_cast<std::size_t>(a.output[axis]) * tap_count(a));
  for (std::int64_t i = 0; i < a.output[axis]; ++i) {
    float x = coordinate(a, axis, input_extent, i);
    x = std::clamp(x, -4.0F, last + 4.0F);  // further out nothing changes
    if (a.mode == Mode::kNearest) {
      taps.push_back({clamp(static_cast<std::int64_t>(round_to(a.rounding, x))), 1.0});
      continue;
    }
    if (a.mode == Mode::kLinear) x = std::clamp(x, 0.0F, last);
    const auto left = static_cast<std::int64_t>(std::floor(x));
    const double part = static_cast<double>(x) - static_cast<double>(left);
    if (a.mode == Mode::kLinear) {
      taps.push_back({clamp(left), 1.0 - part});
      taps.push_back({clamp(left + 1), part});
      continue;
    }
    double sum = 0;
    for (int k = -1; k <= 2; ++k) {
      const bool outside = left + k < 0 || left + k >= input_extent;
      taps.push_back({clamp(left + k), a.exclude_outside && outside ? 0.0 : cubic_weight(part - k, a.cubic_a)});
      sum += taps.back().weight;
    }
    if (!a.exclude_outside || sum == 0) continue;
    for (auto tap = taps.end() - 4; tap != taps.end(); ++tap) tap->weight /= sum;
  }
  return taps;
}

}  // namespace poise
