// RoiAlign: a map's mean or largest values in the cells of regions. He et al., "Mask R-CNN", section 3.

#include <algorithm>
#include <cmath>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

struct Pooling {
  std::int64_t height = 1, width = 1;  // cells of a region
  std::int64_t samples = 0;            // a side of a cell; 0: as many as it is pixels long
  double scale = 1;                    // map pixels of a picture's
  bool largest = false;
  bool half_pixel = true;  // regions count from edges, else from the first pixel's centre
};

Result<Pooling> pooling_of(const Node& node) {
  constexpr std::int64_t kMost = 1 << 15;
  Pooling pooling;
  pooling.height = node.integer("output_height", 1);
  pooling.width = node.integer("output_width", 1);
  pooling.samples = node.integer("sampling_ratio", 0);
  pooling.scale = node.real("spatial_scale", 1.0F);
  const auto in_range = [](std::int64_t value, std::int64_t least) { return value >= least && value <= kMost; };
  if (!in_range(pooling.height, 1) || !in_range(pooling.width, 1) || !in_range(pooling.samples, 0)) {
    return malformed("regions of " + std::to_string(pooling.width) + "x" + std::to_string(pooling.height) +
                     " cells with " + std::to_string(pooling.samples) + " samples a side make no sense");
  }
  if (!(pooling.scale > 0)) return malformed("spatial_scale must be above 0");
  const std::string mode = node.text("mode", "avg");
  if (mode != "avg" && mode != "max") return malformed("mode is \"" + mode + "\", it must be avg or max");
  pooling.largest = mode == "max";
  const std::string form = node.text("coordinate_transformation_mode", "half_pixel");
  if (form != "half_pixel" && form != "output_half_pixel") {
    return malformed("coordinate_transformation_mode is \"" + form + "\", it must be half_pixel or output_half_pixel");
  }
  pooling.half_pixel = form == "half_pixel";
  return pooling;
}

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& map = inputs[0].shape;
  const Shape& regions = inputs[1].shape;
  POISE_TRY(const Pooling pooling, pooling_of(node));
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "list of regions"));
  POISE_RETURN_IF_ERROR(expect_type(inputs[2], "list of pictures", {DType::kInt64}));
  if (map.size() != 4 || regions.size() != 2 || regions[1] != 4 || inputs[2].shape != Shape{regions[0]}) {
    return malformed("the input is " + to_string(map) + ", the regions " + to_string(regions) +
                     ", their pictures' numbers " + to_string(inputs[2].shape) +
                     ": they must be (N, C, H, W), (regions, 4) and (regions)");
  }
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input"));
  return one_output(DType::kFloat32, {regions[0], map[1], pooling.height, pooling.width});
}

/// Two neighbours along one axis and the second one's weight; first < 0: beyond the map, where all is 0.
struct Tap {
  std::int64_t first = -1, second = -1;
  double weight = 0;
};

// onnxruntime/core/providers/cpu/object_detection/roialign.cc, PreCalcForBilinearInterpolate
Tap tap_at(double at, std::int64_t extent) {
  if (!(at >= -1) || !(at <= static_cast<double>(extent))) return {};
  at = std::max(at, 0.0);
  const auto first = static_cast<std::int64_t>(at);
  if (first >= extent - 1) return {extent - 1, extent - 1, 0};
  return {first, first + 1, at - static_cast<double>(first)};
}

/// One side of a region: the taps of each of its cells.
struct Side {
  std::int64_t samples = 0;
  std::vector<Tap> taps;  // cells * samples
};

