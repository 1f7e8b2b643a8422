// Add, Sub, Mul and Div with NumPy's broadcasting.

#include <algorithm>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

// Integer sums and products wrap, as NumPy's do; unsigned arithmetic makes that defined.
std::int64_t wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

struct Sum {
  float operator()(float a, float b) const { return a + b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(bits(a) + bits(b)); }
};
struct Difference {
  float operator()(float a, float b) const { return a - b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(bits(a) - bits(b)); }
};
struct Product {
  float operator()(float a, float b) const { return a * b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(bits(a) * bits(b)); }
};
struct Quotient {
  float operator()(float a, float b) const { return a / b; }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    if (b == 0) return 0;                   // NumPy's answer
    if (b == -1) return wrap(0 - bits(a));  // the smallest integer has no opposite
    return a / b;
  }
};

// Extent of `shape` along an axis of the output, counted from the end; 1 where it has no such axis.
std::int64_t extent_from_end(const Shape& shape, std::size_t axis) {
  return axis < shape.size() ? shape[shape.size() - 1 - axis] : 1;
}

InferResult infer(const Node&, std::span<const ValueInfo> inputs) {
  const ValueInfo& a = inputs[0];
  const ValueInfo& b = inputs[1];
  POISE_RETURN_IF_ERROR(expect_type(a, "first input", {DType::kFloat32, DType::kInt64}));
  POISE_RETURN_IF_ERROR(expect_type(b, "second input", {a.type}));
  Shape shape(std::max(a.shape.size(), b.shape.size()));
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::int64_t x = extent_from_end(a.shape, axis);
    const std::int64_t y = extent_from_end(b.shape, axis);
    if (x != y && x != 1 && y != 1) {
      return malformed("the inputs are " + to_string(a.shape) + " and " + to_string(b.shape) +
                       ": they do not broadcast");
    }
    shape[shape.size() - 1 - axis] = x == 1 ? y : x;
  }
  return one_output(a.type, std::move(shape));
}

// Elements to step by along each axis of the output; 0 where the input is repeated.
Shape broadcast_steps(const Shape& input, const Shape& output) {
  Shape steps(output.size(), 0);
  std::int64_t step = 1;
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    const std::int64_t extent = extent_from_end(input, axis);
    if (extent != 1) steps[output.size() - 1 - axis] = step;
    step *= extent;
  }
  return steps;
}

template <typename T, typename F>
void combine(const Tensor& a, const Tensor& b, Tensor& output, F function) {
  const Shape& shape = output.shape();
  const Shape a_steps = broadcast_steps(a.shape(), shape);
  const Shape b_steps = broadcast_steps(b.shape(), shape);
  const auto x = a.as<T>();
  const auto y = b.as<T>();
  std::int64_t i = 0;
  std::int64_t j = 0;
  Shape index(shape.size(), 0);
  for (T& value : output.as<T>()) {
    value = function(x[i], y[j]);
    for (std::size_t axis = shape.size(); axis-- > 0;) {  // to the next element, as an odometer turns
      i += a_steps[axis];
      j += b_steps[axis];
      if (++index[axis] < shape[axis]) break;
      i -= a_steps[axis] * shape[axis];
      j -= b_steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

template <typename F>
void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  if (outputs[0].type() == DType::kInt64) {
    combine<std::int64_t>(*inputs[0], *inputs[1], outputs[0], F{});
  } else {
    combine<float>(*inputs[0], *inputs[1], outputs[0], F{});
  }
}

}  // namespace

const Operator kAdd{"Add", 2, 2, {}, infer, run<Sum>};
const Operator kSub{"Sub", 2, 2, {}, infer, run<Difference>};
const Operator kMul{"Mul", 2, 2, {}, infer, run<Product>};
const Operator kDiv{"Div", 2, 2, {}, infer, run<Quotient>};

}  // namespace poise
