#pragma once
// Dense row-major values. A Tensor owns 64-byte aligned memory; a TensorView looks at somebody's floats. Any threads.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "poise/base/check.h"
#include "poise/base/result.h"

namespace poise {

using Shape = std::vector<std::int64_t>;  // an unknown extent (a free batch) is -1

enum class DType { kFloat32, kInt64, kInt32, kUint8, kInt8, kFloat64, kBool };
std::size_t size_of(DType type);
const char* name_of(DType type);  // "float32"

std::string to_string(const Shape& shape);  // "1x3x256x192", "scalar", an unknown extent as "?"
/// The product of the extents. Errors: kTooLarge on overflow or above 2^40 elements; kMalformed on a negative extent.
Result<std::int64_t> element_count(const Shape& shape);

class Tensor {
 public:
  Tensor() = default;
  /// Zeros. The shape has passed element_count().
  explicit Tensor(Shape shape, DType type = DType::kFloat32);
  static Tensor from(Shape shape, const std::vector<float>& values);
  static Tensor from(Shape shape, const std::vector<std::int64_t>& values);
  Tensor(Tensor&&) = default;
  Tensor& operator=(Tensor&&) = default;
  Tensor clone() const;

  const Shape& shape() const { return shape_; }
  std::int64_t dim(std::size_t i) const { return shape_.at(i); }
  std::size_t rank() const { return shape_.size(); }
  DType type() const { return type_; }
  std::int64_t count() const { return count_; }
  std::size_t bytes() const { return static_cast<std::size_t>(count_) * size_of(type_); }
  /// Same elements, other extents (of equal product).
  void reshape(Shape shape);

  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }
  template <typename T>
  std::span<T> as() {
    return {static_cast<T*>(data()), static_cast<std::size_t>(count_)};
  }
  template <typename T>
  std::span<const T> as() const {
    return {static_cast<const T*>(data()), static_cast<std::size_t>(count_)};
  }
  std::span<float> floats() { return expect(DType::kFloat32), as<float>(); }
  std::span<const float> floats() const { return expect(DType::kFloat32), as<float>(); }
  std::span<const std::int64_t> ints() const { return expect(DType::kInt64), as<std::int64_t>(); }

 private:
  void expect(DType type) const { POISE_CHECK(type == type_); }
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  Shape shape_;
  DType type_ = DType::kFloat32;
  std::int64_t count_ = 0;
  std::unique_ptr<void, Free> data_;
};

/// Read-only float32 look; the memory outlives it.
struct TensorView {
  const float* data = nullptr;
  Shape shape;
  TensorView() = default;
  TensorView(const float* values, Shape extents) : data(values), shape(std::move(extents)) {}
  TensorView(const Tensor& tensor) : data(tensor.floats().data()), shape(tensor.shape()) {}
  TensorView(const Tensor&& tensor) = delete;
};

}  // namespace poise
