#include <cstring>
#include <limits>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  if (!node.attributes.contains("axis")) return malformed("the attribute axis is missing");
  const Shape& first = inputs[0].shape;
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 0), first.size()));
  Shape shape = first;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) return malformed("input " + std::to_string(i) + " is left out");
    POISE_RETURN_IF_ERROR(expect_type(inputs[i], "input " + std::to_string(i), {inputs[0].type}));
    Shape other = inputs[i].shape;
    if (other.size() == first.size()) other[axis] = first[axis];  // the one extent that may differ
    if (other != first) {
      return malformed("inputs 0 and " + std::to_string(i) + " are " + to_string(first) + " and " +
                       to_string(inputs[i].shape) + ": they may differ along axis " + std::to_string(axis) + " only");
    }
    shape[axis] += inputs[i].shape[axis];  // each below 2^31
    POISE_TRY([[maybe_unused]] const std::int64_t count, bounded_count(shape));
  }
  return one_output(inputs[0].type, std::move(shape));
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  Tensor& output = outputs[0];
  const std::size_t axis = resolve_axis(node.integer("axis", 0), output.rank()).value();
  std::int64_t rows = 1;
  for (std::size_t i = 0; i < axis; ++i) rows *= output.dim(i);
  auto* to = static_cast<unsigned char*>(output.data());
  for (std::int64_t row = 0; row < rows; ++row) {
    for (const Tensor* input : inputs) {
      if (input->count() == 0) continue;
      const std::size_t bytes = input->bytes() / static_cast<std::size_t>(rows);
      std::memcpy(to, static_cast<const unsigned char*>(input->data()) + static_cast<std::size_t>(row) * bytes, bytes);
      to += bytes;
    }
  }
}

constexpr AttributeRule kAttributes[] = {{"axis", AttributeKind::kInteger}};

}  // namespace

const Operator kConcat{"Concat", 1, std::numeric_limits<std::size_t>::max(), kAttributes, infer, run};

}  // namespace poise
