#include "poise/weights/onnx/onnx_tensor.h"

#include <array>
#include <bit>
#include <charconv>
#include <limits>
#include <string_view>

#include "poise/base/printable.h"
#include "poise/weights/half.h"

namespace poise {
namespace {

static_assert(std::endian::native == std::endian::little, "ONNX raw data is little-endian, and is copied as it is");
static_assert(std::numeric_limits<float>::is_iec559);

// onnx/onnx.proto, TensorProto.DataType.
enum OnnxType : std::int32_t {
  kOnnxFloat = 1,
  kOnnxUint8 = 2,
  kOnnxInt8 = 3,
  kOnnxInt32 = 6,
  kOnnxInt64 = 7,
  kOnnxBool = 9,
  kOnnxFloat16 = 10,
  kOnnxDouble = 11,
  kOnnxBfloat16 = 16,
};

struct ElementType {
  OnnxType onnx;
  std::size_t bytes;  // in the file
  DType type;         // in memory
  const char* name;
};

constexpr std::array<ElementType, 9> kElementTypes{{
    {kOnnxFloat, 4, DType::kFloat32, "float32"},
    {kOnnxUint8, 1, DType::kUint8, "uint8"},
    {kOnnxInt8, 1, DType::kInt8, "int8"},
    {kOnnxInt32, 4, DType::kInt32, "int32"},
    {kOnnxInt64, 8, DType::kInt64, "int64"},
    {kOnnxBool, 1, DType::kBool, "bool"},
    {kOnnxFloat16, 2, DType::kFloat32, "float16"},
    {kOnnxDouble, 8, DType::kFloat32, "float64"},
    {kOnnxBfloat16, 2, DType::kFloat32, "bfloat16"},
}};

const ElementType* find_type(std::int32_t type) {
  for (const ElementType& entry : kElementTypes)
    if (entry.onnx == type) return &entry;
  return nullptr;
}

template <typename From, typename To, typename Convert>
void convert(std::string_view bytes, std::span<To> out, Convert&& each) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    out[i] = each(value);
  }
}

// bytes.size() is out.count() elements of the file's type.
void fill_from_bytes(OnnxType type, std::string_view bytes, Tensor& out) {
  switch (type) {
    case kOnnxFloat16:
      return convert<std::uint16_t>(bytes, out.floats(), from_half);
    case kOnnxBfloat16:
      return convert<std::uint16_t>(bytes, out.floats(), from_bfloat16);
    case kOnnxDouble:
      return convert<double>(bytes, out.floats(), [](double value) { return static_cast<float>(value); });
    case kOnnxBool:
      return convert<std::uint8_t>(bytes, out.as<bool>(), [](std::uint8_t value) { return value != 0; });
    case kOnnxFloat:
    case kOnnxUint8:
    case kOnnxInt8:
    case kOnnxInt32:
    case kOnnxInt64:
      if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  }
}

template <typename To, typename Field>
void fill(const Field& field, std::span<To> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<To>(field.Get(static_cast<int>(i)));
}

// onnx.proto: int32_data carries int32, int8, uint8 and bool as values, float16 and bfloat16 as bit patterns.
template <typename Stored, typename To, typename Convert>
Status fill_small(const onnx_proto::TensorProto& proto, std::span<To> out, Convert&& each) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int32_t value = proto.int32_data(static_cast<int>(i));
    if (!std::in_range<Stored>(value)) return malformed("element " + std::to_string(i) + " does not fit its type");
    out[i] = each(static_cast<Stored>(value));
  }
  return {};
}

int typed_count(OnnxType type, const onnx_proto::TensorProto& proto) {
  if (type == kOnnxFloat) return proto.float_data_size();
  if (type == kOnnxDouble) return proto.double_data_size();
  if (type == kOnnxInt64) return proto.int64_data_size();
  return proto.int32_data_size();
}

