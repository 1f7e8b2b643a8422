#pragma once
// TensorFlow Lite's networks. Source of the format: tensorflow/lite/schema/schema.fbs, version 3. Internal to weights.

#include <filesystem>

#include "poise/weights/network_file.h"

namespace poise {

/// Whether a file starts as one: the identifier of its flatbuffer.
bool is_tflite(BytesView start);

/// A network of one subgraph, of float32, float16 or 8-bit weights, dense or sparse; its graph is as graph_of() of
/// weights/tensorflow says. Metadata: "tflite.description". Errors: kMalformed, kUnsupported (naming every operator
/// that is not known), kTooLarge, those of read_file. Messages start with the path. Peak memory: ten times the file at
/// most.
Result<NetworkFile> read_tflite(const std::filesystem::path& path, const NetworkLimits& limits = {});
/// The same from memory. Messages name no file.
Result<NetworkFile> parse_tflite(BytesView bytes, const NetworkLimits& limits = {});

}  // namespace poise
