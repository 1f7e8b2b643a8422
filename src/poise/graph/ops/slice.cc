// Slice and Split: parts of a tensor of any type.

#include <algorithm>

#include "poise/base/counted.h"
#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

struct Cut {
  std::int64_t first = 0;  // offset of the first element
  Shape shape;
  Shape steps;
};

// Cuts one axis from `start` (inclusive) to `end` (exclusive), both as NumPy reads them.
void cut_axis(Cut& cut, std::size_t axis, std::int64_t start, std::int64_t end, std::int64_t step) {
  constexpr std::int64_t kFar = std::int64_t{1} << 41U;  // beyond every extent
  const std::int64_t extent = cut.shape[axis];
  step = std::clamp(step, -kFar, kFar);
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  std::int64_t count = 0;
  if (extent == 0) {
    start = 0;
  } else if (step > 0) {
    start = std::clamp<std::int64_t>(start, 0, extent);
    end = std::clamp<std::int64_t>(end, 0, extent);
    if (end > start) count = (end - start - 1) / step + 1;
  } else {
    start = std::clamp<std::int64_t>(start, 0, extent - 1);
    end = std::clamp<std::int64_t>(end, -1, extent - 1);
    if (start > end) count = (start - end - 1) / -step + 1;
  }
  cut.first += start * cut.steps[axis];
  cut.shape[axis] = count;
  // One element is not stepped from: the product stays within the tensor.
  cut.steps[axis] = count > 1 ? cut.steps[axis] * step : 0;
}

Result<Cut> resolve_slice(const Shape& input, Inputs lists) {
  Cut cut{.first = 0, .shape = input, .steps = dense_steps(input)};
  const auto starts = list_of(*lists[0]);
  const auto ends = list_of(*lists[1]);
  std::vector<std::int64_t> axes;
  std::vector<std::int64_t> steps(starts.size(), 1);
  if (lists.size() > 2 && lists[2] != nullptr) {
    axes = list_of(*lists[2]);
  } else {
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  }
  if (lists.size() > 3 && lists[3] != nullptr) steps = list_of(*lists[3]);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size()) {
    return malformed("starts, ends, axes and steps differ in length");
  }
  POISE_TRY([[maybe_unused]] const auto marked, mark_axes(axes, input.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (steps[i] == 0) return malformed("a step is 0");
    cut_axis(cut, resolve_axis(axes[i], input.size()).value(), starts[i], ends[i], steps[i]);
  }
  return cut;
}

InferResult infer_slice(const Node& node, std::span<const ValueInfo> inputs) {
  constexpr std::string_view kNames[] = {"input", "starts", "ends", "axes", "steps"};
  std::vector<const Tensor*> lists;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (has_input(node, i)) POISE_RETURN_IF_ERROR(expect_list(inputs[i], kNames[i]));
    lists.push_back(inputs[i].constant.get());
  }
  POISE_TRY(Cut cut, resolve_slice(inputs[0].shape, lists));
  return one_output(inputs[0].type, std::move(cut.shape));
}

void run_slice(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  const Cut cut = resolve_slice(inputs[0]->shape(), inputs.subspan(1)).value();
  copy_strided(*inputs[0], cut.first, cut.shape, cut.steps, outputs[0]);
}

// The extents along the axis, one an output.
Result<std::vector<std::int64_t>> resolve_split(const Node& node, std::int64_t extent, const Tensor* given) {
  const std::size_t count = node.outputs.size();
  if (given == nullptr) {
    const auto parts = static_cast<std::int64_t>(count);
    // Only opset 18, which names their number, lets the last part be smaller.
    const std::int64_t named = node.integer("num_outputs", 0);
    const std::int64_t each = named == 0 ? extent / parts : (extent + parts - 1) / parts;
    const std::int64_t last = extent - each * (parts - 1);
    if (last < 1 || (named == 0 && last != each) || (named != 0 && named != parts)) {
      return malformed("an extent of " + std::to_string(extent) + " cannot be split into " + std::to_string(count) +
                       " equal parts");
    }
    std::vector<std::int64_t> split(count, each);
    split.back() = last;
    return split;
  }
  auto split = list_of(*given);
  std::int64_t left = extent;
  for (const std::int64_t part : split) {
    if (part < 0 || part > left) return malformed("the parts do not add up to " + std::to_string(extent));
    left -= part;
  }
  if (left != 0 || split.size() != count) {
    return malformed(std::to_string(split.size()) + " parts of " + std::to_string(extent - left) + " are named for " +
                     counted(count, "output") + " of " + std::to_string(extent));
  }
  return split;
}

InferResult infer_split(const Node& node, std::span<const ValueInfo> inputs) {
  Shape shape = inputs[0].shape;
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 0), shape.size()));
  const bool given = has_input(node, 1);
  if (given) POISE_RETURN_IF_ERROR(expect_list(inputs[1], "split"));
  POISE_TRY(const auto parts, resolve_split(node, shape[axis], given ? inputs[1].constant.get() : nullptr));
  std::vector<ValueInfo> infos;
  for (const std::int64_t part : parts) {
    shape[axis] = part;
    infos.push_back({.type = inputs[0].type, .shape = shape, .constant = nullptr});
  }
  return infos;
}

void run_split(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const std::size_t axis = resolve_axis(node.integer("axis", 0), input.rank()).value();
  const Shape steps = dense_steps(input.shape());
  std::int64_t first = 0;
  for (Tensor& output : outputs) {
    copy_strided(input, first, output.shape(), steps, output);
    first += output.dim(axis) * steps[axis];
  }
}

constexpr AttributeRule kSplitAttributes[] = {{"axis", AttributeKind::kInteger},
                                              {"num_outputs", AttributeKind::kInteger}};

}  // namespace

const Operator kSlice{"Slice", 3, 5, {}, infer_slice, run_slice};
const Operator kSplit{"Split", 1, 2, kSplitAttributes, infer_split, run_split, kAnyNumber};

}  // namespace poise