Status fill_from_fields(OnnxType type, const onnx_proto::TensorProto& proto, Tensor& out) {
  const auto same = [](auto value) { return value; };
  switch (type) {
    case kOnnxFloat:
      fill(proto.float_data(), out.floats());
      break;
    case kOnnxDouble:
      fill(proto.double_data(), out.floats());
      break;
    case kOnnxInt64:
      fill(proto.int64_data(), out.as<std::int64_t>());
      break;
    case kOnnxInt32:
      fill(proto.int32_data(), out.as<std::int32_t>());
      break;
    case kOnnxUint8:
      return fill_small<std::uint8_t>(proto, out.as<std::uint8_t>(), same);
    case kOnnxInt8:
      return fill_small<std::int8_t>(proto, out.as<std::int8_t>(), same);
    case kOnnxBool:
      return fill_small<std::uint8_t>(proto, out.as<bool>(), [](std::uint8_t v) { return v != 0; });
    case kOnnxFloat16:
      return fill_small<std::uint16_t>(proto, out.floats(), from_half);
    case kOnnxBfloat16:
      return fill_small<std::uint16_t>(proto, out.floats(), from_bfloat16);
  }
  return {};
}

Result<std::uint64_t> decimal(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return malformed("external data: " + printable(text) + " is no offset or length");
  return value;
}

Result<std::string> external_bytes(const onnx_proto::TensorProto& proto, std::uint64_t need, ExternalData& external) {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset") {
      POISE_TRY(offset, decimal(entry.value()));
    } else if (entry.key() == "length") {
      POISE_TRY(length, decimal(entry.value()));
    }
  }
  return external.read(location, offset, length, need);
}

Error wrong_size(const Shape& shape, const ElementType& type, std::uint64_t want, std::uint64_t have,
                 const char* unit) {
  return malformed("shape " + to_string(shape) + " of " + type.name + " wants " + std::to_string(want) + unit +
                   ", the file has " + std::to_string(have));
}

}  // namespace

std::optional<DType> dtype_of_onnx(std::int32_t type) {
  const ElementType* entry = find_type(type);
  return entry != nullptr ? std::optional(entry->type) : std::nullopt;
}

std::optional<std::int32_t> onnx_type(DType type) {
  for (const ElementType& entry : kElementTypes)
    if (entry.type == type) return entry.onnx;  // float32 comes before the floating types that become it
  return std::nullopt;
}

std::string onnx_type_name(std::int32_t type) {
  const ElementType* entry = find_type(type);
  return entry != nullptr ? entry->name : "type " + std::to_string(type);
}

Result<Tensor> to_tensor(onnx_proto::TensorProto& proto, ExternalData& external) {
  constexpr int kMaxRank = 8;
  const ElementType* type = find_type(proto.data_type());
  if (type == nullptr) return unsupported("element " + onnx_type_name(proto.data_type()) + " is not supported");
  if (proto.dims_size() > kMaxRank)
    return unsupported("it has " + std::to_string(proto.dims_size()) + " axes, at most 8 are supported");
  const Shape shape(proto.dims().begin(), proto.dims().end());
  POISE_TRY(const std::int64_t count, element_count(shape));
  const std::uint64_t need = static_cast<std::uint64_t>(count) * type->bytes;  // count <= 2^40

  if (proto.data_location() == 1) {
    POISE_TRY(const std::string bytes, external_bytes(proto, need, external));
    Tensor out(shape, type->type);
    fill_from_bytes(type->onnx, bytes, out);
    return out;
  }
  if (!proto.raw_data().empty()) {
    if (proto.raw_data().size() != need) return wrong_size(shape, *type, need, proto.raw_data().size(), " bytes");
    Tensor out(shape, type->type);
    fill_from_bytes(type->onnx, proto.raw_data(), out);
    std::string().swap(*proto.mutable_raw_data());  // clear() would keep the memory
    return out;
  }
  const int have = typed_count(type->onnx, proto);
  if (have != count)
    return wrong_size(shape, *type, static_cast<std::uint64_t>(count), static_cast<std::uint64_t>(have), " elements");
  Tensor out(shape, type->type);
  POISE_RETURN_IF_ERROR(fill_from_fields(type->onnx, proto, out));
  return out;
}

}  // namespace poise
