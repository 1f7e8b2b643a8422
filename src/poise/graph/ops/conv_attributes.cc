#include <algorithm>

#include "poise/base/counted.h"
#include "poise/graph/ops/conv.h"
#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

using Pair = std::array<std::int64_t, 2>;

enum class AutoPad { kNone, kValid, kSameUpper, kSameLower };

// Extents up to 2^31 and attributes up to 2^30: every product and sum below stays within int64.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31U;
constexpr std::int64_t kMaxAttribute = std::int64_t{1} << 30U;
constexpr std::array<const char*, 2> kAxes = {"height", "width"};

Status check_extents(const Shape& shape, std::string_view what) {
  if (shape.size() != 4) {
    return unsupported("the " + std::string(what) + " is " + to_string(shape) +
                       ": only two-dimensional layers with four extents are supported");
  }
  for (const std::int64_t extent : shape) {
    if (extent < 1 || extent > kMaxExtent) {
      return malformed("the " + std::string(what) + " is " + to_string(shape) + ": extents must be 1 to 2^31");
    }
  }
  return {};
}

// Leaves `values` as they are where the attribute is absent.
Status read_integers(const Node& node, std::string_view name, std::int64_t minimum, std::span<std::int64_t> values) {
  const auto given = node.integers(name);
  if (given.empty()) return {};
  const std::string label(name);
  if (given.size() != values.size()) {
    return malformed(label + " has " + counted(given.size(), "entry", "entries") + ", it must have " +
                     std::to_string(values.size()));
  }
  for (const std::int64_t value : given) {
    if (value < minimum || value > kMaxAttribute) {
      return malformed(label + " has an entry of " + std::to_string(value) + ", it must be " + std::to_string(minimum) +
                       " to 2^30");
    }
  }
  std::copy(given.begin(), given.end(), values.begin());
  return {};
}

Result<AutoPad> read_auto_pad(const Node& node) {
  const std::string text = node.text("auto_pad", "NOTSET");
  if (text == "NOTSET" || text.empty()) return AutoPad::kNone;
  if (text == "VALID") return AutoPad::kValid;
  if (text == "SAME_UPPER") return AutoPad::kSameUpper;
  if (text == "SAME_LOWER") return AutoPad::kSameLower;
  return malformed("auto_pad is \"" + text + "\", it must be NOTSET, VALID, SAME_UPPER or SAME_LOWER");
}

// Strides, dilations, explicit pads: what all three layers share.
Result<AutoPad> read_window(const Node& node, ConvAttributes& a) {
  POISE_RETURN_IF_ERROR(read_integers(node, "strides", 1, a.strides));
  POISE_RETURN_IF_ERROR(read_integers(node, "dilations", 1, a.dilations));
  std::array<std::int64_t, 4> pads{};  // ONNX order: top, left, bottom, right
  POISE_RETURN_IF_ERROR(read_integers(node, "pads", 0, pads));
  POISE_TRY(const AutoPad auto_pad, read_auto_pad(node));
  if (auto_pad != AutoPad::kNone && pads != std::array<std::int64_t, 4>{}) {
    return malformed("both pads and auto_pad are given: leave one out");
  }
  a.pads_begin = {pads[0], pads[1]};
  a.pads_end = {pads[2], pads[3]};
  return auto_pad;
}

Status read_weight(const Node& node, const Shape& input, const Shape& weight, ConvAttributes& a) {
  POISE_RETURN_IF_ERROR(check_extents(input, "input"));
  POISE_RETURN_IF_ERROR(check_extents(weight, "weight"));
  a.kernel = {weight[2], weight[3]};
  Pair kernel = a.kernel;
  POISE_RETURN_IF_ERROR(read_integers(node, "kernel_shape", 1, kernel));
  if (kernel != a.kernel || std::max(kernel[0], kernel[1]) > kMaxAttribute) {
    return malformed("kernel_shape is " + std::to_string(kernel[0]) + "x" + std::to_string(kernel[1]) +
                     ", the weight is " + to_string(weight));
  }
  a.group = node.integer("group", 1);
  if (a.group < 1) return malformed("group is " + std::to_string(a.group) + ", it must be 1 or more");
  return {};
}

std::string channel_mismatch(const Shape& input, const Shape& weight, std::int64_t group) {
  return "the input is " + to_string(input) + ", the weight " + to_string(weight) + " with group " +
         std::to_string(group) + " does not fit its channels";
}

std::int64_t dilated_kernel(const ConvAttributes& a, std::size_t axis) {
  return (a.kernel[axis] - 1) * a.dilations[axis] + 1;
}

void split_padding(std::int64_t total, bool more_at_begin, ConvAttributes& a, std::size_t axis) {
  const std::int64_t half = total / 2;
  a.pads_begin[axis] = more_at_begin ? total - half : half;
  a.pads_end[axis] = total - a.pads_begin[axis];
}

