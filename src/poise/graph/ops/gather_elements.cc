// GatherElements and GatherND: elements of any type that indices name.

#include <algorithm>
#include <cstring>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

InferResult infer_elements(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 0), shape.size()));
  POISE_RETURN_IF_ERROR(expect_type(inputs[1], "list of indices", {DType::kInt64, DType::kInt32}));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input", indices));
  bool fits = indices.size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = i == axis || indices[i] <= shape[i];
  if (!fits) {
    return malformed("the input is " + to_string(shape) + ", the indices are " + to_string(indices) +
                     ": they do not fit");
  }
  return one_output(inputs[0].type, indices);
}

// A computed index that is out of range yields zeros.
void run_elements(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const std::size_t axis = resolve_axis(node.integer("axis", 0), input.rank()).value();
  Shape steps = dense_steps(input.shape());
  const std::int64_t step = steps[axis];
  steps[axis] = 0;
  const auto indices = list_of(*inputs[1]);
  with_type(input.type(), [&](auto zero) {
    using T = decltype(zero);
    Walk<1> walk(outputs[0].shape(), {steps});
    for (std::size_t i = 0; i < indices.size(); ++i, walk.next()) {
      const std::int64_t at = indices[i] < 0 ? indices[i] + input.dim(axis) : indices[i];
      const bool inside = at >= 0 && at < input.dim(axis);
      outputs[0].as<T>()[i] = inside ? input.as<T>()[walk[0] + at * step] : T{};
    }
  });
}

// The indices' last extent counts axes of the input, behind `batch` axes that both share.
InferResult infer_nd(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  POISE_RETURN_IF_ERROR(expect_type(inputs[1], "list of indices", {DType::kInt64, DType::kInt32}));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input", indices));
  const std::int64_t batch = node.integer("batch_dims", 0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto mismatch = [&] {
    return malformed("the input is " + to_string(shape) + ", the indices are " + to_string(indices) +
                     ": they do not fit");
  };
  const auto index_rank = static_cast<std::int64_t>(indices.size());
  if (batch < 0 || index_rank == 0 || batch >= std::min(rank, index_rank)) return mismatch();
  if (!std::equal(shape.begin(), shape.begin() + batch, indices.begin())) return mismatch();
  if (indices.back() < 1 || indices.back() > rank - batch) return mismatch();
  Shape result(indices.begin(), indices.end() - 1);
  result.insert(result.end(), shape.begin() + batch + indices.back(), shape.end());
  return one_output(inputs[0].type, std::move(result));
}

void run_nd(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const auto batch = static_cast<std::size_t>(node.integer("batch_dims", 0));
  const auto depth = static_cast<std::size_t>(inputs[1]->shape().back());
  const auto indices = list_of(*inputs[1]);
  const Shape steps = dense_steps(input.shape());
  std::int64_t batches = 1;
  for (std::size_t i = 0; i < batch; ++i) batches *= input.dim(i);
  const std::int64_t part = steps[batch + depth - 1];  // elements that one index names
  const std::int64_t whole = input.count() / batches;
  const std::size_t bytes = static_cast<std::size_t>(part) * size_of(input.type());
  const auto* from = static_cast<const unsigned char*>(input.data());
  auto* to = static_cast<unsigned char*>(outputs[0].data());
  const std::size_t tuples = indices.size() / depth;
  for (std::size_t i = 0; i < tuples; ++i, to += bytes) {
    std::int64_t at = static_cast<std::int64_t>(i) / (static_cast<std::int64_t>(tuples) / batches) * whole;
    bool inside = true;
    for (std::size_t k = 0; k < depth; ++k) {
      const std::int64_t extent = input.dim(batch + k);
      std::int64_t index = indices[i * depth + k];
      if (index < 0) index += extent;
      inside = inside && index >= 0 && index < extent;
      at += inside ? index * steps[batch + k] : 0;
    }
    if (inside) {
      std::memcpy(to, from + static_cast<std::size_t>(at) * size_of(input.type()), bytes);
    } else {
      std::memset(to, 0, bytes);
    }
  }
}

constexpr AttributeRule kElementsAttributes[] = {{"axis", AttributeKind::kInteger}};
constexpr AttributeRule kNdAttributes[] = {{"batch_dims", AttributeKind::kInteger}};

}  // namespace

const Operator kGatherElements{"GatherElements", 2, 2, kElementsAttributes, infer_elements, run_elements};
const Operator kGatherNd{"GatherND", 2, 2, kNdAttributes, infer_nd, run_nd};

}  // namespace poise
