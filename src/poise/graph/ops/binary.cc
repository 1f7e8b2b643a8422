// Add, Sub, Mul, Div, Mod, Pow, Min, Max, Sum and Mean with NumPy's broadcasting.

#include <cmath>
#include <type_traits>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

constexpr std::initializer_list<DType> kNumbers = {DType::kFloat32, DType::kInt64, DType::kInt32, DType::kInt8,
                                                   DType::kUint8};

// Integer sums and products wrap, as NumPy's do; unsigned arithmetic makes that defined.
template <typename T>
std::uint64_t bits(T value) {
  return static_cast<std::uint64_t>(value);
}

struct Sum {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(bits(a) + bits(b));
    return static_cast<T>(a + b);
  }
};
struct Difference {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(bits(a) - bits(b));
    return static_cast<T>(a - b);
  }
};
struct Product {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(bits(a) * bits(b));
    return static_cast<T>(a * b);
  }
};
struct Quotient {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) return 0;  // NumPy's answer
      // The smallest integer has no opposite.
      if (std::is_signed_v<T> && b == static_cast<T>(-1)) return static_cast<T>(0 - bits(a));
    }
    return static_cast<T>(a / b);
  }
};
// NaN stays NaN, on either side.
struct Smaller {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};
struct Larger {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};

// One input or more: Min and Max take any number.
InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  Shape shape;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) return malformed("input " + std::to_string(i) + " is left out");
    POISE_RETURN_IF_ERROR(expect_type(inputs[i], "input " + std::to_string(i), kNumbers));
    POISE_RETURN_IF_ERROR(expect_type(inputs[i], "input " + std::to_string(i), {inputs[0].type}));
    POISE_TRY(shape, broadcast(shape, inputs[i].shape));
  }
  return one_output(inputs[0].type, std::move(shape));
}

template <typename F>
void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    combine<T, T, T>(*inputs[0], *inputs[1], outputs[0], F{});
  });
}

template <typename F>
void run_all(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    Tensor& output = outputs[0];
    copy_strided(*inputs[0], 0, output.shape(), broadcast_steps(inputs[0]->shape(), output.shape()), output);
    for (const Tensor* input : inputs.subspan(1)) combine<T, T, T>(output, *input, output, F{});
  });
}

// All of them added up, divided by their number.
void run_mean(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  run_all<Sum>(node, inputs, outputs);
  const auto count = static_cast<float>(inputs.size());
  for (float& value : outputs[0].floats()) value /= count;
}

InferResult infer_floats(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input 0"));
  return infer(node, inputs);
}

// C's remainder, of the dividend's sign; of the divisor's for integers without fmod.
struct Remainder {
  bool of_dividend = false;
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(std::fmod(a, b));
    if constexpr (std::is_integral_v<T>) {
      if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
      const T rest = static_cast<T>(a % b);
      const bool turned = !of_dividend && rest != 0 && (rest < 0) != (b < 0);
      return turned ? static_cast<T>(rest + b) : rest;
    }
  }
};

InferResult infer_mod(const Node& node, std::span<const ValueInfo> inputs) {
  if (inputs[0].type == DType::kFloat32 && node.integer("fmod", 0) == 0) {
    return malformed("its inputs are float32: fmod must be 1");
  }
  return infer(node, inputs);
}

void run_mod(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    combine<T, T, T>(*inputs[0], *inputs[1], outputs[0], Remainder{node.integer("fmod", 0) != 0});
  });
}

InferResult infer_pow(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "base", {DType::kFloat32, DType::kInt64, DType::kInt32}));
  POISE_RETURN_IF_ERROR(expect_type(inputs[1], "exponent", {DType::kFloat32, DType::kInt64, DType::kInt32}));
  POISE_TRY(Shape shape, broadcast(inputs[0].shape, inputs[1].shape));
  return one_output(inputs[0].type, std::move(shape));
}

void run_pow(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  with_type(inputs[0]->type(), [&](auto base) {
    with_type(inputs[1]->type(), [&](auto exponent) {
      using T = decltype(base);
      combine<T, decltype(exponent), T>(*inputs[0], *inputs[1], outputs[0], [](auto x, auto y) {
        const double power = std::pow(static_cast<double>(x), static_cast<double>(y));
        if constexpr (std::is_integral_v<T>) return saturate<T>(power);
        return static_cast<T>(power);
      });
    });
  });
}

constexpr AttributeRule kModAttributes[] = {{"fmod", AttributeKind::kInteger}};

}  // namespace

const Operator kMod{"Mod", 2, 2, kModAttributes, infer_mod, run_mod};
const Operator kSum{"Sum", 1, kAnyNumber, {}, infer_floats, run_all<Sum>};
const Operator kMean{"Mean", 1, kAnyNumber, {}, infer_floats, run_mean};
const Operator kAdd{"Add", 2, 2, {}, infer, run<Sum>};
const Operator kSub{"Sub", 2, 2, {}, infer, run<Difference>};
const Operator kMul{"Mul", 2, 2, {}, infer, run<Product>};
const Operator kDiv{"Div", 2, 2, {}, infer, run<Quotient>};
const Operator kPow{"Pow", 2, 2, {}, infer_pow, run_pow};
const Operator kMin{"Min", 1, kAnyNumber, {}, infer, run_all<Smaller>};
const Operator kMax{"Max", 1, kAnyNumber, {}, infer, run_all<Larger>};

}  // namespace poise