// Output extent of Conv and MaxPool along one axis.
Result<std::int64_t> window_extent(ConvAttributes& a, AutoPad auto_pad, bool ceil_mode, std::int64_t input,
                                   std::size_t axis) {
  const std::int64_t kernel = dilated_kernel(a, axis);
  const std::int64_t stride = a.strides[axis];
  if (auto_pad == AutoPad::kSameUpper || auto_pad == AutoPad::kSameLower) {
    const std::int64_t output = (input + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>(0, (output - 1) * stride + kernel - input);
    split_padding(total, auto_pad == AutoPad::kSameLower, a, axis);
    return output;
  }
  const std::int64_t room = input + a.pads_begin[axis] + a.pads_end[axis] - kernel;
  if (room < 0) {
    return malformed("a window of " + std::to_string(kernel) + " does not fit the " + kAxes[axis] + " of " +
                     std::to_string(input) + " with pads of " + std::to_string(a.pads_begin[axis]) + " and " +
                     std::to_string(a.pads_end[axis]));
  }
  std::int64_t output = room / stride + 1;
  if (ceil_mode && room % stride != 0) {
    // The last window must start on the input or before it (PyTorch, aten/src/ATen/native/Pool.h,
    // pooling_output_shape_pad_lr; ONNX has said the same since).
    if (output * stride < input + a.pads_begin[axis]) ++output;
  }
  return output;
}

Result<std::int64_t> transpose_extent(ConvAttributes& a, AutoPad auto_pad, std::int64_t wanted, std::int64_t input,
                                      std::size_t axis) {
  const std::int64_t stride = a.strides[axis];
  const std::int64_t full = stride * (input - 1) + a.output_padding[axis] + dilated_kernel(a, axis);
  if (wanted == 0 && (auto_pad == AutoPad::kSameUpper || auto_pad == AutoPad::kSameLower)) wanted = input * stride;
  if (wanted != 0) {
    if (wanted > full) {  // more rows than the kernel reaches: as much output_padding as a stride leaves open
      a.output_padding[axis] += wanted - full;
      a.pads_begin[axis] = a.pads_end[axis] = 0;
      if (a.output_padding[axis] < std::max(stride, a.dilations[axis])) return wanted;
      return unsupported("an output " + std::string(kAxes[axis]) + " of " + std::to_string(wanted) +
                         " is wanted, the kernel reaches " + std::to_string(full) + ": set output_padding");
    }
    split_padding(full - wanted, auto_pad != AutoPad::kSameUpper, a, axis);
    return wanted;
  }
  const std::int64_t output = full - a.pads_begin[axis] - a.pads_end[axis];
  if (output < 1) {
    return malformed("the pads leave an output " + std::string(kAxes[axis]) + " of " + std::to_string(output));
  }
  return output;
}

}  // namespace

Result<ConvAttributes> conv_attributes(const Node& node, const Shape& input, const Shape& weight) {
  ConvAttributes a;
  POISE_RETURN_IF_ERROR(read_weight(node, input, weight, a));
  if (input[1] % a.group != 0 || input[1] / a.group != weight[1] || weight[0] % a.group != 0) {
    return malformed(channel_mismatch(input, weight, a.group));
  }
  POISE_TRY(const AutoPad auto_pad, read_window(node, a));
  POISE_TRY(const std::int64_t height, window_extent(a, auto_pad, false, input[2], 0));
  POISE_TRY(const std::int64_t width, window_extent(a, auto_pad, false, input[3], 1));
  a.output = {input[0], weight[0], height, width};
  POISE_TRY([[maybe_unused]] const std::int64_t count, bounded_count(a.output));
  return a;
}

Result<ConvAttributes> conv_transpose_attributes(const Node& node, const Shape& input, const Shape& weight) {
  ConvAttributes a;
  POISE_RETURN_IF_ERROR(read_weight(node, input, weight, a));
  if (a.group > kMaxAttribute || input[1] != weight[0] || weight[0] % a.group != 0) {
    return malformed(channel_mismatch(input, weight, a.group));
  }
  POISE_TRY(const AutoPad auto_pad, read_window(node, a));
  POISE_RETURN_IF_ERROR(read_integers(node, "output_padding", 0, a.output_padding));
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (a.output_padding[axis] >= std::max(a.strides[axis], a.dilations[axis])) {
      return malformed("output_padding is " + std::to_string(a.output_padding[axis]) +
                       ", it must be below the stride or the dilation");
    }
  }
  Pair wanted{0, 0};
  POISE_RETURN_IF_ERROR(read_integers(node, "output_shape", 1, wanted));
  POISE_TRY(const std::int64_t height, transpose_extent(a, auto_pad, wanted[0], input[2], 0));
  POISE_TRY(const std::int64_t width, transpose_extent(a, auto_pad, wanted[1], input[3], 1));
  a.output = {input[0], weight[1] * a.group, height, width};
  POISE_TRY([[maybe_unused]] const std::int64_t count, bounded_count(a.output));
  return a;
}

Result<ConvAttributes> pool_attributes(const Node& node, const Shape& input) {
  POISE_RETURN_IF_ERROR(check_extents(input, "input"));
  ConvAttributes a;
  if (node.integers("kernel_shape").empty()) return malformed("the attribute kernel_shape is missing");
  POISE_RETURN_IF_ERROR(read_integers(node, "kernel_shape", 1, a.kernel));
  POISE_TRY(const AutoPad auto_pad, read_window(node, a));
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (std::max(a.pads_begin[axis], a.pads_end[axis]) >= dilated_kernel(a, axis)) {
      return malformed("the pads along the " + std::string(kAxes[axis]) +
                       " are not smaller than the window: it would see padding alone");
    }
  }
  const bool ceil_mode = node.integer("ceil_mode", 0) != 0;
  POISE_TRY(const std::int64_t height, window_extent(a, auto_pad, ceil_mode, input[2], 0));
  POISE_TRY(const std::int64_t width, window_extent(a, auto_pad, ceil_mode, input[3], 1));
  a.output = {input[0], input[1], height, width};
  POISE_TRY([[maybe_unused]] const std::int64_t count, bounded_count(a.output));
  return a;
}

}  // namespace poise