Side side_of(double start, double end, std::int64_t cells, std::int64_t extent, const Pooling& pooling) {
  const double shift = pooling.half_pixel ? 0.5 : 0.0;
  const double first = start * pooling.scale - shift;
  double length = (end - start) * pooling.scale;
  if (!pooling.half_pixel) length = std::max(length, 1.0);  // as it was before half_pixel
  const double cell = length / static_cast<double>(cells);
  Side side;
  // No more than a map's side holds, whatever a file says; none in a region of no length.
  const double wanted = std::clamp(std::ceil(cell), 0.0, static_cast<double>(extent) + 2);
  side.samples = pooling.samples > 0 ? pooling.samples : static_cast<std::int64_t>(std::isnan(wanted) ? 0 : wanted);
  for (std::int64_t i = 0; i < cells * side.samples; ++i) {
    const double part = (static_cast<double>(i % side.samples) + 0.5) / static_cast<double>(side.samples);
    side.taps.push_back(tap_at(first + (static_cast<double>(i / side.samples) + part) * cell, extent));
  }
  return side;
}

/// The value between four neighbours, or, for the largest, the largest of their parts.
double sample(const float* plane, std::int64_t width, const Tap& y, const Tap& x, bool largest) {
  const double a = (1 - y.weight) * (1 - x.weight) * plane[y.first * width + x.first];
  const double b = (1 - y.weight) * x.weight * plane[y.first * width + x.second];
  const double c = y.weight * (1 - x.weight) * plane[y.second * width + x.first];
  const double d = y.weight * x.weight * plane[y.second * width + x.second];
  return largest ? std::max({a, b, c, d}) : a + b + c + d;
}

float cell_of(const float* plane, std::int64_t width, std::span<const Tap> rows, std::span<const Tap> columns,
              bool largest) {
  double sum = 0, most = 0;
  bool any = false;
  for (const Tap& y : rows) {
    for (const Tap& x : columns) {
      const bool inside = y.first >= 0 && x.first >= 0;
      const double value = inside ? sample(plane, width, y, x, largest) : 0.0;
      sum += value;
      most = any ? std::max(most, value) : value;
      any = true;
    }
  }
  return static_cast<float>(largest || !any ? most : sum / static_cast<double>(rows.size() * columns.size()));
}

// A region of a picture that is not there is 0.
void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Pooling pooling = pooling_of(node).value();
  const Shape& map = inputs[0]->shape();
  const std::int64_t channels = map[1], height = map[2], width = map[3];
  float* to = outputs[0].floats().data();
  for (std::int64_t r = 0; r < outputs[0].dim(0); ++r) {
    const float* region = inputs[1]->floats().data() + 4 * r;
    const std::int64_t picture = inputs[2]->ints()[static_cast<std::size_t>(r)];
    const std::int64_t cells = channels * pooling.height * pooling.width;
    if (picture < 0 || picture >= map[0]) {
      std::fill_n(to, cells, 0.0F);
      to += cells;
      continue;
    }
    const Side columns = side_of(region[0], region[2], pooling.width, width, pooling);
    const Side rows = side_of(region[1], region[3], pooling.height, height, pooling);
    for (std::int64_t c = 0; c < channels; ++c) {
      const float* plane = inputs[0]->floats().data() + (picture * channels + c) * height * width;
      for (std::int64_t y = 0; y < pooling.height; ++y) {
        const std::span down(rows.taps.data() + y * rows.samples, static_cast<std::size_t>(rows.samples));
        for (std::int64_t x = 0; x < pooling.width; ++x) {
          const std::span along(columns.taps.data() + x * columns.samples, static_cast<std::size_t>(columns.samples));
          *to++ = cell_of(plane, width, down, along, pooling.largest);
        }
      }
    }
  }
}

constexpr AttributeRule kAttributes[] = {
    {"coordinate_transformation_mode", AttributeKind::kText},
    {"mode", AttributeKind::kText},
    {"output_height", AttributeKind::kInteger},
    {"output_width", AttributeKind::kInteger},
    {"sampling_ratio", AttributeKind::kInteger},
    {"spatial_scale", AttributeKind::kReal},
};

}  // namespace

const Operator kRoiAlign{"RoiAlign", 3, 3, kAttributes, infer, run};

}  // namespace poise
