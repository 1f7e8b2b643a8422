// GridSample: values of a map at points, which lie at -1 to 1 of its borders.

#include <algorithm>
#include <cmath>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

enum class Mode { kNearest, kLinear, kCubic };
enum class Padding { kZeros, kBorder, kReflection };

struct Sampling {
  Mode mode = Mode::kLinear;
  Padding padding = Padding::kZeros;
  bool align_corners = false;
};

Result<Sampling> sampling_of(const Node& node) {
  Sampling sampling;
  const std::string mode = node.text("mode", "linear");  // "bilinear" and "bicubic" before opset 20
  if (mode == "nearest") {
    sampling.mode = Mode::kNearest;
  } else if (mode == "cubic" || mode == "bicubic") {
    sampling.mode = Mode::kCubic;
  } else if (mode != "linear" && mode != "bilinear") {
    return malformed("mode is \"" + mode + "\", it must be nearest, linear or cubic");
  }
  const std::string padding = node.text("padding_mode", "zeros");
  if (padding == "border") {
    sampling.padding = Padding::kBorder;
  } else if (padding == "reflection") {
    sampling.padding = Padding::kReflection;
  } else if (padding != "zeros") {
    return malformed("padding_mode is \"" + padding + "\", it must be zeros, border or reflection");
  }
  sampling.align_corners = node.integer("align_corners", 0) != 0;
  return sampling;
}

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& map = inputs[0].shape;
  const Shape& grid = inputs[1].shape;
  POISE_TRY([[maybe_unused]] const Sampling sampling, sampling_of(node));
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "grid"));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input"));
  if (map.size() != 4 || grid.size() != 4 || map[0] != grid[0] || grid[3] != 2) {
    return unsupported("the input is " + to_string(map) + ", the grid " + to_string(grid) +
                       ": they must be (N, C, H, W) and (N, h, w, 2)");
  }
  return one_output(DType::kFloat32, {map[0], map[1], grid[1], grid[2]});
}

// Turned back at both ends as often as it takes.
double reflected(double x, double low, double high) {
  const double length = high - low;
  if (!(length > 0)) return low;
  const double phase = std::fabs(x - low);
  const double turns = std::floor(phase / length);
  const double rest = phase - turns * length;
  return std::fmod(turns, 2.0) == 0 ? low + rest : high - rest;
}

// Keys 1981, "Cubic convolution interpolation for digital image processing", equation 4, with PyTorch's coefficient.
double cubic_weight(double distance) {
  constexpr double kA = -0.75;
  const double d = std::fabs(distance);
  if (d <= 1) return ((kA + 2) * d - (kA + 3)) * d * d + 1;
  return ((d - 5) * d + 8) * d * kA - 4 * kA;
}

/// One axis of a map: taps of a point.
struct Line {
  std::int64_t extent = 1;
  Sampling sampling;

  double low() const { return sampling.align_corners ? 0.0 : -0.5; }
  double high() const { return static_cast<double>(extent) + (sampling.align_corners ? -1.0 : -0.5); }

  double pixel(double x) const {
    const auto size = static_cast<double>(extent);
    return sampling.align_corners ? (x + 1) / 2 * (size - 1) : ((x + 1) * size - 1) / 2;
  }
  double padded(double x) const {
    if (sampling.padding == Padding::kReflection) x = reflected(x, low(), high());
    if (sampling.padding != Padding::kZeros) x = std::clamp(x, 0.0, static_cast<double>(extent - 1));
    return x;
  }
  /// An index in range, or -1: zero there.
  std::int64_t at(double index) const {
    if (!(std::fabs(index) < 1e15)) return -1;
    const auto i = static_cast<std::int64_t>(padded(index));
    return i >= 0 && i < extent ? i : -1;
  }
};

struct Tap {
  std::int64_t from = -1;
  double weight = 0;
};
struct Taps {
  std::array<Tap, 4> taps;
  int count = 0;
  void add(std::int64_t from, double weight) { taps.at(static_cast<std::size_t>(count++)) = {from, weight}; }
};

Taps taps_of(const Line& line, float coordinate) {
  Taps taps;
  double x = line.pixel(coordinate);
  if (line.sampling.mode != Mode::kCubic) x = line.padded(x);
  if (line.sampling.mode == Mode::kNearest) {
    taps.add(line.at(std::nearbyint(x)), 1);
    return taps;
  }
  const double left = std::floor(x);
  const double part = x - left;
  if (line.sampling.mode == Mode::kLinear) {
    taps.add(line.at(left), 1 - part);
    taps.add(line.at(left + 1), part);
    return taps;
  }
  for (int k = -1; k <= 2; ++k) taps.add(line.at(left + k), cubic_weight(part - k));
  return taps;
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Sampling sampling = sampling_of(node).value();
  const Shape& map = inputs[0]->shape();
  const std::int64_t area = map[2] * map[3];
  const std::int64_t points = outputs[0].dim(2) * outputs[0].dim(3);
  for (std::int64_t i = 0; i < map[0] * points; ++i) {
    const float* point = inputs[1]->floats().data() + 2 * i;
    const Taps columns = taps_of({map[3], sampling}, point[0]);
    const Taps rows = taps_of({map[2], sampling}, point[1]);
    const std::int64_t image = i / points;
    for (std::int64_t c = 0; c < map[1]; ++c) {
      const float* plane = inputs[0]->floats().data() + (image * map[1] + c) * area;
      double sum = 0;
      for (int y = 0; y < rows.count; ++y) {
        for (int x = 0; x < columns.count; ++x) {
          const Tap& row = rows.taps.at(static_cast<std::size_t>(y));
          const Tap& column = columns.taps.at(static_cast<std::size_t>(x));
          if (row.from < 0 || column.from < 0) continue;
          sum += row.weight * column.weight * plane[row.from * map[3] + column.from];
        }
      }
      outputs[0].floats()[(image * map[1] + c) * points + i % points] = static_cast<float>(sum);
    }
  }
}

constexpr AttributeRule kAttributes[] = {
    {"align_corners", AttributeKind::kInteger},
    {"mode", AttributeKind::kText},
    {"padding_mode", AttributeKind::kText},
};

}  // namespace

const Operator kGridSample{"GridSample", 2, 2, kAttributes, infer, run};

}  // namespace poise
