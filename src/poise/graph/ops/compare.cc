// Comparisons, logic and Where, with NumPy's broadcasting. A bool is a byte, 0 or 1.

#include <algorithm>
#include <functional>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

InferResult infer_pair(std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[1], "second input", {inputs[0].type}));
  POISE_TRY(Shape shape, broadcast(inputs[0].shape, inputs[1].shape));
  return one_output(DType::kBool, std::move(shape));
}

InferResult infer_equal(const Node&, std::span<const ValueInfo> inputs) { return infer_pair(inputs); }

InferResult infer_order(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "first input",
                                    {DType::kFloat32, DType::kInt64, DType::kInt32, DType::kInt8, DType::kUint8}));
  return infer_pair(inputs);
}

InferResult infer_logic(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "first input", {DType::kBool}));
  return infer_pair(inputs);
}

template <typename F>
void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  with_type(inputs[0]->type(), [&](auto zero) {
    using T = decltype(zero);
    combine<T, T, std::uint8_t>(*inputs[0], *inputs[1], outputs[0],
                                [](T a, T b) { return static_cast<std::uint8_t>(F{}(a, b) ? 1 : 0); });
  });
}

InferResult infer_not(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "input", {DType::kBool}));
  return one_output(DType::kBool, inputs[0].shape);
}

void run_not(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const auto from = inputs[0]->as<std::uint8_t>();
  std::transform(from.begin(), from.end(), outputs[0].as<std::uint8_t>().begin(),
                 [](std::uint8_t value) { return static_cast<std::uint8_t>(value == 0 ? 1 : 0); });
}

InferResult infer_where(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_type(inputs[0], "condition", {DType::kBool}));
  POISE_RETURN_IF_ERROR(expect_type(inputs[2], "third input", {inputs[1].type}));
  POISE_TRY(const Shape values, broadcast(inputs[1].shape, inputs[2].shape));
  POISE_TRY(Shape shape, broadcast(inputs[0].shape, values));
  return one_output(inputs[1].type, std::move(shape));
}

void run_where(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    const Shape& shape = outputs[0].shape();
    Walk<3> walk(shape, {broadcast_steps(inputs[0]->shape(), shape), broadcast_steps(inputs[1]->shape(), shape),
                         broadcast_steps(inputs[2]->shape(), shape)});
    for (T& value : outputs[0].as<T>()) {
      const bool first = inputs[0]->as<std::uint8_t>()[walk[0]] != 0;
      value = first ? inputs[1]->as<T>()[walk[1]] : inputs[2]->as<T>()[walk[2]];
      walk.next();
    }
  });
}

}  // namespace

const Operator kEqual{"Equal", 2, 2, {}, infer_equal, run<std::equal_to<>>};
const Operator kGreater{"Greater", 2, 2, {}, infer_order, run<std::greater<>>};
const Operator kGreaterOrEqual{"GreaterOrEqual", 2, 2, {}, infer_order, run<std::greater_equal<>>};
const Operator kLess{"Less", 2, 2, {}, infer_order, run<std::less<>>};
const Operator kLessOrEqual{"LessOrEqual", 2, 2, {}, infer_order, run<std::less_equal<>>};
const Operator kAnd{"And", 2, 2, {}, infer_logic, run<std::logical_and<>>};
const Operator kOr{"Or", 2, 2, {}, infer_logic, run<std::logical_or<>>};
const Operator kXor{"Xor", 2, 2, {}, infer_logic, run<std::not_equal_to<>>};
const Operator kNot{"Not", 1, 1, {}, infer_not, run_not};
const Operator kWhere{"Where", 3, 3, {}, infer_where, run_where};

}  // namespace poise
