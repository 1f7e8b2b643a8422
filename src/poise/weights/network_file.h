#pragma once
// Network files of all kinds that are read, by one door, and written as ONNX. The kinds are told apart by what a file
// holds, not by its name; the headers of this folder's own folders (weights/onnx, weights/torch, ...) are internal to
// it.

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "poise/base/file.h"
#include "poise/base/result.h"
#include "poise/graph/graph.h"

namespace poise {

/// A network as its file holds it.
struct NetworkFile {
  Graph graph;                                  // validated; its nodes in the form of opset 13 (or later)
  int opset = 0;                                // of the file
  std::map<std::string, std::string> metadata;  // ONNX's metadata_props; of other kinds what the reader found out
  std::string kind;                             // of the file, its reader's name: "onnx", "tflite", "tfjs", "darknet"
  std::string producer;                         // "pytorch 1.13.1", "darknet"
  std::string hash;                             // SHA-256 of the file, hexadecimal
};

struct NetworkLimits {
  std::uint64_t max_bytes = 2ULL << 30U;  // of the file and of each external data file
  int max_nodes = 100'000;
  int max_tensors = 100'000;
};

/// One kind of file. Adding one: a reader in a folder of its own, and one line in network_file.cc.
struct NetworkReader {
  const char* name;  // "onnx"
  /// Whether a file that starts so is this reader's: its first 4096 bytes, or all of a shorter one.
  bool (*recognises)(BytesView start);
  Result<NetworkFile> (*read)(const std::filesystem::path& path, const NetworkLimits& limits);
};
/// The kinds that are read, in the order in which they are asked.
std::span<const NetworkReader> network_readers();

/// ONNX of opset 8 to 24, whose float16, bfloat16 and float64 become float32 and whose external data is followed only
/// to plain files in the model's own folder; darknet's NAME.weights with NAME.cfg beside it (and NAME.names, the
/// classes), with a detector's card in its metadata; TensorFlow Lite's .tflite and TensorFlow.js's model.json with its
/// weights beside it, whose pictures stay (N, H, W, C) at inputs and outputs and are (N, C, H, W) inside. Errors, one
/// line that starts with the path: kMalformed (truncated, cyclic, shapes that do not fit their data), kUnsupported
/// (another kind of file: says which, where it is known, and what to do with it; names every operator that is not
/// known), kTooLarge, kNotFound, kIo. Peak memory: the weights once, plus one tensor. Thread-safe. `readers`: to read
/// kinds of one's own too; the first that recognises the file reads it.
Result<NetworkFile> read_network(const std::filesystem::path& path, const NetworkLimits& limits = {},
                                 std::span<const NetworkReader> readers = network_readers());
/// ONNX from memory; `folder` is where external data may lie, empty: nowhere. Messages name no file.
Result<NetworkFile> parse_onnx(BytesView bytes, const std::filesystem::path& folder = {},
                               const NetworkLimits& limits = {});

/// What is written beside the graph.
struct OnnxWriteOptions {
  std::map<std::string, std::string> metadata;  // metadata_props; the card under kCardKey
};

/// ONNX of the graph's own opset (ours are 13), IR version 7 (8 from opset 15, 10 from 21), free extents as named
/// dimensions
/// ("batch" for the first), the outputs' shapes as far as they follow from the inputs'. Values, nodes and tensors keep
/// their names; reading the bytes again gives the same graph, nodes sorted, tensors bit for bit. Errors: those of
/// validate(); kInvalidArgument (a fused graph; a name that is missing, not unique, over 1024 bytes or holds a control
/// character), kUnsupported (float64, which is read as float32), kTooLarge (above protobuf's 2 GiB). Memory: the bytes.
Result<std::string> to_onnx(const Graph& graph, const OnnxWriteOptions& options = {});
/// The same into a file, whole or not at all. Errors also: kIo. Messages start with the path.
Status write_onnx(const std::filesystem::path& path, const Graph& graph, const OnnxWriteOptions& options = {});

}  // namespace poise
