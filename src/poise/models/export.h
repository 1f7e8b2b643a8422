#pragma once
// A training's checkpoint as an ONNX file with its card: the network that the configuration in it tells, with the
// weights to run. Reads and writes files, with no state of its own: thread-safe.

#include <filesystem>
#include <string>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/geometry/point.h"
#include "poise/graph/graph.h"

namespace poise {

struct ExportOptions {
  Size input = {};             // what the network looks at; 0x0: as in the training
  Json card = Json::object();  // members over those of the training, and over the accuracy that it measured
  bool int8_weights = false;   // stored as integers, a quarter the size; run as float32
};

/// Batch normalisation stays in the file as it was trained; engines fold it. Of a run with a moving average its weights
/// are written. The metadata hold the card, and what it was trained with and how far. Returns the graph as written.
/// Errors, one line: those of read_checkpoint, model_config_from_json, build_model, load_parameters, the card's and
/// write_onnx; kInvalidArgument (an output that does not end in .onnx; a detector's members for a pose network).
Result<Graph> export_checkpoint(const std::filesystem::path& checkpoint, const std::filesystem::path& out,
                                const ExportOptions& options = {});

}  // namespace poise
