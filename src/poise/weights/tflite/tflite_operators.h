#pragma once
// TensorFlow Lite's operators by their numbers, and what they are called in TensorFlow. Internal to weights/tflite.

#include <string>

#include "poise/weights/tensorflow/tf_network.h"
#include "poise/weights/tflite/flat_buffer.h"

namespace poise {

/// "Conv2D" of 3, CONV_2D; of a number that is not known "builtin operator 118". Source: schema.fbs, BuiltinOperator.
std::string tflite_operator(std::int32_t builtin);

/// What the options of an operator say, as attributes of TensorFlow's.
TfAttributes tflite_attributes(std::int32_t builtin, const FlatTable& options);

}  // namespace poise
