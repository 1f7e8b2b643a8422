#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "poise/base/file.h"
#include "poise/graph/graph.h"

namespace poise {

struct OnnxModel {
  Graph graph;                                  // validated; its nodes in the form of opset 13 (or later)
  int opset = 0;                                // of the file
  std::map<std::string, std::string> metadata;  // metadata_props
  std::string producer;                         // "pytorch 1.13.1"
  std::string hash;                             // SHA-256 of the file, hexadecimal
};

struct OnnxLimits {
  std::uint64_t max_bytes = 2ULL << 30U;  // of the file and of each external data file
  int max_nodes = 100'000;
  int max_tensors = 100'000;
};

/// Reads opset 8 to 17; float16, bfloat16 and float64 become
/// float32. External data is followed only to plain files in the model's own folder. Errors, one line that starts
/// with the path: kMalformed (truncated, cyclic, shapes that do not fit their data), kUnsupported (names every operator
/// that is not known), kTooLarge, kNotFound, kIo. Peak memory: the weights once, plus one tensor. Thread-safe.
Result<OnnxModel> read_onnx(const std::filesystem::path& path, const OnnxLimits& limits = {});
/// From memory; `folder` is where external data may lie, empty: nowhere. Messages name no file.
Result<OnnxModel> parse_onnx(BytesView bytes, const std::filesystem::path& folder = {}, const OnnxLimits& limits = {});

}  // namespace poise
