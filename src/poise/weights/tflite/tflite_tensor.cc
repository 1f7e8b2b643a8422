#include "poise/weights/tflite/tflite_tensor.h"

#include <algorithm>

#include "poise/weights/half.h"

namespace poise {
namespace {

constexpr std::size_t kMostAxes = 8;
constexpr std::size_t kLongestName = 1024;

/// How a type is stored, and what it becomes.
struct Kind {
  TfliteType stored;
  const char* name;
  std::size_t bytes;
  DType ours;
};
constexpr Kind kKinds[] = {
    {TfliteType::kFloat32, "float32", 4, DType::kFloat32}, {TfliteType::kFloat16, "float16", 2, DType::kFloat32},
    {TfliteType::kFloat64, "float64", 8, DType::kFloat32}, {TfliteType::kInt32, "int32", 4, DType::kInt64},
    {TfliteType::kInt64, "int64", 8, DType::kInt64},       {TfliteType::kUint8, "uint8", 1, DType::kUint8},
    {TfliteType::kInt8, "int8", 1, DType::kInt8},          {TfliteType::kBool, "bool", 1, DType::kBool},
};

Result<Shape> shape_of(const FlatTable& tensor) {
  const auto fixed = tensor.vector<std::int32_t>(0);
  const auto open = tensor.vector<std::int32_t>(7);  // the same with -1 for what is open
  if (fixed.size() > kMostAxes) return unsupported("it has more than 8 axes");
  Shape shape;
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    shape.push_back(open.size() == fixed.size() ? open[i] : fixed[i]);
    if (shape.back() < -1) return malformed("it has the extent " + std::to_string(shape.back()));
  }
  return shape;
}

Result<TfGrid> grid_of(const FlatTable& quantization, std::size_t rank) {
  const auto scales = quantization.vector<float>(2);
  const auto zeros = quantization.vector<std::int64_t>(3);
  TfGrid grid;
  if (scales.empty()) return grid;
  if (quantization.scalar<std::uint8_t>(4) != 0)
    return unsupported("its integers are laid out in a way that is not known");
  if (zeros.size() != scales.size() && zeros.size() > 1)
    return malformed("it has scales and zero points of other numbers");
  for (std::size_t i = 0; i < scales.size(); ++i) {
    grid.scales.push_back(scales[i]);
    grid.zeros.push_back(zeros.empty() ? 0 : zeros[zeros.size() == 1 ? 0 : i]);
    if (!(scales[i] >= 0) || !(scales[i] <= 3.4e38F)) return malformed("it has a scale that is no positive number");
    if (grid.zeros.back() < -128 || grid.zeros.back() > 255) return malformed("its zero point is no 8-bit integer");
  }
  grid.axis = quantization.scalar<std::int32_t>(6);
  if (grid.axis < 0 || (grid.axis > 0 && static_cast<std::size_t>(grid.axis) >= rank)) {
    return malformed("its scales are along an axis that it has not");
  }
  return grid;
}

template <typename From, typename To, typename F>
void convert(BytesView bytes, std::span<To> to, F f) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    From from{};
    std::memcpy(&from, bytes.data() + i * sizeof(From), sizeof(From));
    to[i] = f(from);
  }
}

Tensor converted(TfliteType type, Shape shape, DType ours, BytesView bytes) {
  Tensor tensor(std::move(shape), ours);
  const auto widened = [](auto value) { return static_cast<std::int64_t>(value); };
  switch (type) {
    case TfliteType::kFloat16:
      convert<std::uint16_t>(bytes, tensor.floats(), from_half);
      break;
    case TfliteType::kFloat64:
      convert<double>(bytes, tensor.floats(), [](double value) { return static_cast<float>(value); });
      break;
    case TfliteType::kInt32:
      convert<std::int32_t>(bytes, tensor.as<std::int64_t>(), widened);
      break;
    case TfliteType::kBool:
      convert<std::uint8_t>(bytes, tensor.as<std::uint8_t>(),
                            [](std::uint8_t value) { return std::uint8_t{value != 0}; });
      break;
    default:
      if (ours == DType::kInt64 && type != TfliteType::kInt64) {
        if (type == TfliteType::kInt8) convert<std::int8_t>(bytes, tensor.as<std::int64_t>(), widened);
        if (type == TfliteType::kUint8) convert<std::uint8_t>(bytes, tensor.as<std::int64_t>(), widened);
        break;
      }
      if (!bytes.empty()) std::memcpy(tensor.data(), bytes.data(), bytes.size());
  }
  return tensor;
}

}  // namespace

Result<TfValue> tflite_value(const FlatTable& tensor, const FlatTable& buffer, ReadingBudget& budget) {
  TfValue value;
  const std::string_view name = tensor.text(3);
  POISE_RETURN_IF_ERROR(budget.take(sizeof(TfValue) + 256 + std::min(name.size(), kLongestName)));
  value.name = std::string(name.substr(0, kLongestName));
  const auto type = static_cast<TfliteType>(tensor.scalar<std::uint8_t>(1));
  const Kind* const kind = std::ranges::find(kKinds, type, &Kind::stored);
  POISE_TRY(value.shape, shape_of(tensor));
  POISE_RETURN_IF_ERROR(budget.take(16 * std::uint64_t{tensor.table(4).vector<float>(2).size()}));
  POISE_TRY(value.grid, grid_of(tensor.table(4), value.shape.size()));
  const BytesView stored = buffer.vector<std::uint8_t>(0).bytes();
  if (kind == std::end(kKinds)) {
    return unsupported("its type " + std::to_string(static_cast<int>(type)) + " is not supported");
  }
  const bool narrow = kind->ours == DType::kInt8 || kind->ours == DType::kUint8;
  value.type = narrow && !value.grid.any() ? DType::kInt64 : kind->ours;
  if (kind->ours == DType::kFloat32 || kind->ours == DType::kBool) value.grid = {};
  if (buffer.scalar<std::uint64_t>(1) > 1) return unsupported("its numbers stand behind the flatbuffer");
  if (stored.empty()) return value;

  POISE_TRY(const std::int64_t count, element_count(value.shape));
  const std::uint64_t wanted = static_cast<std::uint64_t>(count) * kind->bytes;
  const FlatTable sparsity = tensor.table(6);
  if (!sparsity && stored.size() != wanted) {
    return malformed("it has " + std::to_string(stored.size()) + " bytes, its shape " + to_string(value.shape) +
                     " wants " + std::to_string(wanted));
  }
  POISE_RETURN_IF_ERROR(budget.take(static_cast<std::uint64_t>(count) * size_of(value.type) + (sparsity ? wanted : 0)));
  Bytes filled;
  if (sparsity) {
    POISE_TRY(filled, densify(sparsity, value.shape, stored, kind->bytes));
  }
  const BytesView bytes = sparsity ? BytesView(filled) : stored;
  value.constant = std::make_shared<const Tensor>(converted(type, value.shape, value.type, bytes));
  if (sparsity) budget.give_back(wanted);
  return value;
}

}  // namespace poise
