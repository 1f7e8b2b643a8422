#include <algorithm>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

enum class Mode { kConstant, kReflect, kEdge, kWrap };

Result<Mode> resolve_mode(const Node& node) {
  const std::string mode = node.text("mode", "constant");
  if (mode == "constant") return Mode::kConstant;
  if (mode == "reflect") return Mode::kReflect;
  if (mode == "edge") return Mode::kEdge;
  if (mode == "wrap") return Mode::kWrap;
  return unsupported("mode \"" + mode + "\" is not supported: export with constant, reflect, edge or wrap");
}

// As many as the input has axes at the beginning, then at the end; 0 for those that the input axes (opset 18) leaves
// out.
Result<std::vector<std::int64_t>> resolve_pads(const Shape& shape, const Tensor& given, const Tensor* axes) {
  const auto pads = list_of(given);
  std::vector<std::int64_t> all(2 * shape.size(), 0);
  std::vector<std::int64_t> named;
  if (axes != nullptr) {
    named = list_of(*axes);
    POISE_TRY([[maybe_unused]] const auto marked, mark_axes(named, shape.size()));
  } else {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) named.push_back(static_cast<std::int64_t>(axis));
  }
  if (pads.size() != 2 * named.size()) {
    return malformed("there are " + std::to_string(pads.size()) + " pads for " + std::to_string(named.size()) +
                     " axes of an input of " + to_string(shape));
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    const std::size_t axis = resolve_axis(named[i], shape.size()).value();
    all[axis] = pads[i];
    all[axis + shape.size()] = pads[i + named.size()];
  }
  return all;
}

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31U;
  POISE_TRY(const Mode mode, resolve_mode(node));
  POISE_RETURN_IF_ERROR(expect_list(inputs[1], "pads"));
  Shape shape = inputs[0].shape;
  if (has_input(node, 3)) POISE_RETURN_IF_ERROR(expect_list(inputs[3], "axes"));
  const Tensor* axes = has_input(node, 3) ? inputs[3].constant.get() : nullptr;
  POISE_TRY(const auto pads, resolve_pads(shape, *inputs[1].constant, axes));
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::int64_t begin = pads[axis];
    const std::int64_t end = pads[axis + shape.size()];
    // What negative pads take away must leave something: the rest is padded. Nothing can be padded with a number alone.
    const std::int64_t least = mode == Mode::kConstant && shape[axis] == 0 ? 0 : 1;
    const bool in_range = begin >= -kMost && begin <= kMost && end >= -kMost && end <= kMost;
    if (!in_range || shape[axis] + std::min<std::int64_t>(begin, 0) + std::min<std::int64_t>(end, 0) < least) {
      return malformed("pads of " + std::to_string(begin) + " and " + std::to_string(end) + " for an extent of " +
                       std::to_string(shape[axis]) + " make no sense");
    }
    shape[axis] += begin + end;
  }
  if (has_input(node, 2)) {
    POISE_RETURN_IF_ERROR(expect_type(inputs[2], "padding value", {inputs[0].type}));
    POISE_TRY(const std::int64_t count, element_count(inputs[2].shape));
    if (count != 1) return malformed("the padding value must be one number");
  }
  return one_output(inputs[0].type, std::move(shape));
}

constexpr std::int64_t kPadding = -1;

// The input's index of an output's along one axis; [low, high) is what negative pads leave of the input.
std::int64_t source(Mode mode, std::int64_t i, std::int64_t low, std::int64_t high) {
  if (i >= low && i < high) return i;
  if (mode == Mode::kConstant) return kPadding;
  if (mode == Mode::kEdge) return i < low ? low : high - 1;
  if (mode == Mode::kWrap) return low + ((i - low) % (high - low) + (high - low)) % (high - low);
  const std::int64_t period = std::max<std::int64_t>(1, 2 * (high - low - 1));
  const std::int64_t phase = ((i - low) % period + period) % period;
  return low + std::min(phase, period - phase) % (high - low);
}

struct Axis {
  std::vector<std::int64_t> sources;
  std::int64_t step;
  std::size_t index = 0;
};

template <typename T>
void pad(std::vector<Axis>& axes, std::span<const T> from, T fill, std::span<T> to) {
  for (T& value : to) {
    std::int64_t offset = 0;
    bool inside = true;
    for (const Axis& axis : axes) {
      const std::int64_t at = axis.sources[axis.index];
      inside = inside && at != kPadding;
      offset += at * axis.step;
    }
    value = inside ? from[offset] : fill;
    for (std::size_t i = axes.size(); i-- > 0;) {
      if (++axes[i].index < axes[i].sources.size()) break;
      axes[i].index = 0;
    }
  }
}

void run(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Mode mode = resolve_mode(node).value();
  const Shape& from = inputs[0]->shape();
  const Shape steps = dense_steps(from);
  const auto pads = resolve_pads(from, *inputs[1], has_input(node, 3) ? inputs[3] : nullptr).value();
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t low = -std::min<std::int64_t>(pads[i], 0);
    const std::int64_t high = from[i] + std::min<std::int64_t>(pads[i + from.size()], 0);
    if (outputs[0].dim(i) == 1 && low == 0 && from[i] == 1) continue;  // so that there are few axes
    Axis axis{.sources = {}, .step = steps[i]};
    for (std::int64_t out = 0; out < outputs[0].dim(i); ++out) {
      axis.sources.push_back(source(mode, out - pads[i], low, high));
    }
    axes.push_back(std::move(axis));
  }
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    const T fill = has_input(node, 2) ? inputs[2]->as<T>()[0] : T{};
    pad<T>(axes, inputs[0]->as<T>(), fill, outputs[0].as<T>());
  });
}

constexpr AttributeRule kAttributes[] = {{"mode", AttributeKind::kText}};

}  // namespace

const Operator kPad{"Pad", 2, 4, kAttributes, infer, run};

}  // namespace poise
