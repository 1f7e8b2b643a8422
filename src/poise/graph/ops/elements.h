#pragma once
// Walking over elements: by type, one by one, or broadcast together. Pure functions of values: thread-safe.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "poise/graph/ops/rules.h"

namespace poise {

/// f(T{}) with the type of the elements; a bool is a byte, 0 or 1.
template <typename F>
void with_type(DType type, F&& f) {
  switch (type) {
    case DType::kFloat32:
      return f(float{});
    case DType::kInt64:
      return f(std::int64_t{});
    case DType::kInt32:
      return f(std::int32_t{});
    case DType::kInt8:
      return f(std::int8_t{});
    case DType::kFloat64:
      return f(double{});
    case DType::kUint8:
    case DType::kBool:
      return f(std::uint8_t{});
  }
}

/// The nearest value of T, towards zero between two; 0 for NaN.
template <typename T>
T saturate(double value) {
  constexpr double kLow = static_cast<double>(std::numeric_limits<T>::min());
  constexpr double kHigh = static_cast<double>(std::numeric_limits<T>::max());  // int64's rounds up, to 2^63
  if (value != value) return 0;
  if (value >= kHigh) return std::numeric_limits<T>::max();
  return value <= kLow ? std::numeric_limits<T>::min() : static_cast<T>(value);
}

/// Visits the indices of a shape in order and keeps N offsets, each with its own steps along the axes.
template <std::size_t N>
class Walk {
 public:
  Walk(const Shape& shape, const std::array<Shape, N>& steps, std::int64_t first = 0) {
    offsets_.fill(first);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1) continue;  // so that there are few axes, whatever a file says
      extents_.push_back(shape[axis]);
      index_.push_back(0);
      for (std::size_t k = 0; k < N; ++k) steps_[k].push_back(steps[k][axis]);
    }
  }
  std::int64_t operator[](std::size_t k) const { return offsets_[k]; }
  void next() {
    for (std::size_t axis = extents_.size(); axis-- > 0;) {  // as an odometer turns
      for (std::size_t k = 0; k < N; ++k) offsets_[k] += steps_[k][axis];
      if (++index_[axis] < extents_[axis]) return;
      for (std::size_t k = 0; k < N; ++k) offsets_[k] -= steps_[k][axis] * extents_[axis];
      index_[axis] = 0;
    }
  }

 private:
  Shape extents_, index_;
  std::array<Shape, N> steps_;
  std::array<std::int64_t, N> offsets_{};
};

/// output = f(a, b), broadcast; A, B and C are the elements' types.
template <typename A, typename B, typename C, typename F>
void combine(const Tensor& a, const Tensor& b, Tensor& output, F f) {
  Walk<2> walk(output.shape(),
               {broadcast_steps(a.shape(), output.shape()), broadcast_steps(b.shape(), output.shape())});
  const auto x = a.as<A>();
  const auto y = b.as<B>();
  for (C& value : output.as<C>()) {
    value = f(x[walk[0]], y[walk[1]]);
    walk.next();
  }
}

/// output = f(input), float32.
template <typename F>
void map_floats(const Tensor& input, Tensor& output, F f) {
  std::transform(input.floats().begin(), input.floats().end(), output.floats().begin(), f);
}

/// to, seen as `shape`, = the elements of `from` at first + index * steps. Same type.
void copy_strided(const Tensor& from, std::int64_t first, const Shape& shape, const Shape& steps, Tensor& to);
/// Elements to step by along each axis of a dense tensor.
Shape dense_steps(const Shape& shape);

}  // namespace poise
