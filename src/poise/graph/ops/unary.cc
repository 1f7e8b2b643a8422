// Functions of one number, computed in double. NaN stays NaN.

#include <cmath>
#include <type_traits>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

struct Exp {
  double operator()(double x) const { return std::exp(x); }
};
struct Log {
  double operator()(double x) const { return std::log(x); }
};
struct Sqrt {
  double operator()(double x) const { return std::sqrt(x); }
};
struct Reciprocal {
  double operator()(double x) const { return 1.0 / x; }
};
struct Erf {
  double operator()(double x) const { return std::erf(x); }
};
struct Tanh {
  double operator()(double x) const { return std::tanh(x); }
};
struct Softplus {
  double operator()(double x) const { return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::fabs(x))); }  // log(1 + e^x)
};
struct Sin {
  double operator()(double x) const { return std::sin(x); }
};
struct Cos {
  double operator()(double x) const { return std::cos(x); }
};
struct Floor {
  double operator()(double x) const { return std::floor(x); }
};
struct Ceil {
  double operator()(double x) const { return std::ceil(x); }
};
struct Round {
  double operator()(double x) const { return std::nearbyint(x); }  // a half goes to the even neighbour
};

template <typename F>
void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  map_floats(*inputs[0], outputs[0], [](float x) { return static_cast<float>(F{}(x)); });
}

struct Opposite {
  template <typename T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(0 - static_cast<std::uint64_t>(x));  // wraps
    return static_cast<T>(-x);
  }
};
struct Magnitude {
  template <typename T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>) return x < 0 ? Opposite{}(x) : x;
    return static_cast<T>(std::fabs(x));
  }
};

struct Sign {
  template <typename T>
  T operator()(T x) const {
    if (x == 0 || x != x) return x;
    return static_cast<T>(x < 0 ? -1 : 1);
  }
};

InferResult infer_signed(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "input", {DType::kFloat32, DType::kInt64, DType::kInt32, DType::kInt8}));
  return one_output(inputs[0].type, inputs[0].shape);
}

template <typename F>
void run_signed(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    const auto from = inputs[0]->as<T>();
    std::transform(from.begin(), from.end(), outputs[0].as<T>().begin(), F{});
  });
}

}  // namespace

const Operator kAbs{"Abs", 1, 1, {}, infer_signed, run_signed<Magnitude>};
const Operator kNeg{"Neg", 1, 1, {}, infer_signed, run_signed<Opposite>};
const Operator kSign{"Sign", 1, 1, {}, infer_signed, run_signed<Sign>};
const Operator kSin{"Sin", 1, 1, {}, infer_same_float, run<Sin>};
const Operator kCos{"Cos", 1, 1, {}, infer_same_float, run<Cos>};
const Operator kFloor{"Floor", 1, 1, {}, infer_same_float, run<Floor>};
const Operator kCeil{"Ceil", 1, 1, {}, infer_same_float, run<Ceil>};
const Operator kRound{"Round", 1, 1, {}, infer_same_float, run<Round>};
const Operator kExp{"Exp", 1, 1, {}, infer_same_float, run<Exp>};
const Operator kLog{"Log", 1, 1, {}, infer_same_float, run<Log>};
const Operator kSqrt{"Sqrt", 1, 1, {}, infer_same_float, run<Sqrt>};
const Operator kReciprocal{"Reciprocal", 1, 1, {}, infer_same_float, run<Reciprocal>};
const Operator kErf{"Erf", 1, 1, {}, infer_same_float, run<Erf>};
const Operator kTanh{"Tanh", 1, 1, {}, infer_same_float, run<Tanh>};
const Operator kSoftplus{"Softplus", 1, 1, {}, infer_same_float, run<Softplus>};

}  // namespace poise
