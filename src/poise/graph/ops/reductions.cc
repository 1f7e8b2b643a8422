// Sums, means, norms, products and extremes over axes; ArgMax and ArgMin.

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

struct Reduction {
  Shape kept;    // of the input's rank, 1 where it is reduced
  Shape output;  // without those where keepdims is 0
};

// No axes: all of them, or none where noop_with_empty_axes is set.
Result<Reduction> resolve(const Node& node, const Shape& input, const Tensor* given) {
  const auto axes = given != nullptr ? list_of(*given) : node.integers("axes");
  POISE_TRY(auto reduced, mark_axes(axes, input.size()));
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) == 0) reduced.assign(input.size(), 1);
  Reduction result;
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    result.kept.push_back(reduced[axis] != 0 ? 1 : input[axis]);
    if (reduced[axis] == 0 || node.integer("keepdims", 1) != 0) result.output.push_back(result.kept.back());
  }
  return result;
}

InferResult infer(const Node& node, std::span<const ValueInfo> inputs, std::initializer_list<DType> types) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "input", types));
  const Tensor* axes = nullptr;
  if (has_input(node, 1)) {
    POISE_RETURN_IF_ERROR(expect_list(inputs[1], "axes"));
    axes = inputs[1].constant.get();
  }
  POISE_TRY(Reduction reduction, resolve(node, inputs[0].shape, axes));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input", reduction.output));
  return one_output(inputs[0].type, std::move(reduction.output));
}

InferResult infer_number(const Node& node, std::span<const ValueInfo> inputs) {
  return infer(node, inputs, {DType::kFloat32, DType::kInt64, DType::kInt32});
}

InferResult infer_float(const Node& node, std::span<const ValueInfo> inputs) {
  return infer(node, inputs, {DType::kFloat32});
}

struct Total {
  static constexpr bool kFromFirst = false;
  static double fold(double sum, float x) { return sum + x; }
  static std::int64_t fold(std::int64_t sum, std::int64_t x) {  // wraps
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(x));
  }
  static double finish(double sum, std::int64_t) { return sum; }
  static std::int64_t finish(std::int64_t sum, std::int64_t) { return sum; }
};
struct Mean : Total {
  using Total::finish;
  static double finish(double sum, std::int64_t count) { return sum / static_cast<double>(count); }
};
struct Product : Total {
  static constexpr bool kFromFirst = true;  // the product of no numbers would be 1, not 0
  static double fold(double product, float x) { return product * x; }
  static std::int64_t fold(std::int64_t product, std::int64_t x) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(product) * static_cast<std::uint64_t>(x));
  }
};
struct Magnitudes : Total {
  static double fold(double sum, float x) { return sum + std::fabs(static_cast<double>(x)); }
  static std::int64_t fold(std::int64_t sum, std::int64_t x) {
    return Total::fold(sum, x < 0 ? Total::fold(0, -x) : x);
  }
};
struct Squares : Total {
  static double fold(double sum, float x) { return sum + static_cast<double>(x) * static_cast<double>(x); }
  static std::int64_t fold(std::int64_t sum, std::int64_t x) { return Total::fold(sum, Product::fold(x, x)); }
};
struct Norm : Squares {
  static double finish(double sum, std::int64_t) { return std::sqrt(sum); }
};
struct LogSum : Total {
  static double finish(double sum, std::int64_t) { return std::log(sum); }
};
// NaN wins.
struct Largest : Total {
  static constexpr bool kFromFirst = true;
  template <typename A, typename T>
  static A fold(A most, T x) {
    return x > most || x != x ? x : most;
  }
};
struct Smallest : Total {
  static constexpr bool kFromFirst = true;
  template <typename A, typename T>
  static A fold(A least, T x) {
    return x < least || x != x ? x : least;
  }
};

template <typename T, typename F>
void reduce(const Tensor& input, const Shape& kept, Tensor& output) {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  std::vector<Sum> sums(static_cast<std::size_t>(output.count()), Sum{0});
  std::vector<char> begun(F::kFromFirst ? sums.size() : 0, 0);
  Walk<1> walk(input.shape(), {broadcast_steps(kept, input.shape())});  // steps nowhere along what is reduced
  for (const T x : input.as<T>()) {
    const std::int64_t i = walk[0];
    const bool first = F::kFromFirst && begun[i] == 0;
    sums[i] = first ? static_cast<Sum>(x) : F::fold(sums[i], x);
    if (first) begun[i] = 1;
    walk.next();
  }
  const std::int64_t count = input.count() / output.count();
  std::transform(sums.begin(), sums.end(), output.as<T>().begin(),
                 [count](Sum sum) { return static_cast<T>(F::finish(sum, count)); });
}

