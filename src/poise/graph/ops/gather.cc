#include <cstring>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

bool in_range(std::int64_t index, std::int64_t extent) { return index >= -extent && index < extent; }

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 0), shape.size()));
  POISE_RETURN_IF_ERROR(expect_type(inputs[1], "list of indices", {DType::kInt64, DType::kInt32}));
  if (inputs[1].constant != nullptr) {
    for (const std::int64_t index : list_of(*inputs[1].constant)) {
      if (in_range(index, shape[axis])) continue;
      return malformed("the index " + std::to_string(index) + " is outside the extent of " +
                       std::to_string(shape[axis]));
    }
  }
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  Shape result(shape.begin(), at);
  result.insert(result.end(), inputs[1].shape.begin(), inputs[1].shape.end());
  result.insert(result.end(), at + 1, shape.end());
  return one_output(inputs[0].type, std::move(result));
}

// A computed index that is out of range yields zeros.
void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Parts parts = split_at(input.shape(), resolve_axis(node.integer("axis", 0), input.rank()).value());
  const auto indices = list_of(*inputs[1]);
  const std::size_t bytes = static_cast<std::size_t>(parts.inner) * size_of(input.type());
  const auto* from = static_cast<const unsigned char*>(input.data());
  auto* to = static_cast<unsigned char*>(outputs[0].data());
  for (std::int64_t outer = 0; outer < parts.outer; ++outer) {
    for (const std::int64_t index : indices) {
      if (in_range(index, parts.extent)) {
        const std::int64_t row = outer * parts.extent + (index < 0 ? index + parts.extent : index);
        std::memcpy(to, from + static_cast<std::size_t>(row) * bytes, bytes);
      } else {
        std::memset(to, 0, bytes);
      }
      to += bytes;
    }
  }
}

constexpr AttributeRule kAttributes[] = {{"axis", AttributeKind::kInteger}};

}  // namespace

const Operator kGather{"Gather", 2, 2, kAttributes, infer, run};

}  // namespace poise
