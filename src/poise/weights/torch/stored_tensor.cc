#include "poise/weights/torch/stored_tensor.h"

#include <algorithm>
#include <array>
#include <limits>

#include "poise/base/printable.h"
#include "poise/weights/half.h"

namespace poise {
namespace {

static_assert(std::numeric_limits<float>::is_iec559);

// torch/storage.py and the safetensors format's README.
constexpr std::array<ElementType, 10> kTypes{{
    {"float32", "FloatStorage", "F32", 4, DType::kFloat32},
    {"float64", "DoubleStorage", "F64", 8, DType::kFloat32},
    {"float16", "HalfStorage", "F16", 2, DType::kFloat32},
    {"bfloat16", "BFloat16Storage", "BF16", 2, DType::kFloat32},
    {"int64", "LongStorage", "I64", 8, DType::kInt64},
    {"int32", "IntStorage", "I32", 4, DType::kInt32},
    {"int16", "ShortStorage", "I16", 2, DType::kInt32},
    {"uint8", "ByteStorage", "U8", 1, DType::kUint8},
    {"int8", "CharStorage", "I8", 1, DType::kInt8},
    {"bool", "BoolStorage", "BOOL", 1, DType::kBool},
}};

template <typename From, typename To, typename Convert>
void convert(const std::uint8_t* from, std::span<To> out, Convert&& each) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, from + i * sizeof(From), sizeof(From));
    out[i] = each(value);
  }
}

void convert_all(const ElementType& type, const std::uint8_t* from, Tensor& out) {
  const std::string_view name = type.name;
  if (name == "float64")
    convert<double>(from, out.floats(), [](double value) { return static_cast<float>(value); });
  else if (name == "float16")
    convert<std::uint16_t>(from, out.floats(), from_half);
  else if (name == "bfloat16")
    convert<std::uint16_t>(from, out.floats(), from_bfloat16);
  else if (name == "int16")
    convert<std::int16_t>(from, out.as<std::int32_t>(), [](std::int16_t value) { return std::int32_t{value}; });
  else if (name == "bool")
    convert<std::uint8_t>(from, out.as<bool>(), [](std::uint8_t value) { return value != 0; });
  else if (out.bytes() > 0)
    std::memcpy(out.data(), from, out.bytes());
}

bool is_copied(const ElementType& type) { return type.bytes == size_of(type.type) && type.type != DType::kBool; }

/// The elements in row-major order, still in the file's type.
Bytes gather(const Bytes& span, const StoredTensor& stored, std::size_t count) {
  const std::size_t size = stored.type->bytes;
  Bytes out(count * size);
  std::vector<std::int64_t> index(stored.shape.size(), 0);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(out.data() + i * size, span.data() + static_cast<std::size_t>(at) * size, size);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      at += stored.strides[axis];
      if (++index[axis] < stored.shape[axis]) break;
      at -= stored.strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return out;
}

bool is_row_major(const StoredTensor& stored) {
  const std::vector<std::int64_t> wanted = row_major(stored.shape);
  for (std::size_t axis = 0; axis < wanted.size(); ++axis)
    if (stored.shape[axis] != 1 && stored.strides[axis] != wanted[axis]) return false;
  return true;
}

}  // namespace

const ElementType* find_torch_type(std::string_view storage) {
  const auto* found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const ElementType& type) { return storage == type.storage; });
  return found == kTypes.end() ? nullptr : found;
}

const ElementType* find_safetensors_type(std::string_view code) {
  const auto* found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const ElementType& type) { return code == type.safetensors; });
  return found == kTypes.end() ? nullptr : found;
}

Result<std::uint64_t> element_span(const Shape& shape, const std::vector<std::int64_t>& strides) {
  constexpr std::size_t kMaxRank = 8;
  constexpr std::int64_t kMaxSpan = std::int64_t{1} << 40U;
  if (shape.size() > kMaxRank)
    return unsupported("it has " + std::to_string(shape.size()) + " axes, at most 8 are supported");
  if (strides.size() != shape.size()) return malformed("it has not as many strides as extents");
  POISE_TRY(const std::int64_t count, element_count(shape));
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (strides[axis] < 0) return malformed("it has the stride " + std::to_string(strides[axis]));
    if (count == 0 || shape[axis] == 1) continue;
    if (strides[axis] > kMaxSpan / (shape[axis] - 1))
      return too_large("its strides reach beyond any file");  // shape - 1 >= 1 here
    last += strides[axis] * (shape[axis] - 1);                // at most eight times 2^40
  }
  return count == 0 ? std::uint64_t{0} : static_cast<std::uint64_t>(last) + 1;
}

std::vector<std::int64_t> row_major(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  // An empty tensor's extents have not been multiplied; nothing is ever read through its strides.
  const auto count = element_count(shape);
  if (!count || *count == 0) return strides;
  for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

Status check_tensor_name(std::string_view name) {
  constexpr std::size_t kLongest = 1024;
  if (name.size() > kLongest) return malformed("the tensor name " + printable(name) + " is over 1024 bytes long");
  if (std::any_of(name.begin(), name.end(), is_control))
    return malformed("the tensor name " + printable(name) + " holds a control character");
  return {};
}

Result<Tensor> load_tensor(ByteSource& source, const StoredTensor& stored) {
  POISE_TRY(const std::uint64_t span, element_span(stored.shape, stored.strides));
  const std::uint64_t bytes = span * stored.type->bytes;  // at most 2^43 elements
  if (stored.offset > source.size() || bytes > source.size() - stored.offset)
    return malformed("its data lie outside the file: is it truncated?");
  Tensor out(stored.shape, stored.type->type);
  if (is_row_major(stored) && is_copied(*stored.type)) {
    POISE_RETURN_IF_ERROR(source.read(stored.offset, {static_cast<std::uint8_t*>(out.data()), out.bytes()}));
    return out;
  }
  Bytes raw(static_cast<std::size_t>(bytes));
  POISE_RETURN_IF_ERROR(source.read(stored.offset, raw));
  if (!is_row_major(stored)) raw = gather(raw, stored, static_cast<std::size_t>(out.count()));
  convert_all(*stored.type, raw.data(), out);
  return out;
}

}  // namespace poise
