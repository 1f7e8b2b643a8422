#include "poise/tensor/tensor.h"

#include <algorithm>
#include <new>

namespace poise {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector register
constexpr std::int64_t kMaxElements = std::int64_t{1} << 40U;

template <typename T>
Tensor from_values(Shape shape, const std::vector<T>& values, DType type) {
  Tensor tensor(std::move(shape), type);
  POISE_CHECK(static_cast<std::size_t>(tensor.count()) == values.size());
  std::copy(values.begin(), values.end(), tensor.as<T>().begin());
  return tensor;
}

}  // namespace

std::size_t size_of(DType type) {
  switch (type) {
    case DType::kInt64:
    case DType::kFloat64:
      return 8;
    case DType::kFloat32:
    case DType::kInt32:
      return 4;
    case DType::kUint8:
    case DType::kInt8:
    case DType::kBool:
      break;
  }
  return 1;
}

const char* name_of(DType type) {
  switch (type) {
    case DType::kFloat32:
      return "float32";
    case DType::kInt64:
      return "int64";
    case DType::kInt32:
      return "int32";
    case DType::kUint8:
      return "uint8";
    case DType::kInt8:
      return "int8";
    case DType::kFloat64:
      return "float64";
    case DType::kBool:
      break;
  }
  return "bool";
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::int64_t extent : shape) {
    if (!text.empty()) text += 'x';
    text += extent == -1 ? "?" : std::to_string(extent);
  }
  return text;
}

Result<std::int64_t> element_count(const Shape& shape) {
  for (const std::int64_t extent : shape) {
    if (extent < 0) return malformed("the shape " + to_string(shape) + " has a negative or unknown extent");
  }
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return std::int64_t{0};
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent > kMaxElements / count) return too_large("a tensor of shape " + to_string(shape) + " is too large");
    count *= extent;
  }
  return count;
}

Tensor::Tensor(Shape shape, DType type) : shape_(std::move(shape)), type_(type) {
  const auto count = element_count(shape_);
  POISE_CHECK(count.ok());
  count_ = *count;
  // aligned_alloc wants a multiple of the alignment; an empty tensor still has an address.
  const std::size_t room = std::max((bytes() + kAlignment - 1) / kAlignment, std::size_t{1}) * kAlignment;
  data_.reset(std::aligned_alloc(kAlignment, room));
  if (!data_) throw std::bad_alloc();
  std::memset(data_.get(), 0, room);
}

Tensor Tensor::from(Shape shape, const std::vector<float>& values) {
  return from_values(std::move(shape), values, DType::kFloat32);
}

Tensor Tensor::from(Shape shape, const std::vector<std::int64_t>& values) {
  return from_values(std::move(shape), values, DType::kInt64);
}

Tensor Tensor::clone() const {
  if (!data_) return {};
  Tensor copy(shape_, type_);
  std::memcpy(copy.data(), data(), bytes());
  return copy;
}

void Tensor::reshape(Shape shape) {
  const auto count = element_count(shape);
  POISE_CHECK(count.ok() && *count == count_);
  shape_ = std::move(shape);
}

}  // namespace poise
