#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "poise/base/result.h"
#include "poise/graph/graph.h"

namespace poise {

/// What is written beside the graph.
struct OnnxWriteOptions {
  std::map<std::string, std::string> metadata;  // metadata_props; the card under kCardKey
};

/// ONNX of the graph's own opset (ours are 13), IR version 7 (8 from opset 15), free extents as named dimensions
/// ("batch" for the first), the outputs' shapes as far as they follow from the inputs'. Values, nodes and tensors keep
/// their names; reading the bytes again gives the same graph, nodes sorted, tensors bit for bit. Errors: those of
/// validate(); kInvalidArgument (a fused graph; a name that is missing, not unique, over 1024 bytes or holds a control
/// character), kUnsupported (float64, which is read as float32), kTooLarge (above protobuf's 2 GiB). Memory: the bytes.
Result<std::string> to_onnx(const Graph& graph, const OnnxWriteOptions& options = {});
/// The same into a file, whole or not at all. Errors also: kIo. Messages start with the path.
Status write_onnx(const std::filesystem::path& path, const Graph& graph, const OnnxWriteOptions& options = {});

}  // namespace poise
