// TopK, CumSum and Trilu: along one axis, or of each matrix.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

InferResult infer_top(const Node& node, std::span<const ValueInfo> inputs) {
  Shape shape = inputs[0].shape;
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "input", {DType::kFloat32, DType::kInt64, DType::kInt32}));
  POISE_RETURN_IF_ERROR(expect_list(inputs[1], "k"));
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", -1), shape.size()));
  const auto k = list_of(*inputs[1].constant);
  if (k.size() != 1 || k[0] < 0 || k[0] > shape[axis]) {
    return malformed("k must be one number, 0 to the extent of " + std::to_string(shape[axis]));
  }
  shape[axis] = k[0];
  std::vector<ValueInfo> infos(node.outputs.size(), {.type = DType::kInt64, .shape = shape, .constant = nullptr});
  infos[0].type = inputs[0].type;
  return infos;
}

/// The order of a line's elements, best first; of equals the first one is better. NaN is the largest.
template <typename T>
void find_best(const T* line, std::int64_t step, std::int64_t k, bool largest, std::vector<std::int64_t>& order) {
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto before = [&](std::int64_t a, std::int64_t b) {
    const T x = line[a * step];
    const T y = line[b * step];
    const bool x_nan = x != x;
    if (x_nan != (y != y)) return x_nan == largest;
    if (x != y && !x_nan) return largest ? x > y : x < y;
    return a < b;
  };
  std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
}

void run_top(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const std::size_t axis = resolve_axis(node.integer("axis", -1), input.rank()).value();
  const Parts parts = split_at(input.shape(), axis);
  const std::int64_t k = outputs[0].dim(axis);
  const bool largest = node.integer("largest", 1) != 0;
  std::vector<std::int64_t> order(static_cast<std::size_t>(parts.extent));
  with_type(input.type(), [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t line = 0; line < parts.outer * parts.inner; ++line) {
      const std::int64_t outer = line / parts.inner;
      const std::int64_t inner = line % parts.inner;
      const T* from = input.as<T>().data() + outer * parts.extent * parts.inner + inner;
      find_best(from, parts.inner, k, largest, order);
      for (std::int64_t i = 0; i < k; ++i) {
        const std::int64_t to = (outer * k + i) * parts.inner + inner;
        outputs[0].as<T>()[to] = from[order[i] * parts.inner];
        if (outputs.size() > 1) outputs[1].as<std::int64_t>()[to] = order[i];
      }
    }
  });
}

InferResult infer_cumulated(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "input", {DType::kFloat32, DType::kInt64, DType::kInt32}));
  POISE_RETURN_IF_ERROR(expect_list(inputs[1], "axis"));
  const auto axis = list_of(*inputs[1].constant);
  if (axis.size() != 1) return malformed("the axis must be one number");
  POISE_TRY([[maybe_unused]] const std::size_t resolved, resolve_axis(axis[0], inputs[0].shape.size()));
  return one_output(inputs[0].type, inputs[0].shape);
}

void run_cumulated(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Parts parts = split_at(input.shape(), resolve_axis(list_of(*inputs[1])[0], input.rank()).value());
  const bool exclusive = node.integer("exclusive", 0) != 0;
  const bool reverse = node.integer("reverse", 0) != 0;
  with_type(input.type(), [&](auto zero) {
    using T = decltype(zero);
    using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;  // integers wrap
    for (std::int64_t line = 0; line < parts.outer * parts.inner; ++line) {
      const std::int64_t first = line / parts.inner * parts.extent * parts.inner + line % parts.inner;
      Sum sum = 0;
      for (std::int64_t i = 0; i < parts.extent; ++i) {
        const std::int64_t at = first + (reverse ? parts.extent - 1 - i : i) * parts.inner;
        const auto value = static_cast<Sum>(input.as<T>()[at]);
        outputs[0].as<T>()[at] = static_cast<T>(exclusive ? sum : sum + value);
        sum += value;
      }
    }
  });
}

InferResult infer_triangle(const Node& node, std::span<const ValueInfo> inputs) {
  if (inputs[0].shape.size() < 2) {
    return malformed("the input is " + to_string(inputs[0].shape) + ", it must be matrices");
  }
  if (has_input(node, 1)) POISE_RETURN_IF_ERROR(expect_list(inputs[1], "k"));
  return one_output(inputs[0].type, inputs[0].shape);
}

// Keeps what lies on the k-th diagonal and above it, or below.
void run_triangle(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  constexpr std::int64_t kFar = std::int64_t{1} << 40U;  // beyond every extent
  const Shape& shape = inputs[0]->shape();
  const std::int64_t columns = shape.back();
  const std::int64_t rows = shape[shape.size() - 2];
  const bool upper = node.integer("upper", 1) != 0;
  const std::int64_t k = has_input(node, 1) ? std::clamp(list_of(*inputs[1])[0], -kFar, kFar) : 0;
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < outputs[0].count(); ++i) {
      const std::int64_t diagonal = i % columns - i / columns % rows;
      const bool kept = upper ? diagonal >= k : diagonal <= k;
      outputs[0].as<T>()[i] = kept ? inputs[0]->as<T>()[i] : T{};
    }
  });
}

constexpr AttributeRule kTopAttributes[] = {
    {"axis", AttributeKind::kInteger},
    {"largest", AttributeKind::kInteger},
    {"sorted", AttributeKind::kInteger},  // ours always are
};
constexpr AttributeRule kCumSumAttributes[] = {{"exclusive", AttributeKind::kInteger},
                                               {"reverse", AttributeKind::kInteger}};
constexpr AttributeRule kTriluAttributes[] = {{"upper", AttributeKind::kInteger}};

}  // namespace

const Operator kTopK{"TopK", 2, 2, kTopAttributes, infer_top, run_top, 2};
const Operator kCumSum{"CumSum", 2, 2, kCumSumAttributes, infer_cumulated, run_cumulated};
const Operator kTrilu{"Trilu", 1, 2, kTriluAttributes, infer_triangle, run_triangle};

}  // namespace poise
