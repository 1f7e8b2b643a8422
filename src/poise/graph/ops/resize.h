#pragma once
// The geometry of Resize, read from a node. Pure functions of values: thread-safe.

#include "poise/graph/graph.h"

namespace poise {

/// How Resize finds the input's elements for an output's; all axes alike.
struct ResizeAttributes {
  enum class Mode { kNearest, kLinear, kCubic };
  enum class Coordinates {
    kHalfPixel,
    kHalfPixelSymmetric,
    kPytorchHalfPixel,
    kAlignCorners,
    kAsymmetric,
    kTfHalfPixelForNn
  };
  enum class Rounding { kPreferFloor, kPreferCeil, kFloor, kCeil };
  Mode mode = Mode::kNearest;
  Coordinates coordinates = Coordinates::kHalfPixel;
  Rounding rounding = Rounding::kPreferFloor;  // kNearest
  double cubic_a = -0.75;                      // Keys's free coefficient
  bool exclude_outside = false;                // kCubic: elements beyond the border weigh nothing
  bool antialias = false;                      // kLinear, kCubic: the kernel is as wide as the step where it shrinks
  std::vector<float> scales;                   // output extent / input extent, one an axis; 1 where nothing changes
  Shape output;
};

/// `scales` and `sizes`: inputs 2 and 3, nullptr where left out; just one has elements. Errors: kMalformed,
/// kUnsupported (tf_crop_and_resize, more than four axes to resize).
Result<ResizeAttributes> resize_attributes(const Node& node, const Shape& input, const Tensor* scales,
                                           const Tensor* sizes);

struct Tap {
  std::int64_t from;  // on the input, in range
  double weight;
};
/// The taps of each output along one axis, tap_count() an output.
std::vector<Tap> resize_taps(const ResizeAttributes& a, std::size_t axis, std::int64_t input_extent);
/// 1, 2 or 4, more where antialiasing widens the kernel; at most about the input's extent.
std::size_t tap_count(const ResizeAttributes& a, std::size_t axis, std::int64_t input_extent);

}  // namespace poise
