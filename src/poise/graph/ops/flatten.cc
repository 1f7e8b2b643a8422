#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  const std::int64_t given = node.integer("axis", 1);
  // One past the last axis is allowed too: all extents go to the left.
  std::size_t axis = shape.size();
  if (given != static_cast<std::int64_t>(shape.size())) {
    POISE_TRY(axis, resolve_axis(given, shape.size()));
  }
  const auto split = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  POISE_TRY(const std::int64_t left, bounded_count(Shape(shape.begin(), split)));
  POISE_TRY(const std::int64_t right, bounded_count(Shape(split, shape.end())));
  return one_output(inputs[0].type, {left, right});
}

void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  copy_elements(*inputs[0], outputs[0]);
}

constexpr AttributeRule kAttributes[] = {{"axis", AttributeKind::kInteger}};

}  // namespace

const Operator kFlatten{"Flatten", 1, 1, kAttributes, infer, run};

}  // namespace poise
