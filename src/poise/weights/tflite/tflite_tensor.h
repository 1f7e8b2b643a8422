#pragma once
// TensorFlow Lite's tensors, and ours. Internal to weights/tflite.

#include "poise/base/memory.h"
#include "poise/tensor/tensor.h"
#include "poise/weights/tensorflow/tf_network.h"
#include "poise/weights/tflite/flat_buffer.h"

namespace poise {

/// schema.fbs, TensorType.
enum class TfliteType : std::uint8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kString = 5,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
  kFloat64 = 10,
};

/// A table Tensor with its table Buffer: name, type, shape, grid, and what it holds where the buffer does. Wide and
/// narrow floats are float32, integers without a grid int64, 8-bit ones with a grid what they are. A sparse one is
/// filled up. Memory is taken from the budget before it is allocated. Errors, without the tensor's name: kMalformed,
/// kUnsupported, kTooLarge.
Result<TfValue> tflite_value(const FlatTable& tensor, const FlatTable& buffer, ReadingBudget& budget);

/// Sparse values of `element` bytes each, written where they belong among zeros. Source:
/// tensorflow/lite/kernels/internal/utils/sparsity_format_converter.cc. Errors: kMalformed.
Result<Bytes> densify(const FlatTable& sparsity, const Shape& shape, BytesView values, std::size_t element);

}  // namespace poise
