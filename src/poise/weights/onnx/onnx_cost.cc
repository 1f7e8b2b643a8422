#include "poise/weights/onnx/onnx_cost.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>

namespace poise {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr std::uint64_t kScalar = 16;  // eight bytes, in an array that doubles as it grows

/// Of one message without its fields: protobuf's object and ours.
std::uint64_t object_bytes(OnnxMessage message) {
  switch (message) {
    case OnnxMessage::kNode:
    case OnnxMessage::kFunction:
      return 400;
    case OnnxMessage::kAttribute:
    case OnnxMessage::kTensor:
      return 300;
    case OnnxMessage::kValue:
    case OnnxMessage::kType:
    case OnnxMessage::kTensorType:
    case OnnxMessage::kShape:
    case OnnxMessage::kPair:
      return 100;
    case OnnxMessage::kText:
    case OnnxMessage::kDim:
    case OnnxMessage::kScalars:
      break;
  }
  return 48;
}

struct Field {
  OnnxMessage in;
  int number;
  OnnxMessage holds;
};
// onnx.proto beside this file; what is not here is text.
constexpr Field kFields[] = {
    {OnnxMessage::kFunction, 7, OnnxMessage::kNode},       {OnnxMessage::kFunction, 9, OnnxMessage::kPair},
    {OnnxMessage::kFunction, 11, OnnxMessage::kAttribute}, {OnnxMessage::kNode, 5, OnnxMessage::kAttribute},
    {OnnxMessage::kAttribute, 5, OnnxMessage::kTensor},    {OnnxMessage::kAttribute, 7, OnnxMessage::kScalars},
    {OnnxMessage::kAttribute, 8, OnnxMessage::kScalars},   {OnnxMessage::kTensor, 1, OnnxMessage::kScalars},
    {OnnxMessage::kTensor, 4, OnnxMessage::kScalars},      {OnnxMessage::kTensor, 5, OnnxMessage::kScalars},
    {OnnxMessage::kTensor, 7, OnnxMessage::kScalars},      {OnnxMessage::kTensor, 10, OnnxMessage::kScalars},
    {OnnxMessage::kTensor, 13, OnnxMessage::kPair},        {OnnxMessage::kValue, 2, OnnxMessage::kType},
    {OnnxMessage::kType, 1, OnnxMessage::kTensorType},     {OnnxMessage::kTensorType, 2, OnnxMessage::kShape},
    {OnnxMessage::kShape, 1, OnnxMessage::kDim},
};

OnnxMessage held_by(OnnxMessage message, int number) {
  const auto* const found =
      std::ranges::find_if(kFields, [&](const Field& field) { return field.in == message && field.number == number; });
  return found != std::end(kFields) ? found->holds : OnnxMessage::kText;
}

/// Floats, four bytes each, are at most half as many as varints may be and take a quarter of what those do.
std::uint64_t packed_bytes(std::string_view packed, bool fixed) {
  if (fixed) return packed.size();
  const auto ends = [](char c) { return static_cast<signed char>(c) >= 0; };
  return kScalar * static_cast<std::uint64_t>(std::ranges::count_if(packed, ends));
}

bool is_fixed(OnnxMessage message, int number) {
  return message == OnnxMessage::kAttribute ? number == 7 : number == 4 || number == 10;
}

std::uint64_t parts_bytes(CodedInputStream& in, std::string_view serialized, OnnxMessage message) {
  std::uint64_t sum = serialized.size();
  while (const std::uint32_t tag = in.ReadTag()) {
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    std::uint32_t length = 0;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT: {
        std::uint64_t ignored = 0;
        if (!in.ReadVarint64(&ignored)) return sum;
        sum += kScalar;
        break;
      }
      case WireFormatLite::WIRETYPE_FIXED64:
      case WireFormatLite::WIRETYPE_FIXED32:
        if (!in.Skip(WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_FIXED64 ? 8 : 4)) return sum;
        sum += kScalar;
        break;
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        if (!in.ReadVarint32(&length)) return sum;
        const auto at = static_cast<std::size_t>(in.CurrentPosition());
        const std::string_view field = serialized.substr(std::min(at, serialized.size()), length);
        const OnnxMessage held = held_by(message, number);
        sum +=
            held == OnnxMessage::kScalars ? packed_bytes(field, is_fixed(message, number)) : parsed_bytes(field, held);
        if (field.size() < length || !in.Skip(static_cast<int>(length))) return sum;
        break;
      }
      default:  // the ends of groups, whose fields are looked at as they come
        break;
    }
  }
  return sum;
}

}  // namespace

std::uint64_t parsed_bytes(std::string_view serialized, OnnxMessage message) {
  const std::uint64_t object = object_bytes(message);
  if (message == OnnxMessage::kText || message == OnnxMessage::kScalars) return object + serialized.size();
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(serialized.data()), static_cast<int>(serialized.size()));
  return object + parts_bytes(in, serialized, message);
}

}  // namespace poise