Shape kept_extents(const Node& node, Inputs inputs) {
  return resolve(node, inputs[0]->shape(), has_input(node, 1) ? inputs[1] : nullptr).value().kept;
}

template <typename F>
void run(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Shape kept = kept_extents(node, inputs);
  if (input.type() == DType::kFloat32) return reduce<float, F>(input, kept, outputs[0]);
  if (input.type() == DType::kInt32) return reduce<std::int32_t, F>(input, kept, outputs[0]);
  reduce<std::int64_t, F>(input, kept, outputs[0]);
}

void run_norm(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  reduce<float, Norm>(*inputs[0], kept_extents(node, inputs), outputs[0]);
}

void run_log_sum(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  reduce<float, LogSum>(*inputs[0], kept_extents(node, inputs), outputs[0]);
}

// log(sum(e^x)) as largest + log(sum(e^(x - largest))), which stays in range.
void run_log_sum_exp(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Shape kept = kept_extents(node, inputs);
  Tensor largest(kept);
  reduce<float, Largest>(input, kept, largest);
  for (float& value : largest.floats()) value = std::isfinite(value) ? value : 0.0F;
  std::vector<double> sums(static_cast<std::size_t>(largest.count()), 0.0);
  Walk<1> walk(input.shape(), {broadcast_steps(kept, input.shape())});
  for (const float x : input.floats()) {
    sums[walk[0]] += std::exp(static_cast<double>(x) - largest.floats()[walk[0]]);
    walk.next();
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    outputs[0].floats()[i] = static_cast<float>(std::log(sums[i]) + largest.floats()[i]);
  }
}

InferResult infer_arg(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  Shape shape = inputs[0].shape;
  POISE_TRY(const std::size_t axis, resolve_axis(node.integer("axis", 0), shape.size()));
  shape[axis] = 1;
  if (node.integer("keepdims", 1) == 0) shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input", shape));
  return one_output(DType::kInt64, std::move(shape));
}

// The index of the best along the axis, the first or the last of equals.
template <bool kLargest>
void run_arg(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Parts parts = split_at(input.shape(), resolve_axis(node.integer("axis", 0), input.rank()).value());
  const bool last = node.integer("select_last_index", 0) != 0;
  const auto to = outputs[0].as<std::int64_t>();
  for (std::int64_t line = 0; line < parts.outer * parts.inner; ++line) {
    const float* from = input.floats().data() + line / parts.inner * parts.extent * parts.inner + line % parts.inner;
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < parts.extent; ++i) {
      const float x = from[i * parts.inner];
      const float most = from[best * parts.inner];
      if ((kLargest ? x > most : x < most) || (last && x == most)) best = i;
    }
    to[line] = best;
  }
}

// The axes are an attribute before opset 18 (ReduceSum: 13), an input since.
constexpr AttributeRule kAttributes[] = {
    {"axes", AttributeKind::kIntegers},
    {"keepdims", AttributeKind::kInteger},
    {"noop_with_empty_axes", AttributeKind::kInteger},
};
constexpr AttributeRule kArgAttributes[] = {
    {"axis", AttributeKind::kInteger},
    {"keepdims", AttributeKind::kInteger},
    {"select_last_index", AttributeKind::kInteger},
};

}  // namespace

const Operator kReduceL1{"ReduceL1", 1, 2, kAttributes, infer_number, run<Magnitudes>};
const Operator kReduceL2{"ReduceL2", 1, 2, kAttributes, infer_float, run_norm};
const Operator kReduceLogSum{"ReduceLogSum", 1, 2, kAttributes, infer_float, run_log_sum};
const Operator kReduceLogSumExp{"ReduceLogSumExp", 1, 2, kAttributes, infer_float, run_log_sum_exp};
const Operator kReduceMax{"ReduceMax", 1, 2, kAttributes, infer_number, run<Largest>};
const Operator kReduceMean{"ReduceMean", 1, 2, kAttributes, infer_float, run<Mean>};
const Operator kReduceMin{"ReduceMin", 1, 2, kAttributes, infer_number, run<Smallest>};
const Operator kReduceProd{"ReduceProd", 1, 2, kAttributes, infer_number, run<Product>};
const Operator kReduceSum{"ReduceSum", 1, 2, kAttributes, infer_number, run<Total>};
const Operator kReduceSumSquare{"ReduceSumSquare", 1, 2, kAttributes, infer_number, run<Squares>};
const Operator kArgMax{"ArgMax", 1, 1, kArgAttributes, infer_arg, run_arg<true>};
const Operator kArgMin{"ArgMin", 1, 1, kArgAttributes, infer_arg, run_arg<false>};

}  // namespace poise
