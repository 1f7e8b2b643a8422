#pragma once
// ONNX's tensors and element types, and ours.

#include <optional>

#include "poise/tensor/tensor.h"
#include "poise/weights/onnx/external_data.h"
#include "poise/weights/onnx/onnx.pb.h"

namespace poise {

/// ONNX element type -> ours; every floating type is float32 here. Empty: none of ours.
std::optional<DType> dtype_of_onnx(std::int32_t type);
/// Ours -> ONNX's element type. Empty: float64, which would be read as float32.
std::optional<std::int32_t> onnx_type(DType type);
/// "float16", "type 14": for messages.
std::string onnx_type_name(std::int32_t type);

/// Gives up the proto's data while converting. Shape, type and length are checked before memory is taken. Errors are
/// without the tensor's name: kMalformed, kUnsupported, kTooLarge, those of ExternalData.
Result<Tensor> to_tensor(onnx_proto::TensorProto& proto, ExternalData& external);

}  // namespace poise
