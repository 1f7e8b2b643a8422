#pragma once
#include <cstdint>
#include <string_view>

namespace poise {

/// The messages of onnx.proto whose size in memory is asked for, and what they hold.
enum class OnnxMessage {
  kText,
  kScalars,
  kNode,
  kAttribute,
  kTensor,
  kValue,
  kType,
  kTensorType,
  kShape,
  kDim,
  kPair,
  kFunction
};

/// About how many bytes a serialized message takes once it is parsed and has become part of a Graph, added up over its
/// fields without parsing it: an attribute of two bytes takes 300. Bytes that are no such message count as far as they
/// can be followed. Pure.
std::uint64_t parsed_bytes(std::string_view serialized, OnnxMessage message);

}  // namespace poise
