// ScatterElements and ScatterND: a copy of the input with elements put where indices say.

#include <algorithm>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

enum class Reduction { kNone, kAdd, kMul, kMin, kMax };

Result<Reduction> reduction_of(const Node& node) {
  const std::string name = node.text("reduction", "none");
  if (name == "none") return Reduction::kNone;
  if (name == "add") return Reduction::kAdd;
  if (name == "mul") return Reduction::kMul;
  if (name == "min") return Reduction::kMin;
  if (name == "max") return Reduction::kMax;
  return malformed("reduction is \"" + name + "\", it must be none, add, mul, min or max");
}

// Integers wrap, as all of theirs do.
template <typename T>
T reduced(Reduction reduction, T old, T update) {
  using Wide = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;
  switch (reduction) {
    case Reduction::kNone:
      break;
    case Reduction::kAdd:
      return static_cast<T>(static_cast<Wide>(old) + static_cast<Wide>(update));
    case Reduction::kMul:
      return static_cast<T>(static_cast<Wide>(old) * static_cast<Wide>(update));
    case Reduction::kMin:
      return std::min(old, update);
    case Reduction::kMax:
      return std::max(old, update);
  }
  return update;
}

Status check_types(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY([[maybe_unused]] const Reduction reduction, reduction_of(node));
  POISE_RETURN_IF_ERROR(expect_type(inputs[1], "list of indices", {DType::kInt64, DType::kInt32}));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input"));
  return expect_type(inputs[2], "list of updates", {inputs[0].type});
}

Error mismatch(std::span<const ValueInfo> inputs) {
  return malformed("the input is " + to_string(inputs[0].shape) + ", the indices are " + to_string(inputs[1].shape) +
                   ", the updates are " + to_string(inputs[2].shape) + ": they do not fit");
}

InferResult infer_elements(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  POISE_RETURN_IF_ERROR(check_types(node, inputs));
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 0), shape.size()));
  bool fits = indices.size() == shape.size() && inputs[2].shape == indices;
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = i == axis || indices[i] <= shape[i];
  if (!fits) return mismatch(inputs);
  return one_output(inputs[0].type, shape);
}

// A computed index that is out of range changes nothing.
void run_elements(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  Tensor& output = outputs[0];
  const std::size_t axis = resolve_axis(node.integer("axis", 0), output.rank()).value();
  const Reduction reduction = reduction_of(node).value();
  Shape steps = dense_steps(output.shape());
  const std::int64_t step = steps[axis];
  steps[axis] = 0;
  const auto indices = list_of(*inputs[1]);
  copy_elements(*inputs[0], output);
  with_type(output.type(), [&](auto zero) {
    using T = decltype(zero);
    Walk<1> walk(inputs[1]->shape(), {steps});
    for (std::size_t i = 0; i < indices.size(); ++i, walk.next()) {
      const std::int64_t at = indices[i] < 0 ? indices[i] + output.dim(axis) : indices[i];
      if (at < 0 || at >= output.dim(axis)) continue;
      T& value = output.as<T>()[walk[0] + at * step];
      value = reduced(reduction, value, inputs[2]->as<T>()[i]);
    }
  });
}

// The indices' last extent counts the input's first axes.
InferResult infer_nd(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  POISE_RETURN_IF_ERROR(check_types(node, inputs));
  if (indices.empty() || indices.back() < 1 || indices.back() > static_cast<std::int64_t>(shape.size())) {
    return mismatch(inputs);
  }
  Shape wanted(indices.begin(), indices.end() - 1);
  wanted.insert(wanted.end(), shape.begin() + indices.back(), shape.end());
  if (inputs[2].shape != wanted) return mismatch(inputs);
  return one_output(inputs[0].type, shape);
}

void run_nd(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  Tensor& output = outputs[0];
  const Reduction reduction = reduction_of(node).value();
  const auto depth = static_cast<std::size_t>(inputs[1]->shape().back());
  const Shape steps = dense_steps(output.shape());
  const std::int64_t part = steps[depth - 1];
  const auto indices = list_of(*inputs[1]);
  copy_elements(*inputs[0], output);
  with_type(output.type(), [&](auto zero) {
    using T = decltype(zero);
    const T* update = inputs[2]->as<T>().data();
    for (std::size_t i = 0; i < indices.size() / depth; ++i, update += part) {
      std::int64_t at = 0;
      bool inside = true;
      for (std::size_t k = 0; k < depth; ++k) {
        std::int64_t index = indices[i * depth + k];
        if (index < 0) index += output.dim(k);
        inside = inside && index >= 0 && index < output.dim(k);
        at += inside ? index * steps[k] : 0;
      }
      if (!inside) continue;
      T* to = output.as<T>().data() + at;
      for (std::int64_t j = 0; j < part; ++j) to[j] = reduced(reduction, to[j], update[j]);
    }
  });
}

constexpr AttributeRule kElementsAttributes[] = {{"axis", AttributeKind::kInteger},
                                                 {"reduction", AttributeKind::kText}};
constexpr AttributeRule kNdAttributes[] = {{"reduction", AttributeKind::kText}};

}  // namespace

const Operator kScatterElements{"ScatterElements", 3, 3, kElementsAttributes, infer_elements, run_elements};
const Operator kScatterNd{"ScatterND", 3, 3, kNdAttributes, infer_nd, run_nd};

}  // namespace poise
