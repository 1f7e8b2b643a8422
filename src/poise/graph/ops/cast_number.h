#pragma once
// How Cast's attribute "to" names the types of elements. Pure.

#include <cstdint>

#include "poise/tensor/tensor.h"

namespace poise {

/// onnx/onnx.proto, TensorProto.DataType.
std::int64_t cast_number(DType type);

}  // namespace poise
