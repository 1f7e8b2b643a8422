// Shape, Size, NonZero, ConstantOfShape and Range: what exporters work shapes out with.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

// The extents from `start` to `end` (opset 15), both as NumPy reads them.
std::vector<std::int64_t> extents(const Node& node, const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto position = [rank](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const std::int64_t start = position(node.integer("start", 0));
  const std::int64_t end = std::max(start, position(node.integer("end", rank)));
  return {shape.begin() + start, shape.begin() + end};
}

InferResult infer_shape(const Node& node, std::span<const ValueInfo> inputs) {
  const auto values = extents(node, inputs[0].shape);
  const Shape shape = {static_cast<std::int64_t>(values.size())};
  auto constant = std::make_shared<const Tensor>(Tensor::from(shape, values));
  return std::vector<ValueInfo>{{.type = DType::kInt64, .shape = shape, .constant = std::move(constant)}};
}

void run_shape(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const auto values = extents(node, inputs[0]->shape());
  std::copy(values.begin(), values.end(), outputs[0].as<std::int64_t>().begin());
}

InferResult infer_size(const Node&, std::span<const ValueInfo> inputs) {
  POISE_TRY(const std::int64_t count, element_count(inputs[0].shape));
  auto constant = std::make_shared<const Tensor>(Tensor::from(Shape{}, std::vector<std::int64_t>{count}));
  return std::vector<ValueInfo>{{.type = DType::kInt64, .shape = {}, .constant = std::move(constant)}};
}

void run_size(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  outputs[0].as<std::int64_t>()[0] = inputs[0]->count();
}

// Indices of the elements that are not zero, one row an axis.
std::vector<std::int64_t> find_non_zero(const Tensor& input) {
  std::vector<std::int64_t> found;
  with_type(input.type(), [&](auto zero) {
    using T = decltype(zero);
    const auto values = input.as<T>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] != T{}) found.push_back(static_cast<std::int64_t>(i));
    }
  });
  return found;
}

InferResult infer_non_zero(const Node&, std::span<const ValueInfo> inputs) {
  if (inputs[0].constant == nullptr) return open_output(DType::kInt64);
  const auto found = static_cast<std::int64_t>(find_non_zero(*inputs[0].constant).size());
  return one_output(DType::kInt64, {static_cast<std::int64_t>(inputs[0].shape.size()), found});
}

void run_non_zero(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  const auto found = find_non_zero(*inputs[0]);
  const Shape steps = dense_steps(inputs[0]->shape());
  auto to = outputs[0].as<std::int64_t>().begin();
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    for (const std::int64_t i : found) *to++ = i / steps[axis] % inputs[0]->dim(axis);
  }
}

// One float32 zero where the attribute is left out.
const Tensor* fill_value(const Node& node) {
  const auto found = node.attributes.find("value");
  return found == node.attributes.end() ? nullptr : std::get<std::shared_ptr<const Tensor>>(found->second).get();
}

InferResult infer_constant_of_shape(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_list(inputs[0], "shape"));
  const Tensor* value = fill_value(node);
  if (value != nullptr && value->count() != 1) return malformed("its value must be one number");
  return one_output(value == nullptr ? DType::kFloat32 : value->type(), list_of(*inputs[0].constant));
}

void run_constant_of_shape(const Node& node, Inputs, std::span<Tensor> outputs) {
  const Tensor* value = fill_value(node);
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    const auto to = outputs[0].as<T>();
    std::fill(to.begin(), to.end(), value == nullptr ? T{} : value->as<T>()[0]);
  });
}

constexpr std::int64_t kMostValues = std::int64_t{1} << 31U;

// ceil((limit - start) / delta), exact for every integer.
Result<std::int64_t> range_count(std::int64_t start, std::int64_t limit, std::int64_t delta) {
  const bool up = delta > 0;
  if (delta == 0) return malformed("the range has a step of 0");
  if (up ? limit <= start : limit >= start) return std::int64_t{0};
  const auto a = static_cast<std::uint64_t>(start);
  const auto b = static_cast<std::uint64_t>(limit);
  const auto d = static_cast<std::uint64_t>(delta);
  const std::uint64_t count = ((up ? b - a : a - b) - 1) / (up ? d : 0 - d) + 1;
  if (count > static_cast<std::uint64_t>(kMostValues)) return too_large("the range has more than 2^31 values");
  return static_cast<std::int64_t>(count);
}

Result<std::int64_t> range_count(float start, float limit, float delta) {
  const double count = std::ceil((static_cast<double>(limit) - start) / static_cast<double>(delta));
  if (std::isnan(count)) return malformed("the range has a step of 0");
  if (count < 1) return std::int64_t{0};
  if (count > static_cast<double>(kMostValues)) return too_large("the range has more than 2^31 values");
  return static_cast<std::int64_t>(count);
}

InferResult infer_range(const Node&, std::span<const ValueInfo> inputs) {
  constexpr std::string_view kNames[] = {"start", "limit", "delta"};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    POISE_RETURN_IF_ERROR(expect_type(inputs[i], kNames[i], {DType::kFloat32, DType::kInt64, DType::kInt32}));
    POISE_RETURN_IF_ERROR(expect_type(inputs[i], kNames[i], {inputs[0].type}));
    POISE_RETURN_IF_ERROR(expect_known(inputs[i], kNames[i]));
    if (inputs[i].constant->count() != 1) return malformed("the " + std::string(kNames[i]) + " must be one number");
  }
  if (inputs[0].type == DType::kFloat32) {
    const auto number = [&inputs](std::size_t i) { return inputs[i].constant->floats()[0]; };
    POISE_TRY(const std::int64_t count, range_count(number(0), number(1), number(2)));
    return one_output(DType::kFloat32, {count});
  }
  const auto number = [&inputs](std::size_t i) { return list_of(*inputs[i].constant)[0]; };
  POISE_TRY(const std::int64_t count, range_count(number(0), number(1), number(2)));
  return one_output(inputs[0].type, {count});
}

void run_range(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  if (outputs[0].type() == DType::kFloat32) {
    const double start = inputs[0]->floats()[0];
    const double delta = inputs[2]->floats()[0];
    double i = 0;
    for (float& value : outputs[0].floats()) value = static_cast<float>(start + delta * i++);
    return;
  }
  auto next = static_cast<std::uint64_t>(list_of(*inputs[0])[0]);  // it may wrap after the last one
  const auto delta = static_cast<std::uint64_t>(list_of(*inputs[2])[0]);
  with_type(outputs[0].type(), [&](auto zero) {
    using T = decltype(zero);
    for (T& value : outputs[0].as<T>()) {
      value = static_cast<T>(next);
      next += delta;
    }
  });
}

constexpr AttributeRule kShapeAttributes[] = {{"end", AttributeKind::kInteger}, {"start", AttributeKind::kInteger}};
constexpr AttributeRule kConstantOfShapeAttributes[] = {{"value", AttributeKind::kTensor}};

}  // namespace

const Operator kShape{"Shape", 1, 1, kShapeAttributes, infer_shape, run_shape};
const Operator kSize{"Size", 1, 1, {}, infer_size, run_size};
const Operator kNonZero{"NonZero", 1, 1, {}, infer_non_zero, run_non_zero, 1, true};
const Operator kConstantOfShape{"ConstantOfShape",    1, 1, kConstantOfShapeAttributes, infer_constant_of_shape,
                                run_constant_of_shape};
const Operator kRange{"Range", 3, 3, {}, infer_range, run_range};

}  // namespace poise
