#pragma once
// TensorFlow.js's graph models: a topology in JSON, and the weights in files beside it. Source of the format:
// tfjs-core, src/io/types.ts; tfjs-converter, src/data/compiled_api.ts. Internal to weights.

#include <filesystem>

#include "poise/weights/network_file.h"

namespace poise {

/// Whether a file starts as a model.json of TensorFlow.js, of either kind.
bool is_tfjs(BytesView start);

/// A graph model; its graph is as graph_of() of weights/tensorflow says. The weights' files must lie in the model's own
/// folder, plainly named. Metadata: "tfjs.generated_by", "tfjs.converted_by". The hash is that of model.json and then
/// the weights, in the order in which it names them. Errors: kMalformed, kUnsupported (a layers model, control flow;
/// names every operator that is not known), kTooLarge, kNotFound (names the file of weights), kIo. Messages start with
/// the path.
Result<NetworkFile> read_tfjs(const std::filesystem::path& path, const NetworkLimits& limits = {});
/// The same from memory: the weights of all groups one behind another. Messages name no file.
Result<NetworkFile> parse_tfjs(std::string_view json, BytesView weights, const NetworkLimits& limits = {});

}  // namespace poise
