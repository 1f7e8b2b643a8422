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
    case Coordinates::kHalfPixelSymmetric: {
      // The extent that the scale would give, rounded or not, has the input's middle in its own.
      const float wanted = scale * static_cast<float>(input_extent);
      const float adjustment = static_cast<float>(a.output[axis]) / wanted;
      const float middle = static_cast<float>(input_extent) / 2.0F;
      return middle * (1.0F - adjustment) + (x + 0.5F) / scale - 0.5F;
    }
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

// All of them, or those of the attribute (opset 18).
Result<std::vector<std::size_t>> resized_axes(const Node& node, std::size_t rank) {
  const auto given = node.integers("axes");
  std::vector<std::size_t> axes;
  if (given.empty()) {
    for (std::size_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
    return axes;
  }
  POISE_TRY([[maybe_unused]] const auto marked, mark_axes(given, rank));
  for (const std::int64_t axis : given) axes.push_back(resolve_axis(axis, rank).value());
  return axes;
}

// One scale for all axes: the sizes are a frame that the output does not leave, or that it fills.
Status keep_aspect(const Node& node, const Shape& input, const std::vector<std::size_t>& axes, ResizeAttributes& a) {
  const std::string policy = node.text("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch" || axes.empty()) return {};
  if (policy != "not_larger" && policy != "not_smaller") {
    return malformed("keep_aspect_ratio_policy is \"" + policy + "\", it must be stretch, not_larger or not_smaller");
  }
  float scale = a.scales[axes[0]];
  for (const std::size_t axis : axes) {
    scale = policy == "not_larger" ? std::min(scale, a.scales[axis]) : std::max(scale, a.scales[axis]);
  }
  for (const std::size_t axis : axes) {
    a.scales[axis] = scale;
    a.output[axis] = static_cast<std::int64_t>(std::floor(scale * static_cast<float>(input[axis]) + 0.5F));
  }
  return check_computed(a.output);
}

// How far the kernel reaches to each side, in input elements: further where it shrinks and antialiases.
double reach(const ResizeAttributes& a, std::size_t axis) {
  const double plain = a.mode == Mode::kLinear ? 1.0 : 2.0;
  return a.antialias && a.scales[axis] < 1.0F ? plain / static_cast<double>(a.scales[axis]) : plain;
}

double kernel_weight(const ResizeAttributes& a, double distance) {
  if (a.mode == Mode::kLinear) return std::max(0.0, 1.0 - std::fabs(distance));
  return std::fabs(distance) < 2 ? cubic_weight(distance, a.cubic_a) : 0.0;
}

// The kernel stretched by the step. Weights beyond the border go to its element (or nowhere), and the sum is 1.
void add_wide_taps(const ResizeAttributes& a, std::size_t axis, std::int64_t extent, double x, std::vector<Tap>& taps) {
  const auto count = static_cast<std::int64_t>(tap_count(a, axis, extent));
  const auto low = static_cast<std::int64_t>(std::floor(x - reach(a, axis))) + 1;
  const std::int64_t begin = std::clamp<std::int64_t>(low, 0, extent - 1);
  const auto first = taps.insert(taps.end(), static_cast<std::size_t>(count), Tap{begin, 0.0});
  const double scale = std::min(1.0, static_cast<double>(a.scales[axis]));
  double sum = 0;
  const auto high = static_cast<std::int64_t>(std::ceil(x + reach(a, axis)));
  for (std::int64_t i = low; i < high; ++i) {
    const std::int64_t from = std::clamp<std::int64_t>(i, 0, extent - 1);
    if (a.exclude_outside && from != i) continue;
    Tap& tap = first[from - begin];
    tap.from = from;
    const double weight = kernel_weight(a, (static_cast<double>(i) - x) * scale);
    tap.weight += weight;
    sum += weight;
  }
  for (auto tap = first; tap != taps.end() && sum != 0; ++tap) tap->weight /= sum;
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
                                             CoordinatesName{"half_pixel_symmetric", Coordinates::kHalfPixelSymmetric},
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

  a.antialias = node.integer("antialias", 0) != 0 && a.mode != Mode::kNearest;

  const bool by_scales = scales != nullptr && scales->count() > 0;
  const bool by_sizes = sizes != nullptr && sizes->count() > 0;
  if (by_scales == by_sizes) return malformed("just one of its inputs scales and sizes must be given");
  const auto rank = static_cast<std::int64_t>(input.size());
  POISE_TRY(const std::vector<std::size_t> axes, resized_axes(node, input.size()));
  const auto named = static_cast<std::int64_t>(axes.size());
  a.scales.assign(input.size(), 1.0F);
  if (by_scales) {
    if (scales->count() != named) return wrong_count("scales", scales->count(), input);
    for (std::size_t i = 0; i < axes.size(); ++i) a.scales[axes[i]] = scales->floats()[i];
    POISE_TRY(a.output, scaled(input, a.scales));
  } else {
    if (sizes->count() != named) return wrong_count("sizes", sizes->count(), input);
    a.output = input;
    for (std::size_t i = 0; i < axes.size(); ++i) a.output[axes[i]] = sizes->ints()[i];
    POISE_RETURN_IF_ERROR(check_computed(a.output));
    for (const std::size_t axis : axes) {
      a.scales[axis] = static_cast<float>(a.output[axis]) / static_cast<float>(input[axis]);
    }
    POISE_RETURN_IF_ERROR(keep_aspect(node, input, axes, a));
  }
  if (std::count(a.scales.begin(), a.scales.end(), 1.0F) + std::ptrdiff_t{kMostResizedAxes} < rank) {
    return unsupported("more than " + std::to_string(kMostResizedAxes) + " axes are to be resized");
  }
  return a;
}

std::size_t tap_count(const ResizeAttributes& a, std::size_t axis, std::int64_t input_extent) {
  if (a.mode == Mode::kNearest) return 1;
  const std::size_t plain = a.mode == Mode::kLinear ? 2 : 4;
  if (!a.antialias || a.scales[axis] >= 1.0F) return plain;
  const double wide = std::min(2.0 * std::ceil(reach(a, axis)) + 1.0, static_cast<double>(input_extent));
  return std::max(plain, static_cast<std::size_t>(wide));
}

std::vector<Tap> resize_taps(const ResizeAttributes& a, std::size_t axis, std::int64_t input_extent) {
  const auto last = static_cast<float>(input_extent - 1);
  const auto clamp = [input_extent](std::int64_t i) { return std::clamp<std::int64_t>(i, 0, input_extent - 1); };
  std::vector<Tap> taps;
  taps.reserve(static_cast<std::size_t>(a.output[axis]) * tap_count(a, axis, input_extent));
  for (std::int64_t i = 0; i < a.output[axis]; ++i) {
    float x = coordinate(a, axis, input_extent, i);
    x = std::clamp(x, -4.0F, last + 4.0F);  // further out nothing changes
    if (a.mode == Mode::kNearest) {
      taps.push_back({clamp(static_cast<std::int64_t>(round_to(a.rounding, x))), 1.0});
      continue;
    }
    if (a.antialias && a.scales[axis] < 1.0F) {
      add_wide_taps(a, axis, input_extent, static_cast<double>(x), taps);
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
