#include "poise/graph/ops/rules.h"

#include <algorithm>
#include <cstring>

#include "poise/graph/ops/elements.h"

namespace poise {

bool has_input(const Node& node, std::size_t i) { return i < node.inputs.size() && node.inputs[i] != kNoValue; }

Status expect_type(const ValueInfo& info, std::string_view what, std::initializer_list<DType> types) {
  if (std::find(types.begin(), types.end(), info.type) != types.end()) return {};
  std::string wanted;
  for (const DType type : types) wanted += (wanted.empty() ? "" : " or ") + std::string(name_of(type));
  return unsupported("the " + std::string(what) + " is " + name_of(info.type) + ", it must be " + wanted);
}

Status expect_float(const ValueInfo& info, std::string_view what) { return expect_type(info, what, {DType::kFloat32}); }

Status expect_shape(const ValueInfo& info, std::string_view what, const Shape& shape) {
  if (info.shape == shape) return {};
  return malformed("the " + std::string(what) + " is " + to_string(info.shape) + ", it must be " + to_string(shape));
}

Result<std::size_t> resolve_axis(std::int64_t axis, std::size_t size) {
  const auto extent = static_cast<std::int64_t>(size);
  if (axis < -extent || axis >= extent) {
    return malformed("axis " + std::to_string(axis) + " is outside [" + std::to_string(-extent) + ", " +
                     std::to_string(extent) + ")");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + extent : axis);
}

InferResult one_output(DType type, Shape shape) {
  return std::vector<ValueInfo>{{.type = type, .shape = std::move(shape), .constant = nullptr}};
}

InferResult open_output(DType type) {
  return std::vector<ValueInfo>{{.type = type, .shape = {}, .constant = nullptr, .open = true}};
}

InferResult infer_same_float(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  return one_output(DType::kFloat32, inputs[0].shape);
}

Result<std::int64_t> bounded_count(const Shape& shape) {
  constexpr std::size_t kMostAxes = 64;  // no network has as many; the work of some operators grows with them
  if (shape.size() > kMostAxes) {
    return too_large("a shape has " + std::to_string(shape.size()) + " axes: at most 64 are supported");
  }
  POISE_TRY(const std::int64_t count, element_count(shape));
  if (count > std::int64_t{1} << 31U) {
    return too_large("the shape " + to_string(shape) + " has more than 2^31 elements: use a smaller input");
  }
  return count;
}

Status check_computed(const Shape& shape) {
  for (const std::int64_t extent : shape) {
    if (extent < 1) return malformed("the shape " + to_string(shape) + " has an extent below 1");
  }
  if (auto count = bounded_count(shape); !count.ok()) return count.error();
  return {};
}

Status check_output(const ValueInfo& output) {
  if (output.open) return {};
  const bool counts = output.type == DType::kInt64 || output.type == DType::kInt32;
  if (output.constant == nullptr && counts && output.shape == Shape{0}) return {};
  if (output.constant == nullptr) return check_computed(output.shape);
  if (auto count = bounded_count(output.shape); !count.ok()) return count.error();
  return {};
}

namespace {

bool has_no_elements(const Shape& shape) { return std::find(shape.begin(), shape.end(), 0) != shape.end(); }

}  // namespace

Status expect_elements(const ValueInfo& info, std::string_view what) {
  if (!has_no_elements(info.shape)) return {};
  return malformed("the " + std::string(what) + " is " + to_string(info.shape) + ": it is empty");
}

Status expect_elements(const ValueInfo& info, std::string_view what, const Shape& output) {
  return has_no_elements(output) ? Status() : expect_elements(info, what);
}

Status expect_known(const ValueInfo& info, std::string_view what) {
  if (info.constant != nullptr) return {};
  return unsupported("the input " + std::string(what) + " is computed from the picture, it must follow from shapes");
}

Status expect_list(const ValueInfo& info, std::string_view what) {
  POISE_RETURN_IF_ERROR(expect_type(info, what, {DType::kInt64, DType::kInt32}));
  if (info.shape.size() > 1) {
    return malformed("the input " + std::string(what) + " is " + to_string(info.shape) + ", it must be a list");
  }
  return expect_known(info, what);
}

std::vector<std::int64_t> list_of(const Tensor& tensor) {
  if (tensor.type() == DType::kInt32) {
    const auto values = tensor.as<std::int32_t>();
    return {values.begin(), values.end()};
  }
  return {tensor.ints().begin(), tensor.ints().end()};
}

Result<std::vector<char>> mark_axes(std::span<const std::int64_t> axes, std::size_t size) {
  std::vector<char> marked(size, 0);
  for (const std::int64_t given : axes) {
    POISE_TRY(const std::size_t axis, resolve_axis(given, size));
    if (marked[axis] != 0) return malformed("axis " + std::to_string(given) + " is named twice");
    marked[axis] = 1;
  }
  return marked;
}

Parts split_at(const Shape& shape, std::size_t axis) {
  Parts parts{.outer = 1, .extent = shape.at(axis), .inner = 1};
  for (std::size_t i = 0; i < axis; ++i) parts.outer *= shape[i];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) parts.inner *= shape[i];
  return parts;
}

void copy_elements(const Tensor& from, Tensor& to) {
  POISE_CHECK(from.type() == to.type() && from.count() == to.count());
  if (from.bytes() > 0) std::memcpy(to.data(), from.data(), from.bytes());
}

namespace {

// Extent of `shape` along an axis of the output, counted from the end; 1 where it has no such axis.
std::int64_t extent_from_end(const Shape& shape, std::size_t axis) {
  return axis < shape.size() ? shape[shape.size() - 1 - axis] : 1;
}

}  // namespace

Result<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()));
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::int64_t x = extent_from_end(a, axis);
    const std::int64_t y = extent_from_end(b, axis);
    if (x != y && x != 1 && y != 1) {
      return malformed("the inputs are " + to_string(a) + " and " + to_string(b) + ": they do not broadcast");
    }
    shape[shape.size() - 1 - axis] = x == 1 ? y : x;
  }
  return shape;
}

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

void copy_strided(const Tensor& from, std::int64_t first, const Shape& shape, const Shape& steps, Tensor& to) {
  POISE_CHECK(from.type() == to.type());
  with_type(to.type(), [&](auto zero) {
    using T = decltype(zero);
    Walk<1> walk(shape, {steps}, first);
    for (T& value : to.as<T>()) {
      value = from.as<T>()[walk[0]];
      walk.next();
    }
  });
}

Shape dense_steps(const Shape& shape) {
  Shape steps(shape.size());
  std::int64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    steps[axis] = step;
    step *= shape[axis];
  }
  return steps;
}

}  // namespace poise
